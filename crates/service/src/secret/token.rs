//! Tokens: made under the key that signs now, and read under the keys that may have signed.
//!
//! A token is refused unless it is of the expected kind, names a key of ours, and uses that key's algorithm;
//! a header that brings its own key or names a place to fetch one is refused (RFC 8725 §3.1, §3.8, §3.11).

use jsonwebtoken::{Header, TokenData, Validation};
use parlour_model::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keyring::KeySet;
use crate::{Error, Result};

/// The kinds of token, told apart by the `typ` header (RFC 8725 §3.11): one never passes as the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Opens doors (RFC 9068 §2.1).
    Access,
    /// Gets new access tokens.
    Refresh,
}

impl Kind {
    const fn typ(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Refresh => "rt+jwt",
        }
    }
}

/// The longest token that is looked at, bytes. Ours are a third of it.
const MOST_BYTES: usize = 4_096;

/// Signs `claims` as a token of `kind` with the key that signs at `now`.
///
/// # Errors
/// The key cannot sign.
pub fn sign(kind: Kind, claims: &impl Serialize, keys: &KeySet, now: Timestamp) -> Result<String> {
    let key = keys.signing(now);
    let header = Header { typ: Some(kind.typ().to_owned()), kid: Some(key.kid.clone()), ..Header::new(key.algorithm) };
    jsonwebtoken::encode(&header, claims, &key.encoding).map_err(Error::internal)
}

/// Reads a token of `kind`. Its times are the caller's to judge, by the caller's clock.
///
/// # Errors
/// [`Error::CredentialRefused`] for anything that is not a token of ours of that kind.
pub fn read<C: DeserializeOwned>(kind: Kind, token: &str, keys: &KeySet) -> Result<C> {
    if token.len() > MOST_BYTES {
        return Err(Error::CredentialRefused);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_not_a_token| Error::CredentialRefused)?;
    let brings_a_key = header.jku.is_some() || header.jwk.is_some() || header.x5u.is_some() || header.x5c.is_some();
    if brings_a_key || header.crit.is_some() || header.typ.as_deref() != Some(kind.typ()) {
        return Err(Error::CredentialRefused);
    }
    let key = header.kid.and_then(|kid| keys.verifying(&kid)).ok_or(Error::CredentialRefused)?;
    let mut validation = Validation::new(key.algorithm);
    validation.validate_exp = false;
    // A token signed by our key was issued here, whatever URL the server had then: the key names the issuer.
    validation.validate_aud = false;
    jsonwebtoken::decode(token, &key.decoding, &validation)
        .map(|TokenData { claims, .. }| claims)
        .map_err(|_refused| Error::CredentialRefused)
}
