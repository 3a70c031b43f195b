//! Who is in a room: people, however many seats they have, and for a while those whose line broke.
//!
//! What the room has been told of may be behind what is: in a room of thousands comings and goings are gathered for a
//! moment, and whoever came and went meanwhile was never spoken of.

use std::collections::HashMap;

use parlour_model::{AccountId, Author};
use tokio::time::Instant;

/// The people of one room.
#[derive(Debug, Default)]
pub(crate) struct People {
    known: HashMap<AccountId, Person>,
    /// Those of whom something may have to be told, in the order in which it happened.
    changed: Vec<AccountId>,
}

#[derive(Debug)]
struct Person {
    author: Author,
    seats: usize,
    /// With no seat left: until when they may come back unnoticed.
    awaited_until: Option<Instant>,
    /// As whom the room believes them to be here.
    told: Option<Author>,
}

/// What is to be told to a room.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News {
    Joined(Author),
    Left(Author),
}

impl Person {
    fn is_here(&self) -> bool {
        self.seats > 0 || self.awaited_until.is_some()
    }
}

impl People {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Those whom the room knows to be here, but one; at most so many.
    pub(crate) fn others(&self, id: Option<AccountId>, most: usize) -> Vec<Author> {
        let told = self.known.values().filter_map(|person| person.told.as_ref());
        told.filter(|author| Some(author.id) != id).take(most).cloned().collect()
    }

    /// Whether somebody is here, or is taken to be.
    pub(crate) fn has(&self, id: AccountId) -> bool {
        self.known.get(&id).is_some_and(Person::is_here)
    }

    /// Everybody who is here, or is taken to be.
    pub(crate) fn ids(&self) -> impl Iterator<Item = AccountId> {
        self.known.keys().copied()
    }

    /// Whether the room does not know yet that somebody is here, or not by this name.
    pub(crate) fn is_untold(&self, id: AccountId) -> bool {
        self.known.get(&id).is_some_and(|person| person.told.as_ref() != Some(&person.author))
    }

    /// Somebody takes a seat.
    pub(crate) fn arrive(&mut self, author: &Author) {
        let nobody = || Person { author: author.clone(), seats: 0, awaited_until: None, told: None };
        let person = self.known.entry(author.id).or_insert_with(nobody);
        person.seats += 1;
        person.awaited_until = None;
        author.clone_into(&mut person.author);
        if person.told.as_ref() != Some(author) {
            self.changed.push(author.id);
        }
    }

    /// A seat is given up.
    pub(crate) fn leave(&mut self, id: AccountId) {
        let Some(person) = self.known.get_mut(&id) else { return };
        person.seats = person.seats.saturating_sub(1);
        if person.seats == 0 {
            person.awaited_until = None;
            self.changed.push(id);
        }
    }

    /// All seats of somebody are taken away, and they are not awaited.
    pub(crate) fn expel(&mut self, id: AccountId) {
        let Some(person) = self.known.get_mut(&id) else { return };
        person.seats = 0;
        person.awaited_until = None;
        self.changed.push(id);
    }

    /// The line of a seat broke. Says whether it was the last, so that its owner is awaited until then.
    pub(crate) fn lose(&mut self, id: AccountId, until: Instant) -> bool {
        let Some(person) = self.known.get_mut(&id) else {
            return false;
        };
        person.seats = person.seats.saturating_sub(1);
        if person.seats > 0 {
            return false;
        }
        person.awaited_until = Some(until);
        true
    }

    /// Somebody who was awaited until `now` did not come.
    pub(crate) fn give_up(&mut self, id: AccountId, now: Instant) {
        let Some(person) = self.known.get_mut(&id) else { return };
        if person.awaited_until.is_some_and(|until| until <= now) {
            person.awaited_until = None;
            self.changed.push(id);
        }
    }

    /// Gives somebody who is here another name.
    pub(crate) fn rename(&mut self, id: AccountId, username: &str) {
        let Some(person) = self.known.get_mut(&id) else { return };
        if person.author.username != username {
            username.clone_into(&mut person.author.username);
            self.changed.push(id);
        }
    }

    /// Whether something may have to be told.
    pub(crate) fn has_news(&self) -> bool {
        !self.changed.is_empty()
    }

    /// What the room has to be told, so that it knows what is.
    pub(crate) fn news(&mut self) -> Vec<News> {
        let mut news = Vec::new();
        for id in std::mem::take(&mut self.changed) {
            let Some(person) = self.known.get_mut(&id) else { continue };
            let is = person.is_here().then(|| person.author.clone());
            if person.told != is {
                news.extend(person.told.take().map(News::Left));
                news.extend(is.clone().map(News::Joined));
                person.told = is;
            }
            if !person.is_here() {
                self.known.remove(&id);
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada(username: &str) -> Author {
        Author { id: AccountId(1), username: username.to_owned() }
    }

    #[test]
    fn what_came_and_went_unnoticed_is_not_spoken_of() {
        let mut people = People::default();
        people.arrive(&ada("ada"));
        people.leave(AccountId(1));
        assert_eq!(people.news(), []);
        assert_eq!(people.len(), 0);
        people.arrive(&ada("ada"));
        assert!(people.is_untold(AccountId(1)));
        assert_eq!(people.news(), [News::Joined(ada("ada"))]);
        people.leave(AccountId(1));
        people.arrive(&ada("ada"));
        assert_eq!(people.news(), [], "gone and back");
        assert_eq!(people.others(None, 9), [ada("ada")]);
    }

    #[test]
    fn another_name_is_a_going_and_a_coming() {
        let mut people = People::default();
        people.arrive(&ada("ada"));
        people.news();
        people.rename(AccountId(1), "countess");
        assert_eq!(people.others(None, 9), [ada("ada")], "as the room knows her");
        assert_eq!(people.news(), [News::Left(ada("ada")), News::Joined(ada("countess"))]);
        people.rename(AccountId(1), "countess");
        assert!(!people.has_news());
    }
}
