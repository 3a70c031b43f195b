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
struct Last {
    at: Timestamp,
    key: Option<String>,
    /// How many tries of it are under way or came into the log.
    tries: u32,
}

/// A turn that was taken for a message, by one of its tries.
#[derive(Debug)]
pub(crate) struct Taken {
    place: Place,
    at: Timestamp,
}

impl Pace {
    /// Takes somebody's turn in a slow room, or says how long it is until then. The same key again is no new message: it
    /// shares the turn.
    pub(super) fn take(
        &self,
        place: Place,
        key: Option<&str>,
        every: Duration,
        now: Timestamp,
    ) -> Result<Box<Taken>, Duration> {
        let mut turns = self.turns();
        if let Some(last) = turns.get_mut(&place) {
            if key.is_some() && last.key.as_deref() == key {
                last.tries = last.tries.saturating_add(1);
                return Ok(Box::new(Taken { place, at: last.at }));
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
        turns.insert(place, Last { at: now, key: key.map(str::to_owned), tries: 1 });
        Ok(Box::new(Taken { place, at: now }))
    }

    /// Gives a turn back whose message was not written, unless another was taken since, or another try of the same message
    /// may still be written, or was.
    pub(super) fn give_back(&self, taken: &Taken) {
        let mut turns = self.turns();
        let Some(last) = turns.get_mut(&taken.place).filter(|last| last.at == taken.at) else { return };
        last.tries = last.tries.saturating_sub(1);
        if last.tries == 0 {
            turns.remove(&taken.place);
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

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn taken(pace: &Pace, key: Option<&str>, at: Timestamp) -> Taken {
        *pace.take(ADA, key, EVERY, at).expect("a turn")
    }

    #[test]
    fn a_slow_room_lets_everybody_write_once_in_a_while() {
        let pace = Pace::default();
        taken(&pace, Some("k"), NOW);
        // The same message again.
        taken(&pace, Some("k"), NOW);
        let soon = NOW + Duration::from_secs(4);
        assert_eq!(pace.take(ADA, Some("other"), EVERY, soon).err(), Some(Duration::from_secs(6)));
        assert!(pace.take((RoomId(2), AccountId(1)), None, EVERY, soon).is_ok());
        taken(&pace, None, NOW + EVERY);
    }

    #[test]
    fn a_turn_that_was_for_nothing_is_given_back() {
        let pace = Pace::default();
        pace.give_back(&taken(&pace, Some("one"), NOW));
        let second = taken(&pace, Some("two"), NOW);
        let later = NOW + EVERY;
        taken(&pace, Some("three"), later);
        pace.give_back(&second);
        assert_eq!(pace.take(ADA, None, EVERY, later).err(), Some(EVERY), "that of the third is not given back");
    }

    #[test]
    fn a_turn_is_kept_as_long_as_one_try_may_come_to_something() {
        let pace = Pace::default();
        let (first, retry) = (taken(&pace, Some("k"), NOW), taken(&pace, Some("k"), NOW));
        pace.give_back(&first);
        assert_eq!(pace.take(ADA, None, EVERY, NOW).err(), Some(EVERY), "the retry is under way");
        pace.give_back(&retry);
        taken(&pace, None, NOW);
    }
}
