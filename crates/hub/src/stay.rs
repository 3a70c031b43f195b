//! Being in a room, as presence counts it: from the coming to the parting, for seats and followers alike.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use parlour_model::{AccountId, Author};
use tokio::time::Instant;

use crate::node::Inner;
use crate::places::{Place, Reach};
use crate::room::{Arrived, Room};
use crate::rooms::Hold;

/// Somebody, or a guest, in one room. Dropping it means that the line broke: its person is awaited for the grace.
pub(crate) struct Stay {
    pub(crate) hub: Arc<Inner>,
    pub(crate) hold: Hold,
    person: Option<AccountId>,
    place: Place,
    has_left: bool,
}

impl Stay {
    /// Comes in. Of those who are there so many are listed.
    pub(crate) fn begin(
        hub: Arc<Inner>,
        hold: Hold,
        person: Option<&Author>,
        most_listed: usize,
        reach: Reach,
    ) -> (Self, Arrived) {
        let (arrived, later) = hold.room.arrive(person, hub.clock.now(), most_listed, reach);
        hub.tell_later(&hold.room, later);
        hub.seats.fetch_add(1, Ordering::Relaxed);
        let person = person.map(|author| author.id);
        (Self { hub, hold, person, place: arrived.place, has_left: false }, arrived)
    }

    pub(crate) fn room(&self) -> &Arc<Room> {
        &self.hold.room
    }

    pub(crate) fn person(&self) -> Option<AccountId> {
        self.person
    }

    /// It ends with a goodbye: if it was their last, the person has left.
    pub(crate) fn leave(&mut self) {
        self.has_left = true;
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.hub.seats.fetch_sub(1, Ordering::Relaxed);
        let room = &self.hold.room;
        if self.has_left {
            let later = room.leave(self.place, self.person, self.hub.clock.now());
            self.hub.tell_later(room, later);
            return;
        }
        let until = Instant::now() + self.hub.settings.leave_grace;
        if let Some(id) = room.lose(self.place, self.person, until) {
            self.hub.wait_for(id, until, self.hold.clone());
        }
    }
}
