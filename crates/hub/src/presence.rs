//! Who is in a room: people, however many seats they have, and for a while those whose line broke.

use std::collections::HashMap;

use parlour_model::{AccountId, Author};
use tokio::time::Instant;

/// The people of one room.
#[derive(Debug, Default)]
pub(crate) struct People(HashMap<AccountId, Person>);

#[derive(Debug)]
struct Person {
    author: Author,
    seats: usize,
    /// With no seat left: until when they may come back unnoticed.
    awaited_until: Option<Instant>,
}

/// What a new seat means to the others.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Somebody came.
    First,
    /// Another seat of somebody who is there, or is back in time.
    Again,
    /// The same, but known by this name so far.
    Renamed(Author),
}

impl People {
    /// Everybody but one.
    pub(crate) fn others(&self, id: Option<AccountId>) -> Vec<Author> {
        let others = self.0.values().map(|person| &person.author);
        others.filter(|author| Some(author.id) != id).cloned().collect()
    }

    /// Somebody takes a seat.
    pub(crate) fn arrive(&mut self, author: &Author) -> Arrival {
        let Some(person) = self.0.get_mut(&author.id) else {
            let person = Person { author: author.clone(), seats: 1, awaited_until: None };
            self.0.insert(author.id, person);
            return Arrival::First;
        };
        person.seats += 1;
        person.awaited_until = None;
        if person.author == *author {
            return Arrival::Again;
        }
        Arrival::Renamed(std::mem::replace(&mut person.author, author.clone()))
    }

    /// A seat is given up. Returns who has left, if it was their last.
    pub(crate) fn leave(&mut self, id: AccountId) -> Option<Author> {
        let person = self.0.get_mut(&id)?;
        person.seats = person.seats.saturating_sub(1);
        if person.seats > 0 {
            return None;
        }
        self.0.remove(&id).map(|person| person.author)
    }

    /// The line of a seat broke. Says whether it was the last, so that its owner is awaited until then.
    pub(crate) fn lose(&mut self, id: AccountId, until: Instant) -> bool {
        let Some(person) = self.0.get_mut(&id) else {
            return false;
        };
        person.seats = person.seats.saturating_sub(1);
        if person.seats > 0 {
            return false;
        }
        person.awaited_until = Some(until);
        true
    }

    /// Returns who has left, if this one was awaited until `now` and did not come.
    pub(crate) fn give_up(&mut self, id: AccountId, now: Instant) -> Option<Author> {
        let person = self.0.get(&id)?;
        if person.awaited_until.is_none_or(|until| until > now) {
            return None;
        }
        self.0.remove(&id).map(|person| person.author)
    }

    /// Gives somebody who is here another name. Returns the old and the new, if that is a change.
    pub(crate) fn rename(&mut self, id: AccountId, username: &str) -> Option<(Author, Author)> {
        let person = self.0.get_mut(&id)?;
        if person.author.username == username {
            return None;
        }
        let renamed = Author { id, username: username.to_owned() };
        Some((std::mem::replace(&mut person.author, renamed.clone()), renamed))
    }
}
