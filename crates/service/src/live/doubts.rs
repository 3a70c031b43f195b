//! Doubts about who may stay where: opened when something was decided that this node has to look at anew, and open until
//! the store has answered.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use parlour_model::{AccountId, RoomName};
use tokio::sync::Notify;
use tokio::time::Instant;

/// What is to be looked at anew.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Doubt {
    /// Who may be in a room.
    Room(RoomName),
    /// Where an account may be.
    Account(AccountId),
    /// Whether the log has what a room has told.
    Told(RoomName),
}

/// How long the store may fail to say who may stay after something was decided: then nobody stays whom it is about.
const LONGEST: Duration = Duration::from_mins(1);

/// Why one is open, and how it goes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    /// Whether something was decided about just this. Otherwise it is open because nothing that is remembered is believed,
    /// which is no reason to put anybody out.
    is_decided: bool,
    /// When the store first failed to settle what was decided. Waiting in a long queue is no failure.
    failing_since: Option<Instant>,
}

/// The open doubts: not more than there are active rooms, and people in them.
#[derive(Default)]
pub(crate) struct Doubts {
    open: Mutex<HashMap<Doubt, Standing>>,
    bell: Notify,
}

impl Doubts {
    /// Opens a doubt because something was decided about its subject.
    pub(crate) fn open(&self, doubt: Doubt) {
        self.put(doubt, Standing { is_decided: true, failing_since: None });
        self.bell.notify_one();
    }

    /// Opens a doubt because nothing that is remembered is believed: it stays open until the store has answered.
    pub(crate) fn open_undecided(&self, doubt: Doubt) {
        self.put(doubt, Standing::default());
        self.bell.notify_one();
    }

    /// Opens one again that was taken and that the store could not settle; `false` if it was decided and is not to wait for
    /// any longer.
    pub(super) fn open_again(&self, doubt: &Doubt, mut standing: Standing, now: Instant) -> bool {
        if standing.is_decided {
            let since = *standing.failing_since.get_or_insert(now);
            if now.duration_since(since) >= LONGEST {
                return false;
            }
        }
        self.put(doubt.clone(), standing);
        true
    }

    fn put(&self, doubt: Doubt, standing: Standing) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let there = open.entry(doubt).or_default();
        there.is_decided |= standing.is_decided;
        there.failing_since = there.failing_since.or(standing.failing_since);
    }

    /// Waits until one is opened.
    pub(super) async fn opened(&self) {
        self.bell.notified().await;
    }

    /// Whether there are any.
    pub(super) fn are_open(&self) -> bool {
        !self.open.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Takes all there are.
    pub(super) fn take(&self) -> HashMap<Doubt, Standing> {
        std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The store fails at `now`; which doubts are given up.
    fn fail(doubts: &Doubts, now: Instant) -> Vec<Doubt> {
        let taken = doubts.take().into_iter();
        taken.filter(|(doubt, standing)| !doubts.open_again(doubt, *standing, now)).map(|(doubt, _)| doubt).collect()
    }

    #[test]
    fn only_what_was_decided_is_given_up_a_minute_after_it_first_failed() {
        let (doubts, start) = (Doubts::default(), Instant::now());
        let (decided, undecided) = (Doubt::Account(AccountId(1)), Doubt::Room(RoomName::lobby()));
        doubts.open(decided.clone());
        doubts.open_undecided(undecided.clone());
        // However long it waited for its first look.
        let first = start + LONGEST * 3;
        assert_eq!(fail(&doubts, first), []);
        assert_eq!(fail(&doubts, first + LONGEST / 2), []);
        assert_eq!(fail(&doubts, first + LONGEST), [decided]);
        assert_eq!(fail(&doubts, first + LONGEST * 100), []);
        assert_eq!(doubts.take().into_keys().collect::<Vec<_>>(), [undecided]);
    }

    #[test]
    fn the_minute_of_what_is_decided_later_begins_with_its_own_failure() {
        let (doubts, start) = (Doubts::default(), Instant::now());
        let room = Doubt::Room(RoomName::lobby());
        doubts.open_undecided(room.clone());
        assert_eq!(fail(&doubts, start), []);
        doubts.open(room.clone());
        doubts.open_undecided(room.clone());
        assert_eq!(fail(&doubts, start + LONGEST), []);
        assert_eq!(fail(&doubts, start + LONGEST * 2), [room]);
    }
}
