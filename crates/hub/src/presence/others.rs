//! What other nodes say of their people.

use std::collections::HashSet;

use parlour_model::{AccountId, Author};
use tokio::time::Instant;

use super::{People, Person};
use crate::bus::{Change, NodeId};

impl People {
    /// Another node has told of somebody.
    pub(crate) fn hear(&mut self, node: NodeId, change: &Change) {
        match change {
            Change::Here(author) => self.arrive_on(node, author),
            Change::Gone(id) => self.leave_from(node, *id),
        }
    }

    /// Another node has told whom it has, and has nobody else.
    pub(crate) fn hear_all(&mut self, node: NodeId, people: &[Author]) {
        let are: HashSet<_> = people.iter().map(|author| author.id).collect();
        for id in self.of(node) {
            if !are.contains(&id) {
                self.leave_from(node, id);
            }
        }
        for author in people {
            self.arrive_on(node, author);
        }
    }

    /// A node is gone. Its people are awaited until then; says whom nobody else has.
    pub(crate) fn lose_node(&mut self, node: NodeId, until: Instant) -> Vec<AccountId> {
        let mut awaited = self.of(node);
        awaited.retain(|id| {
            let elsewhere = self.known.get_mut(id).and_then(|person| person.elsewhere.as_mut());
            elsewhere.is_some_and(|elsewhere| {
                elsewhere.nodes.retain(|one| *one != node);
                let was_last = elsewhere.nodes.is_empty();
                elsewhere.awaited_until = was_last.then_some(until);
                was_last
            })
        });
        awaited
    }

    fn of(&self, node: NodeId) -> Vec<AccountId> {
        let is_there = |person: &Person| person.elsewhere.as_ref().is_some_and(|other| other.nodes.contains(&node));
        self.known.iter().filter(|(_, person)| is_there(person)).map(|(id, _)| *id).collect()
    }

    fn arrive_on(&mut self, node: NodeId, author: &Author) {
        let person = self.known.entry(author.id).or_insert_with(|| Person::new(author));
        let elsewhere = person.elsewhere.get_or_insert_default();
        elsewhere.awaited_until = None;
        if !elsewhere.nodes.contains(&node) {
            elsewhere.nodes.push(node);
        }
        // Of its own people a node knows better, and sooner or later tells the others.
        let is_renamed = !person.is_own() && person.author != *author;
        if is_renamed {
            author.clone_into(&mut person.author);
        }
        if is_renamed || person.told.is_none() {
            self.changed.push_back(author.id);
        }
    }

    fn leave_from(&mut self, node: NodeId, id: AccountId) {
        let Some(person) = self.known.get_mut(&id) else { return };
        let Some(elsewhere) = &mut person.elsewhere else { return };
        elsewhere.nodes.retain(|one| *one != node);
        if elsewhere.nodes.is_empty() && elsewhere.awaited_until.is_none() {
            person.elsewhere = None;
            self.changed.push_back(id);
        }
    }
}
