//! How long to wait before something that failed is tried again: longer each time, and never as long as others do.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// The waiting time, as it grows.
#[derive(Debug)]
pub(super) struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(SHORTEST)
    }
}

impl Pause {
    /// How long to wait now: between a half and the whole of a time that doubles. Nothing leans on it but that many nodes
    /// do not come back in the same instant.
    pub(super) fn next(&mut self) -> Duration {
        let whole = self.0;
        self.0 = (whole * 2).min(LONGEST);
        let half = whole / 2;
        let chance = RandomState::new().hash_one(()) % 1_000;
        half + half * u32::try_from(chance).unwrap_or(0) / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_up_to_its_limit_and_is_never_nothing() {
        let mut pause = Pause::default();
        let waits: Vec<Duration> = (0..20).map(|_| pause.next()).collect();
        assert!(waits.iter().all(|wait| *wait >= SHORTEST / 2 && *wait <= LONGEST), "{waits:?}");
        assert!(waits[19] >= LONGEST / 2);
    }
}
