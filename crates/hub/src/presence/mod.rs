//! Who is in a room: people, however many seats they have, and for a while those whose line broke.
//!
//! What the room has been told of may be behind what is: in a room of thousands comings and goings are gathered for a
//! moment, and whoever came and went meanwhile was never spoken of.
//!
//! A node speaks to the others of the people that it has itself, and somebody is present who is anywhere.

mod others;

use std::collections::{HashMap, VecDeque};

use parlour_model::{AccountId, Author};
use tokio::time::Instant;

use crate::bus::{Change, NodeId};

/// The names that accounts have now; `None` of those that are gone.
pub type Names = HashMap<AccountId, Option<String>>;

/// The people of one room.
#[derive(Debug, Default)]
pub(crate) struct People {
    known: HashMap<AccountId, Person>,
    /// Those of whom something may have to be told, in the order in which it happened.
    changed: VecDeque<AccountId>,
    /// How many the room knows to be here.
    told: usize,
    /// What other nodes are to be told; `None` where there are none.
    outward: Option<Vec<Change>>,
}

#[derive(Debug)]
struct Person {
    author: Author,
    seats: u32,
    /// Whether the other nodes were told that this one has them.
    said: bool,
    /// With no seat left: until when they may come back unnoticed.
    awaited_until: Option<Instant>,
    /// As whom the room believes them to be here.
    told: Option<Author>,
    elsewhere: Option<Box<Elsewhere>>,
}

/// Somebody who is on other nodes, or was on one that is gone.
#[derive(Debug, Default)]
struct Elsewhere {
    nodes: Vec<NodeId>,
    /// With their last node gone: until when they may come back unnoticed.
    awaited_until: Option<Instant>,
}

/// What is to be told to a room.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News {
    Joined(Author),
    Left(Author),
}

impl Person {
    fn new(author: &Author) -> Self {
        Self { author: author.clone(), seats: 0, said: false, awaited_until: None, told: None, elsewhere: None }
    }

    fn is_here(&self) -> bool {
        self.is_own() || self.elsewhere.is_some()
    }

    /// Whether this node has them.
    fn is_own(&self) -> bool {
        self.seats > 0 || self.awaited_until.is_some()
    }
}

impl People {
    /// Of a node that is alone, or of one of several.
    pub(crate) fn new(tells_others: bool) -> Self {
        Self { outward: tells_others.then(Vec::new), ..Self::default() }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// How many the room knows to be here, and one: what is told from here on adds up with that.
    pub(crate) fn told_with(&self, id: Option<AccountId>) -> usize {
        let is_untold = |id: AccountId| self.known.get(&id).is_some_and(|person| person.told.is_none());
        self.told + usize::from(id.is_some_and(is_untold))
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
        let person = self.known.entry(author.id).or_insert_with(|| Person::new(author));
        person.seats += 1;
        person.awaited_until = None;
        author.clone_into(&mut person.author);
        if person.told.as_ref() != Some(author) {
            self.changed.push_back(author.id);
        }
        self.say(author.id);
    }

    /// A seat is given up.
    pub(crate) fn leave(&mut self, id: AccountId) {
        let Some(person) = self.known.get_mut(&id) else { return };
        person.seats = person.seats.saturating_sub(1);
        if person.seats == 0 {
            person.awaited_until = None;
            self.changed.push_back(id);
            self.say(id);
        }
    }

    /// All seats of somebody are taken away, and they are not awaited. Other nodes do the same with theirs.
    pub(crate) fn expel(&mut self, id: AccountId) {
        let Some(person) = self.known.get_mut(&id) else { return };
        person.seats = 0;
        person.awaited_until = None;
        person.elsewhere.take_if(|elsewhere| elsewhere.nodes.is_empty());
        self.changed.push_back(id);
        self.say(id);
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
        let is_over = |until: Option<Instant>| until.is_some_and(|until| until <= now);
        person.elsewhere.take_if(|elsewhere| elsewhere.nodes.is_empty() && is_over(elsewhere.awaited_until));
        if is_over(person.awaited_until) {
            person.awaited_until = None;
        }
        if !person.is_here() {
            self.changed.push_back(id);
        }
        self.say(id);
    }

    /// By which name somebody is known here.
    pub(crate) fn name_of(&self, id: AccountId) -> Option<&str> {
        self.known.get(&id).map(|person| person.author.username.as_str())
    }

    /// Gives somebody who is here another name.
    pub(crate) fn rename(&mut self, id: AccountId, username: &str) {
        let Some(person) = self.known.get_mut(&id) else { return };
        if person.author.username == username {
            return;
        }
        username.clone_into(&mut person.author.username);
        self.changed.push_back(id);
        if person.said
            && let Some(outward) = &mut self.outward
        {
            // Others may have heard of the new name before they heard of the person, by the old one.
            outward.push(Change::Here(person.author.clone()));
        }
    }

    /// Whom this node has itself.
    pub(crate) fn own(&self) -> Vec<Author> {
        self.known.values().filter(|person| person.is_own()).map(|person| person.author.clone()).collect()
    }

    /// What other nodes are to be told since this was asked.
    pub(crate) fn outward(&mut self) -> Vec<Change> {
        self.outward.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Has the other nodes told if this one has somebody now who was not here, or the other way round.
    fn say(&mut self, id: AccountId) {
        let (Some(outward), Some(person)) = (&mut self.outward, self.known.get_mut(&id)) else { return };
        let is_own = person.is_own();
        if is_own != person.said {
            person.said = is_own;
            outward.push(if is_own { Change::Here(person.author.clone()) } else { Change::Gone(id) });
        }
    }

    /// Whether something may have to be told.
    pub(crate) fn has_news(&self) -> bool {
        !self.changed.is_empty()
    }

    /// What the room has to be told, so that it knows what is: about so many things, and the rest the next time.
    pub(crate) fn news(&mut self, most: usize) -> Vec<News> {
        let mut news = Vec::new();
        while news.len() < most
            && let Some(id) = self.changed.pop_front()
        {
            let Some(person) = self.known.get_mut(&id) else { continue };
            let is = person.is_here().then(|| person.author.clone());
            if person.told != is {
                self.told = self.told + usize::from(is.is_some()) - usize::from(person.told.is_some());
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
        assert_eq!(people.news(9), []);
        assert_eq!(people.len(), 0);
        people.arrive(&ada("ada"));
        assert!(people.is_untold(AccountId(1)));
        assert_eq!(people.news(9), [News::Joined(ada("ada"))]);
        people.leave(AccountId(1));
        people.arrive(&ada("ada"));
        assert_eq!(people.news(9), [], "gone and back");
        assert_eq!(people.others(None, 9), [ada("ada")]);
    }

    #[test]
    fn of_many_at_once_a_part_is_told_and_the_count_goes_with_it() {
        let mut people = People::default();
        for id in 1..=5 {
            people.arrive(&Author { id: AccountId(id), username: "somebody".to_owned() });
        }
        assert_eq!((people.len(), people.told_with(None), people.told_with(Some(AccountId(5)))), (5, 0, 1));
        assert_eq!(people.news(2).len(), 2);
        assert_eq!((people.told_with(None), people.told_with(Some(AccountId(1)))), (2, 2));
        assert!(people.has_news());
        assert_eq!(people.news(9).len(), 3);
        people.leave(AccountId(2));
        assert_eq!((people.told_with(None), people.len()), (5, 5), "the room believes them to be here");
        assert_eq!(people.news(9).len(), 1);
        assert_eq!((people.told_with(None), people.len(), people.has_news()), (4, 4, false));
    }

    #[test]
    fn somebody_is_here_who_is_anywhere() {
        const ONE: NodeId = NodeId(1);
        const TWO: NodeId = NodeId(2);
        let (mut people, now) = (People::new(true), Instant::now());
        let here = Change::Here(ada("ada"));
        people.hear(ONE, &here);
        people.hear(ONE, &here);
        assert_eq!(people.news(9), [News::Joined(ada("ada"))]);
        people.arrive(&ada("ada"));
        people.arrive(&ada("ada"));
        people.hear_all(TWO, &[ada("ada")]);
        people.hear(ONE, &Change::Gone(AccountId(1)));
        people.leave(AccountId(1));
        assert_eq!((people.outward(), people.own()), (vec![here], vec![ada("ada")]));
        people.leave(AccountId(1));
        assert_eq!((people.outward(), people.own()), (vec![Change::Gone(AccountId(1))], vec![]));
        assert_eq!((people.news(9), people.len()), (vec![], 1), "somebody all the time");
        assert_eq!(people.lose_node(ONE, now), [], "nobody was there any more");
        assert_eq!(people.lose_node(TWO, now), [AccountId(1)]);
        assert!(people.has(AccountId(1)));
        people.give_up(AccountId(1), now);
        assert_eq!((people.news(9), people.len()), (vec![News::Left(ada("ada"))], 0));
    }

    #[test]
    fn whoever_comes_back_elsewhere_was_never_away() {
        const ONE: NodeId = NodeId(1);
        let (mut people, now) = (People::new(true), Instant::now());
        people.hear_all(ONE, &[ada("ada")]);
        people.news(9);
        assert_eq!(people.lose_node(ONE, now), [AccountId(1)]);
        people.hear(NodeId(2), &Change::Here(ada("ada")));
        people.give_up(AccountId(1), now);
        people.hear_all(NodeId(2), &[ada("ada")]);
        assert_eq!((people.news(9), people.len()), (vec![], 1));
        people.hear_all(NodeId(2), &[]);
        assert_eq!(people.news(9), [News::Left(ada("ada"))]);
    }

    #[test]
    fn the_node_that_has_somebody_says_how_they_are_called_now() {
        const ONE: NodeId = NodeId(1);
        let mut people = People::new(true);
        people.hear(ONE, &Change::Here(ada("ada")));
        people.news(9);
        people.hear(ONE, &Change::Here(ada("countess")));
        assert_eq!(people.news(9), [News::Left(ada("ada")), News::Joined(ada("countess"))]);
        people.arrive(&ada("countess"));
        people.hear_all(ONE, &[ada("ada")]);
        assert_eq!(people.news(9), [], "who is late does not rename who is here");
        people.rename(AccountId(1), "queen");
        assert_eq!(people.outward(), [Change::Here(ada("countess")), Change::Here(ada("queen"))]);
    }

    #[test]
    fn another_name_is_a_going_and_a_coming() {
        let mut people = People::default();
        people.arrive(&ada("ada"));
        people.news(9);
        people.rename(AccountId(1), "countess");
        assert_eq!(people.others(None, 9), [ada("ada")], "as the room knows her");
        assert_eq!(people.news(9), [News::Left(ada("ada")), News::Joined(ada("countess"))]);
        people.rename(AccountId(1), "countess");
        assert!(!people.has_news());
    }
}
