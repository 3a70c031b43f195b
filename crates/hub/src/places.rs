//! By what those in a room are reached, so that whoever may no longer read it is put out at once.

use std::collections::HashSet;
use std::num::NonZeroI64;
use std::sync::{Arc, OnceLock};

use parlour_model::{AccountId, RoomId, RoomName};

use crate::Hub;
use crate::bus::{Hint, Listener};
use crate::farewell::{Farewell, PutOut};
use crate::signal::Signal;
use crate::slab::Slab;

impl Hub {
    /// Puts an account out of a room, on every node: the connections of its seats are closed, what follows the room for
    /// it ends, and it has left. To be called after whatever forbids it to come back.
    pub fn expel(&self, room: &RoomName, account: AccountId, why: PutOut) {
        self.0.bus.tell(Hint::Expelled { room: room.clone(), account, why });
    }

    /// As [`Hub::expel`], on this node alone.
    pub fn expel_here(&self, room: &RoomName, account: AccountId, why: PutOut) {
        self.0.hear(Hint::Expelled { room: room.clone(), account, why });
    }

    /// As [`Hub::turn_out`], on this node alone.
    pub fn turn_out_here(&self, room: &RoomName, why: PutOut, mut stay: Vec<AccountId>) {
        stay.sort_unstable();
        self.0.hear(Hint::TurnedOut { room: room.clone(), why, stay });
    }

    /// Puts all guests out of a room, on this node alone.
    pub fn turn_out_guests_here(&self, room: &RoomName, why: PutOut) {
        if let Some(room) = self.0.rooms.find(room) {
            room.turn_out_guests(why);
        }
    }

    /// The names of the active rooms that may be those of these numbers: they themselves, and those where nothing has been
    /// written as far as is known here.
    pub fn rooms_of(&self, ids: &HashSet<RoomId>) -> Vec<RoomName> {
        let all = self.0.rooms.all().into_iter();
        let may_be = all.filter(|room| room.read().log().is_none_or(|log| ids.contains(&log.id)));
        may_be.map(|room| room.name.clone()).collect()
    }

    /// Who is in a room by a connection of this node.
    pub fn people_here(&self, room: &RoomName) -> Vec<AccountId> {
        self.0.rooms.find(room).map_or_else(Vec::new, |room| room.people_here())
    }

    /// Whether somebody is present in a room that is active on this node, or is looked into.
    pub fn is_present(&self, room: &RoomName, account: AccountId) -> bool {
        self.0.rooms.find(room).is_some_and(|room| room.has(account))
    }

    /// The rooms on this node in which somebody is present.
    pub fn rooms_with(&self, account: AccountId) -> Vec<RoomName> {
        self.0.rooms.all().iter().filter(|room| room.has(account)).map(|room| room.name.clone()).collect()
    }

    /// How many people are present in a room that is active on this node, or is looked into.
    pub fn present(&self, room: &RoomName) -> usize {
        self.0.rooms.find(room).map_or(0, |room| room.present())
    }

    /// Puts everybody out of a room who may not stay, guests included, on every node. With [`PutOut::Deleted`] nothing
    /// of what was said there is shown any more.
    pub fn turn_out(&self, room: &RoomName, why: PutOut, mut stay: Vec<AccountId>) {
        stay.sort_unstable();
        self.0.bus.tell(Hint::TurnedOut { room: room.clone(), why, stay });
    }
}

/// By what one in a room is reached.
pub(crate) enum Reach {
    /// A seat, which is all that its connection does.
    Seat(Arc<Signal>),
    /// A connection that follows other rooms, too.
    Ear(Arc<Ear>),
}

/// How a room reaches one who follows it.
pub(crate) struct Ear {
    account: Option<AccountId>,
    signal: Arc<Signal>,
    put_out: OnceLock<PutOut>,
}

impl Ear {
    pub(crate) fn new(account: Option<AccountId>, signal: &Arc<Signal>) -> Self {
        Self { account, signal: Arc::clone(signal), put_out: OnceLock::new() }
    }

    /// Why it hears no more, if it does not.
    pub(crate) fn put_out(&self) -> Option<PutOut> {
        self.put_out.get().copied()
    }

    /// Has its connection look.
    pub(crate) fn ring(&self) {
        self.signal.ring();
    }
}

/// A place in one room's table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) number: u32,
    pub(crate) is_ear: bool,
}

/// Everybody in one room.
#[derive(Default)]
pub(crate) struct Places {
    seats: Slab<Seated>,
    ears: Slab<Arc<Ear>>,
}

/// Small, because every idle connection has one.
struct Seated {
    account: Option<NonZeroI64>,
    signal: Arc<Signal>,
}

impl Seated {
    fn account(&self) -> Option<AccountId> {
        self.account.map(|id| AccountId(id.get()))
    }
}

impl Places {
    pub(crate) fn len(&self) -> usize {
        self.seats.len() + self.ears.len()
    }

    pub(crate) fn take(&mut self, account: Option<AccountId>, reach: Reach) -> Place {
        match reach {
            Reach::Seat(signal) => {
                let account = account.and_then(|id| NonZeroI64::new(id.0));
                Place { number: self.seats.insert(Seated { account, signal }), is_ear: false }
            }
            Reach::Ear(ear) => Place { number: self.ears.insert(ear), is_ear: true },
        }
    }

    /// Gives a place back. `false`: whoever had it was put out before, and is not here any more.
    pub(crate) fn give_back(&mut self, place: Place) -> bool {
        if place.is_ear { self.ears.remove(place.number).is_some() } else { self.seats.remove(place.number).is_some() }
    }

    /// Puts out who is meant.
    pub(crate) fn put_out(&mut self, why: PutOut, is_meant: impl Fn(Option<AccountId>) -> bool) {
        for seated in self.seats.extract(|seated| is_meant(seated.account())) {
            seated.signal.give(Farewell::PutOut(why));
        }
        for ear in self.ears.extract(|ear| is_meant(ear.account)) {
            // Nobody is put out twice: it is in the table no more.
            let _ = ear.put_out.set(why);
            ear.ring();
        }
    }

    /// Rings so many ears from a number on, and says whether there are more.
    pub(crate) fn ring(&self, first: usize, most: usize) -> bool {
        let (ears, has_more) = self.ears.some(first, most);
        ears.for_each(|ear| ear.ring());
        has_more
    }
}
