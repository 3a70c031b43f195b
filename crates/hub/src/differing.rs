//! Whether what the rooms have told is what the history says: after the store was away, it may be an earlier one that went on
//! otherwise.

use parlour_model::{Event, RoomId, RoomName, Seq, Timestamp};

use crate::Hub;
use crate::history::{Head, HistoryError};
use crate::node::Inner;
use crate::repair::PAGE;
use crate::ring::Told;
use crate::room::Room;

/// A room has told what the history does not know. With where the history stands; `None` where the room has no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing(pub Option<Head>);

impl Hub {
    /// The names of the active rooms.
    pub fn active_rooms(&self) -> Vec<RoomName> {
        self.0.rooms.all().iter().map(|room| room.name.clone()).collect()
    }

    /// The room, if it is active and its newest events are not those of the history. An event is told from another one at its
    /// place by its time.
    ///
    /// # Errors
    /// The history is away.
    pub async fn differing(&self, name: &RoomName) -> Result<Option<Differing>, HistoryError> {
        let Some(room) = self.0.rooms.find(name).filter(|room| room.activation.initialized()) else { return Ok(None) };
        self.0.differs(&room).await
    }

    /// Has a room go on from where the history stands now: everybody there is told that they cannot go on from what they have.
    ///
    /// # Errors
    /// The history is away.
    pub async fn turn_over(&self, name: &RoomName) -> Result<(), HistoryError> {
        let Some(room) = self.0.rooms.find(name) else { return Ok(()) };
        let head = self.0.history.head(name).await?;
        if room.turn_over(head.as_ref()) {
            self.0.repair(&room);
        }
        Ok(())
    }
}

impl Inner {
    async fn differs(&self, room: &Room) -> Result<Option<Differing>, HistoryError> {
        // Before the head is read: what is told meanwhile has been committed in the history that is looked at.
        let Some((log, last, told)) = room.told() else { return Ok(None) };
        let Some(head) = self.history.head(&room.name).await? else { return Ok(Some(Differing(None))) };
        if head.epoch > log.epoch {
            // A later log takes the place of this one by itself.
            return Ok(None);
        }
        let is_other = head.epoch < log.epoch || head.id != log.id || head.last_seq < last;
        let differs = is_other || self.tells_otherwise(log.id, &told).await?;
        Ok(differs.then_some(Differing(Some(head))))
    }

    /// Whether an event of the history has another time than what was told at its place. What is no longer kept says nothing.
    async fn tells_otherwise(&self, room: RoomId, told: &Told) -> Result<bool, HistoryError> {
        let mut rest = told.as_slice();
        while let Some((first, _)) = rest.first() {
            let page = {
                let _permit = self.reads.acquire().await;
                self.history.after(room, first - 1, PAGE).await?
            };
            let Some(end) = page.last().map(|event| event.seq) else { return Ok(false) };
            if page.iter().any(|event| is_another(event, rest)) {
                return Ok(true);
            }
            rest = &rest[rest.partition_point(|(seq, _)| *seq <= end)..];
        }
        Ok(false)
    }
}

fn is_another(event: &Event, told: &[(Seq, Timestamp)]) -> bool {
    let place = told.binary_search_by_key(&event.seq, |(seq, _)| *seq);
    place.is_ok_and(|place| told[place].1 != event.at)
}
