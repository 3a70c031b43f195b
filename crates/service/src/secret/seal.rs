//! Sealing: what must not be readable in a backup is encrypted under a key that is not in it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::Chance;
use crate::{Error, Result};

/// The key that seals. It lies in a file of its own beside the database and is never backed up with it.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// Takes the 32 bytes of the key file.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Seals `plain` for `purpose` with AES-256-GCM: 12 bytes of nonce, the ciphertext, 16 bytes of tag.
    ///
    /// # Errors
    /// The random source failed.
    pub fn seal(&self, plain: &[u8], purpose: &str, chance: &dyn Chance) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        chance.fill(&mut nonce)?;
        let mut sealed = plain.to_vec();
        self.cipher()?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose.as_bytes()), &mut sealed)
            .map_err(|_unspecified| Error::internal("sealing failed"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Opens what was sealed for the same purpose.
    ///
    /// # Errors
    /// It was sealed under another key or for another purpose, or was changed.
    pub fn open(&self, sealed: &[u8], purpose: &str) -> Result<Vec<u8>> {
        let refused = || Error::internal("a sealed value cannot be opened: is this the key file it was sealed under?");
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(refused)?;
        let mut plain = ciphertext.to_vec();
        let opened = self
            .cipher()?
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(purpose.as_bytes()), &mut plain)
            .map_err(|_unspecified| refused())?
            .len();
        plain.truncate(opened);
        Ok(plain)
    }

    fn cipher(&self) -> Result<LessSafeKey> {
        let key = UnboundKey::new(&AES_256_GCM, &self.0).map_err(|_unspecified| Error::internal("no AES-256-GCM"))?;
        Ok(LessSafeKey::new(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SystemChance;

    #[test]
    fn only_the_same_key_and_purpose_open() {
        let key = MasterKey::new([1; 32]);
        let sealed = key.seal(b"plain", "signing key", &SystemChance::default()).expect("sealed");
        assert_eq!(key.open(&sealed, "signing key").expect("opened"), b"plain");
        assert!(key.open(&sealed, "another purpose").is_err());
        assert!(MasterKey::new([2; 32]).open(&sealed, "signing key").is_err());
        assert!(key.open(&sealed[..8], "signing key").is_err());
    }
}
