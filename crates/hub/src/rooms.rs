//! The table of active rooms. A room is in it for as long as somebody holds it: a join, a seat, a person awaited,
//! or somebody who looks in from outside.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use parlour_model::RoomName;

use crate::lock::lock;
use crate::room::Room;
use crate::walker::Walkers;

/// The active rooms, by the key of their names.
#[derive(Default)]
pub(crate) struct Rooms(Mutex<HashMap<String, Slot>>);

struct Slot {
    room: Arc<Room>,
    walkers: Arc<Walkers>,
    holds: usize,
}

/// Keeps a room in the table.
pub(crate) struct Hold {
    rooms: Arc<Rooms>,
    pub(crate) room: Arc<Room>,
    pub(crate) walkers: Arc<Walkers>,
}

impl Slot {
    fn new(room: Room) -> Self {
        Self { walkers: Arc::new(Walkers::new(&room)), room: Arc::new(room), holds: 0 }
    }
}

impl Rooms {
    /// Holds a room, which begins with that if it is not active.
    pub(crate) fn hold(self: &Arc<Self>, name: &RoomName, room: impl FnOnce() -> Room) -> Hold {
        let mut slots = lock(&self.0);
        let slot = slots.entry(name.key().to_owned()).or_insert_with(|| Slot::new(room()));
        slot.holds += 1;
        Hold { rooms: Arc::clone(self), room: Arc::clone(&slot.room), walkers: Arc::clone(&slot.walkers) }
    }

    /// Holds a room, if it is active.
    pub(crate) fn hold_active(self: &Arc<Self>, name: &RoomName) -> Option<Hold> {
        let mut slots = lock(&self.0);
        let slot = slots.get_mut(name.key())?;
        slot.holds += 1;
        Some(Hold { rooms: Arc::clone(self), room: Arc::clone(&slot.room), walkers: Arc::clone(&slot.walkers) })
    }

    /// A room, if it is active.
    pub(crate) fn find(&self, name: &RoomName) -> Option<Arc<Room>> {
        lock(&self.0).get(name.key()).map(|slot| Arc::clone(&slot.room))
    }

    /// Every active room.
    pub(crate) fn all(&self) -> Vec<Arc<Room>> {
        let slots = lock(&self.0);
        slots.values().map(|slot| Arc::clone(&slot.room)).collect()
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.0).len()
    }

    fn release(&self, name: &RoomName) -> Option<Slot> {
        let mut slots = lock(&self.0);
        let slot = slots.get_mut(name.key())?;
        slot.holds -= 1;
        if slot.holds > 0 {
            return None;
        }
        slots.remove(name.key())
    }
}

impl Clone for Hold {
    fn clone(&self) -> Self {
        if let Some(slot) = lock(&self.rooms.0).get_mut(self.room.name.key()) {
            slot.holds += 1;
        }
        Self { rooms: Arc::clone(&self.rooms), room: Arc::clone(&self.room), walkers: Arc::clone(&self.walkers) }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // What a room kept is freed here, after the table's lock.
        drop(self.rooms.release(&self.room.name));
    }
}
