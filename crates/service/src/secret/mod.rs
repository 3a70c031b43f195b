//! Secrets: chance, digests, passwords, signing keys and tokens.

pub mod hashing;
pub mod keyring;
pub mod memory;
pub mod password_rules;
pub mod phc;
pub mod seal;
pub mod token;

use aws_lc_rs::digest::{SHA256, digest as sha256};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{Error, Result};

/// A SHA-256 digest: how a secret is kept.
pub type Digest = [u8; 32];

/// The digest under which a secret is kept. The secrets are random and long, so no salt and no work factor is needed.
pub fn digest(secret: &[u8]) -> Digest {
    let mut digest = Digest::default();
    digest.copy_from_slice(sha256(&SHA256, secret).as_ref());
    digest
}

/// Where chance comes from. A test may give its own.
pub trait Chance: Send + Sync + 'static {
    /// Fills `bytes` with what nobody can guess.
    ///
    /// # Errors
    /// The system's random source failed.
    fn fill(&self, bytes: &mut [u8]) -> Result<()>;
}

/// The operating system's random source.
#[derive(Debug, Default)]
pub struct SystemChance(SystemRandom);

impl Chance for SystemChance {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        self.0.fill(bytes).map_err(|_unspecified| Error::internal("the system's random source failed"))
    }
}

/// `N` random bytes as base64url: 32 bytes make a 43-character secret of 256 bits.
///
/// # Errors
/// The random source failed.
pub fn random_text<const N: usize>(chance: &dyn Chance) -> Result<String> {
    let mut bytes = [0; N];
    chance.fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The length of a verification secret, as the `tokens` contract promises.
const VERIFICATION_CHARACTERS: usize = 50;

/// A verification secret: 50 letters and digits, 297 bits.
///
/// # Errors
/// The random source failed.
pub fn verification_secret(chance: &dyn Chance) -> Result<String> {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut secret = String::with_capacity(VERIFICATION_CHARACTERS);
    let mut bytes = [0; 64];
    while secret.len() < VERIFICATION_CHARACTERS {
        chance.fill(&mut bytes)?;
        // Only bytes below a multiple of 62, so that every character is as likely as every other.
        let fair = bytes.iter().filter(|byte| **byte < 248).map(|byte| char::from(ALPHABET[usize::from(*byte) % 62]));
        secret.extend(fair.take(VERIFICATION_CHARACTERS - secret.len()));
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verification_secrets_are_long_and_differ() {
        let chance = SystemChance::default();
        let one = verification_secret(&chance).expect("chance");
        assert_eq!(one.len(), 50);
        assert!(one.chars().all(|c| c.is_ascii_alphanumeric()));
        assert_ne!(one, verification_secret(&chance).expect("chance"));
    }
}
