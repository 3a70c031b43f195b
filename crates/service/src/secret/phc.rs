//! Password hashes as PHC strings: made and checked in memory that the caller lends.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::settings::HashCost;
use crate::{Error, Result};

const SALT_BYTES: usize = 16;
const TAG_BYTES: usize = 32;

/// The most memory a stored hash may ask for: what is stored must not be able to exhaust the machine.
pub const MOST_MEMORY_KIB: u32 = 128 * 1024;
const MOST_PASSES: u32 = 16;

/// Hashes a password with Argon2id (RFC 9106) into a PHC string.
///
/// # Errors
/// The cost is none that Argon2 knows.
pub fn hash(password: &[u8], salt: [u8; SALT_BYTES], cost: HashCost, memory: &mut [Block]) -> Result<String> {
    let mut tag = [0; TAG_BYTES];
    hasher(Algorithm::Argon2id, Version::V0x13, parameters(cost)?)
        .hash_password_into_with_memory(password, &salt, &mut tag, memory)
        .map_err(Error::internal)?;
    let HashCost { memory_kib, passes } = cost;
    let (salt, tag) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(tag));
    Ok(format!("$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${tag}"))
}

/// A stored hash, read and found bearable.
pub struct Stored {
    hasher: Argon2<'static>,
    cost: HashCost,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

impl Stored {
    /// Reads a PHC string.
    ///
    /// # Errors
    /// It is none, or asks for more memory or passes than this server spends.
    pub fn parse(phc: &str) -> Result<Self> {
        let hash = PasswordHash::new(phc).map_err(Error::internal)?;
        let params = Params::try_from(&hash).map_err(Error::internal)?;
        if params.m_cost() > MOST_MEMORY_KIB || params.t_cost() > MOST_PASSES || params.p_cost() != 1 {
            return Err(Error::internal("a stored password hash asks for too much"));
        }
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(Error::internal)?;
        let version = hash.version.map_or(Ok(Version::V0x13), Version::try_from).map_err(Error::internal)?;
        let (Some(salt), Some(tag)) = (hash.salt, hash.hash) else {
            return Err(Error::internal("a stored password hash lacks its salt or tag"));
        };
        let cost = HashCost { memory_kib: params.m_cost(), passes: params.t_cost() };
        Ok(Self { hasher: hasher(algorithm, version, params), cost, salt: salt.to_vec(), tag: tag.as_bytes().to_vec() })
    }

    /// The memory it needs, in blocks of 1 KiB.
    pub fn blocks(&self) -> usize {
        self.hasher.params().block_count()
    }

    /// Whether `password` is the one, found in a time that does not depend on where it differs.
    ///
    /// # Errors
    /// The hash cannot be computed.
    pub fn matches(&self, password: &[u8], memory: &mut [Block]) -> Result<bool> {
        let mut tag = vec![0; self.tag.len()];
        self.hasher.hash_password_into_with_memory(password, &self.salt, &mut tag, memory).map_err(Error::internal)?;
        Ok(verify_slices_are_equal(&tag, &self.tag).is_ok())
    }

    /// Whether a new hash at `cost` would be stronger.
    pub fn is_weaker_than(&self, cost: HashCost) -> bool {
        work(self.cost) < work(cost)
    }

    /// A cost that makes up the work between this hash and one at `cost`: the time of Argon2 goes with memory times
    /// passes. `None` when nothing is missing.
    pub fn work_missing_to(&self, cost: HashCost) -> Option<HashCost> {
        let missing = work(cost).checked_sub(work(self.cost)).filter(|missing| *missing > 0)?;
        let passes = missing.div_ceil(cost.memory_kib);
        Some(HashCost { memory_kib: (missing / passes).max(LEAST_MEMORY_KIB), passes })
    }
}

/// The least memory that Argon2 takes (RFC 9106 §3.1: eight blocks a lane).
const LEAST_MEMORY_KIB: u32 = 8;

/// Memory times passes, KiB.
const fn work(cost: HashCost) -> u32 {
    cost.memory_kib.saturating_mul(cost.passes)
}

/// The memory that hashing at `cost` needs, in blocks.
///
/// # Errors
/// The cost is none that Argon2 knows.
pub fn blocks(cost: HashCost) -> Result<usize> {
    Ok(parameters(cost)?.block_count())
}

fn parameters(cost: HashCost) -> Result<Params> {
    Params::new(cost.memory_kib, cost.passes, 1, Some(TAG_BYTES)).map_err(Error::internal)
}

fn hasher(algorithm: Algorithm, version: Version, params: Params) -> Argon2<'static> {
    Argon2::new(algorithm, version, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: HashCost = HashCost { memory_kib: 64, passes: 1 };

    #[test]
    fn a_hash_knows_its_password_and_no_other() {
        let mut memory = vec![Block::new(); 64];
        let phc = hash("пароль 🦀".as_bytes(), [7; 16], CHEAP, &mut memory).expect("a hash");
        let stored = Stored::parse(&phc).expect("a PHC string");
        assert!(stored.matches("пароль 🦀".as_bytes(), &mut memory).expect("computed"));
        assert!(!stored.matches("пароль".as_bytes(), &mut memory).expect("computed"));
    }

    #[test]
    fn weaker_and_absurd_hashes_are_told_apart() {
        let mut memory = vec![Block::new(); 64];
        let phc = hash(b"x", [7; 16], CHEAP, &mut memory).expect("a hash");
        let stored = Stored::parse(&phc).expect("a PHC string");
        assert!(stored.is_weaker_than(HashCost::DEFAULT));
        assert!(!stored.is_weaker_than(CHEAP));
        assert_eq!(stored.work_missing_to(CHEAP), None);
        let rest = stored.work_missing_to(HashCost { memory_kib: 100, passes: 2 });
        assert_eq!(rest, Some(HashCost { memory_kib: 68, passes: 2 }));
        assert!(Stored::parse(&phc.replace("m=64", "m=9999999")).is_err());
        assert!(Stored::parse("$argon2id$nonsense").is_err());
    }
}
