//! The signing keys: made here, kept sealed in the store, published as a JWK set.
//!
//! A new key is published before it signs, and an old one stays until nothing that it signed can be shown any
//! more, so that rotation needs no restart and nobody notices it.

use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use parlour_model::Timestamp;
use parlour_store::key::SigningKeyRow;
use serde::Serialize;

use super::seal::MasterKey;
use super::{Chance, random_text};
use crate::settings::{SigningAlgorithm, TokenSettings};
use crate::{Error, Result};

/// The keys as they stand, replaced as a whole.
pub struct Keyring {
    master: MasterKey,
    keys: ArcSwap<KeySet>,
}

/// The keys that the store holds, oldest first; at least one.
pub struct KeySet {
    keys: Vec<Key>,
}

/// One key.
pub struct Key {
    /// Its name in token headers and in the JWK set.
    pub kid: String,
    /// How it signs.
    pub algorithm: Algorithm,
    /// Its private half.
    pub encoding: EncodingKey,
    /// Its public half.
    pub decoding: DecodingKey,
    /// From when it signs.
    pub active_from: Timestamp,
    jwk: Jwk,
}

/// A public key as RFC 7517 and RFC 8037 write it.
#[derive(Clone, Debug, Serialize)]
pub struct Jwk {
    kid: String,
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    x: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
}

impl KeySet {
    /// The key that signs at `now`: the newest that is active. A clock set back may leave none active; then
    /// the oldest signs rather than none.
    pub fn signing(&self, now: Timestamp) -> &Key {
        let active = self.keys.iter().filter(|key| key.active_from <= now);
        active.max_by_key(|key| key.active_from).unwrap_or(&self.keys[0])
    }

    /// The key of that name, if a token signed by it may still be shown.
    pub fn verifying(&self, kid: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    /// The public halves, for `/.well-known/jwks.json`.
    pub fn public(&self) -> Vec<Jwk> {
        self.keys.iter().map(|key| key.jwk.clone()).collect()
    }
}

impl Keyring {
    /// Opens the keys that the store holds.
    ///
    /// # Errors
    /// There is none, or the master key is not the one they were sealed under.
    pub fn open(master: MasterKey, rows: &[SigningKeyRow]) -> Result<Self> {
        let keys = ArcSwap::from_pointee(key_set(&master, rows)?);
        Ok(Self { master, keys })
    }

    /// Takes the store's keys anew, after a rotation or when some have expired.
    ///
    /// # Errors
    /// As [`Keyring::open`]; the keys then stay as they were.
    pub fn renew(&self, rows: &[SigningKeyRow]) -> Result<()> {
        self.keys.store(Arc::new(key_set(&self.master, rows)?));
        Ok(())
    }

    /// The keys as they stand.
    pub fn keys(&self) -> Arc<KeySet> {
        self.keys.load_full()
    }
}

/// Makes a new key. It signs from `active_from` on.
///
/// # Errors
/// The random source failed.
pub fn generate(
    settings: &TokenSettings,
    master: &MasterKey,
    chance: &dyn Chance,
    now: Timestamp,
    active_from: Timestamp,
) -> Result<SigningKeyRow> {
    let (algorithm, private, public) = match settings.algorithm {
        SigningAlgorithm::EdDsa => generate_ed25519()?,
        SigningAlgorithm::Es256 => generate_p256()?,
    };
    let kid = random_text::<12>(chance)?;
    Ok(SigningKeyRow {
        sealed_private_key: master.seal(&private, &kid, chance)?,
        kid,
        algorithm: algorithm.to_owned(),
        public_key: public,
        created_at: now,
        active_from,
        expires_at: None,
    })
}

type Generated = (&'static str, Vec<u8>, Vec<u8>);

fn generate_ed25519() -> Result<Generated> {
    let pair = Ed25519KeyPair::generate().map_err(|_unspecified| Error::internal("no Ed25519 key could be made"))?;
    let private = pair.to_pkcs8().map_err(|_unspecified| Error::internal("no Ed25519 key could be written"))?;
    Ok(("EdDSA", private.as_ref().to_vec(), pair.public_key().as_ref().to_vec()))
}

fn generate_p256() -> Result<Generated> {
    let no_key = |_unspecified| Error::internal("no P-256 key could be made");
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(no_key)?;
    let private = pair.to_pkcs8v1().map_err(no_key)?;
    Ok(("ES256", private.as_ref().to_vec(), pair.public_key().as_ref().to_vec()))
}

fn key_set(master: &MasterKey, rows: &[SigningKeyRow]) -> Result<KeySet> {
    let keys = rows.iter().map(|row| key(master, row)).collect::<Result<Vec<_>>>()?;
    if keys.is_empty() {
        return Err(Error::internal("the store holds no signing key"));
    }
    Ok(KeySet { keys })
}

/// What an operator is told who has the wrong file.
const ANOTHER_KEY: &str = "the master key is not the one that the signing keys of this database were sealed under; all \
    nodes of a cluster need the same (`server.master_key`)";

fn key(master: &MasterKey, row: &SigningKeyRow) -> Result<Key> {
    let private = master.open(&row.sealed_private_key, &row.kid).map_err(|_| Error::internal(ANOTHER_KEY))?;
    let (algorithm, encoding) = match row.algorithm.as_str() {
        "EdDSA" => (Algorithm::EdDSA, EncodingKey::from_ed_der(&private)),
        "ES256" => (Algorithm::ES256, EncodingKey::from_ec_der(&private)),
        other => return Err(Error::internal(format!("a signing key of the unknown algorithm {other}"))),
    };
    let jwk = jwk(row);
    let decoding = match &jwk.y {
        None => DecodingKey::from_ed_components(&jwk.x),
        Some(y) => DecodingKey::from_ec_components(&jwk.x, y),
    };
    let decoding = decoding.map_err(Error::internal)?;
    Ok(Key { kid: row.kid.clone(), algorithm, encoding, decoding, active_from: row.active_from, jwk })
}

fn jwk(row: &SigningKeyRow) -> Jwk {
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let kid = row.kid.clone();
    match row.public_key.as_slice() {
        // An uncompressed point (SEC 1 §2.3.3): 4, then both coordinates.
        [4, point @ ..] if point.len() == 64 => {
            let (x, y) = (text(&point[..32]), Some(text(&point[32..])));
            Jwk { kid, kty: "EC", crv: "P-256", alg: "ES256", usage: "sig", x, y }
        }
        x => Jwk { kid, kty: "OKP", crv: "Ed25519", alg: "EdDSA", usage: "sig", x: text(x), y: None },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::secret::SystemChance;
    use crate::secret::token::{self, Kind};

    type Claims = BTreeMap<String, i64>;

    fn settings(algorithm: SigningAlgorithm) -> TokenSettings {
        let minute = Duration::from_mins(1);
        TokenSettings {
            algorithm,
            access: minute,
            long_access: minute,
            refresh_idle: minute,
            refresh_absolute: minute,
            key_lead: minute,
        }
    }

    fn row(algorithm: SigningAlgorithm, active_from: i64) -> SigningKeyRow {
        let master = MasterKey::new([1; 32]);
        let (now, active_from) = (Timestamp(0), Timestamp(active_from));
        generate(&settings(algorithm), &master, &SystemChance::default(), now, active_from).expect("a key")
    }

    fn open(rows: &[SigningKeyRow]) -> Arc<KeySet> {
        Keyring::open(MasterKey::new([1; 32]), rows).expect("a keyring").keys()
    }

    #[test]
    fn both_algorithms_sign_what_they_verify() {
        for algorithm in [SigningAlgorithm::EdDsa, SigningAlgorithm::Es256] {
            let keys = open(&[row(algorithm, 0)]);
            let claims = Claims::from([("exp".to_owned(), 1)]);
            let token = token::sign(Kind::Access, &claims, &keys, Timestamp(1)).expect("a token");
            assert_eq!(token::read::<Claims>(Kind::Access, &token, &keys).expect("claims"), claims);
            let other_kind = token::read::<Claims>(Kind::Refresh, &token, &keys);
            assert!(matches!(other_kind, Err(Error::CredentialRefused)));
            let other_keys = open(&[row(algorithm, 0)]);
            let forged = token::read::<Claims>(Kind::Access, &token, &other_keys);
            assert!(matches!(forged, Err(Error::CredentialRefused)));
        }
    }

    #[test]
    fn a_new_key_is_published_before_it_signs() {
        let rows = [row(SigningAlgorithm::EdDsa, 0), row(SigningAlgorithm::EdDsa, 100)];
        let keys = open(&rows);
        assert_eq!(keys.public().len(), 2);
        assert_eq!(keys.signing(Timestamp(50)).kid, rows[0].kid);
        assert_eq!(keys.signing(Timestamp(100)).kid, rows[1].kid);
    }
}
