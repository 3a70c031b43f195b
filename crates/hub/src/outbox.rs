//! What this node has to tell the others of its people: gathered for a moment, so that a crowd that comes is one letter.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use parlour_model::RoomName;
use tokio::sync::Notify;

use crate::bus::{Change, Portion, Presence};
use crate::lock::lock;

/// The most changes that wait. More are lost, which the others see by the versions.
const MOST_WAITING: usize = 20_000;

/// What is to be told, of all rooms.
#[derive(Default)]
pub(crate) struct Outbox {
    waiting: Mutex<Vec<Waiting>>,
    /// The version that was given out last, whichever room it was for: a room that begins anew has none twice.
    version: AtomicU64,
    bell: Notify,
}

struct Waiting {
    room: RoomName,
    since: u64,
    version: u64,
    change: Change,
}

impl Outbox {
    /// The last version.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    /// Takes what has changed in a room after `since`, and gives the version that it has now. Called under the room's lock,
    /// so that versions are in order.
    pub(crate) fn put(&self, room: &RoomName, mut since: u64, changes: Vec<Change>) -> u64 {
        let mut waiting = lock(&self.waiting);
        for change in changes {
            let version = self.version.fetch_add(1, Ordering::Relaxed) + 1;
            if waiting.len() < MOST_WAITING {
                waiting.push(Waiting { room: room.clone(), since, version, change });
            }
            since = version;
        }
        drop(waiting);
        self.bell.notify_one();
        since
    }

    /// Waits until there is something.
    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// What is to be told now: of each room in order, and in as few letters as may be.
    pub(crate) fn take(&self, letter: Portion) -> Vec<Presence> {
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        let mut open: HashMap<RoomName, (usize, Portion)> = HashMap::new();
        let mut told: Vec<Presence> = Vec::new();
        for Waiting { room, since, version, change } in waiting {
            if let Some((index, left)) = open.get_mut(&room)
                && let Some(Presence::Changed { version: last, changes, .. }) = told.get_mut(*index)
                && *last == since
                && left.takes(&change)
            {
                *last = version;
                changes.push(change);
                continue;
            }
            let mut left = letter;
            left.takes(&change);
            open.insert(room.clone(), (told.len(), left));
            told.push(Presence::Changed { room, since, version, changes: vec![change] });
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use parlour_model::AccountId;

    use super::*;

    fn gone(id: i64) -> Change {
        Change::Gone(AccountId(id))
    }

    #[test]
    fn what_happens_in_a_room_is_told_together_and_in_order() {
        let (outbox, name) = (Outbox::default(), |text| RoomName::parse(text).expect("a name"));
        let tea = outbox.put(&name("tea"), 0, vec![gone(1), gone(2)]);
        assert_eq!(outbox.put(&name("den"), 0, vec![gone(3)]), 3);
        assert_eq!(outbox.put(&name("tea"), tea, vec![gone(4)]), 4);
        assert_eq!(outbox.put(&name("den"), 0, vec![gone(5)]), 5, "the room has begun anew");
        let changed = |text, since, version, changes| Presence::Changed { room: name(text), since, version, changes };
        assert_eq!(
            outbox.take(Portion::of_letters(8_000)),
            [
                changed("tea", 0, 4, vec![gone(1), gone(2), gone(4)]),
                changed("den", 0, 3, vec![gone(3)]),
                changed("den", 0, 5, vec![gone(5)]),
            ]
        );
        assert_eq!(outbox.take(Portion::of_letters(8_000)), []);
    }
}
