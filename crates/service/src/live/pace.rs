//! Slow rooms: everybody's turn to write, taken when a message is let in, so that two cannot be let in at once, and given
//! back when it does not come into the log.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use parlour_model::{AccountId, RoomId, Timestamp};

/// People whose last message in a slow room is remembered.
const MOST: usize = 100_000;

type Place = (RoomId, AccountId);

/// When everybody wrote last, where that matters.
#[derive(Default)]
pub(crate) struct Pace(Mutex<HashMap<Place, Last>>);

/// Somebody's last message in a slow room.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Last {
    at: Timestamp,
    key: Option<String>,
}

/// A turn that was taken for a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    place: Place,
    last: Last,
    before: Option<Last>,
}

impl Pace {
    /// Takes somebody's turn in a slow room, or says how long it is until then. The same key again is no new message and
    /// takes none.
    pub(super) fn take(
        &self,
        place: Place,
        key: Option<&str>,
        every: Duration,
        now: Timestamp,
    ) -> Result<Option<Box<Taken>>, Duration> {
        let mut turns = self.turns();
        if let Some(last) = turns.get(&place) {
            if key.is_some() && last.key.as_deref() == key {
                return Ok(None);
            }
            let passed = now.since(last.at);
            if passed < every {
                return Err(every.saturating_sub(passed));
            }
        }
        if turns.len() >= MOST {
            turns.retain(|_, last| now.since(last.at) < every);
        }
        if turns.len() >= MOST {
            turns.clear();
        }
        let last = Last { at: now, key: key.map(str::to_owned) };
        let before = turns.insert(place, last.clone());
        Ok(Some(Box::new(Taken { place, last, before })))
    }

    /// Gives a turn back whose message was not written, unless another was taken since.
    pub(super) fn give_back(&self, taken: Taken) {
        let Taken { place, last, before } = taken;
        let mut turns = self.turns();
        if turns.get(&place) == Some(&last) {
            match before {
                Some(before) => turns.insert(place, before),
                None => turns.remove(&place),
            };
        }
    }

    fn turns(&self) -> MutexGuard<'_, HashMap<Place, Last>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(10);
    const ADA: Place = (RoomId(1), AccountId(1));

    #[test]
    fn a_slow_room_lets_everybody_write_once_in_a_while() {
        let pace = Pace::default();
        let now = Timestamp::from_seconds(1_000);
        assert!(pace.take(ADA, Some("k"), EVERY, now).is_ok_and(|taken| taken.is_some()));
        assert_eq!(pace.take(ADA, Some("k"), EVERY, now), Ok(None), "the same message again");
        let soon = now + Duration::from_secs(4);
        assert_eq!(pace.take(ADA, Some("other"), EVERY, soon), Err(Duration::from_secs(6)));
        assert!(pace.take((RoomId(2), AccountId(1)), None, EVERY, soon).is_ok());
        assert!(pace.take(ADA, None, EVERY, now + EVERY).is_ok());
    }

    #[test]
    fn a_turn_that_was_for_nothing_is_given_back() {
        let pace = Pace::default();
        let now = Timestamp::from_seconds(1_000);
        let taken = pace.take(ADA, Some("one"), EVERY, now).expect("a turn").expect("a new message");
        pace.give_back(*taken);
        let taken = pace.take(ADA, Some("two"), EVERY, now).expect("a turn").expect("a new message");
        let later = now + EVERY;
        assert!(pace.take(ADA, Some("three"), EVERY, later).is_ok());
        pace.give_back(*taken);
        assert_eq!(pace.take(ADA, None, EVERY, later), Err(EVERY), "that of the third is not given back");
    }
}
