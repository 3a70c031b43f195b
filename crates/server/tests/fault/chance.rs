//! Random moments that can be had again: everything follows from one printed seed.

use std::hash::{BuildHasher, RandomState};

/// `SplitMix64` (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
pub(crate) struct Chance(u64);

impl Chance {
    /// A new seed, printed. Building the tests with `PARLOUR_FAULT_SEED` in the environment brings an old one back.
    pub(crate) fn announced() -> Self {
        let given = option_env!("PARLOUR_FAULT_SEED").map(|seed| seed.parse().unwrap());
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one("seed"));
        println!("PARLOUR_FAULT_SEED={seed}");
        Self(seed)
    }

    /// A number in `0..bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}
