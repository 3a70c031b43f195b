//! Comings and goings in a room, here and on other nodes.

use std::collections::HashSet;

use parlour_model::{AccountId, Author, Timestamp};
use tokio::time::Instant;

use super::{Arrived, Later, Room};
use crate::bus::{Change, NodeId, Portion, Presence};
use crate::elsewhere::Step;
use crate::farewell::PutOut;
use crate::lock::write;
use crate::places::{Place, Reach};
use crate::presence::Names;

impl Room {
    /// Somebody comes: registration, the list of others and the newcomer's entry are one step.
    pub(crate) fn arrive(
        &self,
        person: Option<&Author>,
        at: Timestamp,
        most_listed: usize,
        reach: Reach,
    ) -> (Arrived, Later) {
        self.change(|state| {
            let id = person.map(|author| author.id);
            let place = state.places.take(id, reach);
            let others = state.people.others(id, most_listed);
            if let Some(author) = person {
                state.people.arrive(author);
            }
            let later = state.tell_if_small(self.large, at);
            let untold = id.is_some_and(|id| state.people.is_untold(id));
            let (last, log) = (state.subscription.last(), state.subscription.log());
            let count = state.people.told_with(id);
            (Arrived { at: state.ring.end(), place, count, others, untold, last, log }, later)
        })
    }

    /// A place is given up.
    pub(crate) fn leave(&self, place: Place, person: Option<AccountId>, at: Timestamp) -> Later {
        self.change(|state| {
            let was_here = state.places.give_back(place);
            let Some(id) = person.filter(|_| was_here) else {
                return Later(false);
            };
            state.people.leave(id);
            state.tell_if_small(self.large, at)
        })
    }

    /// The line behind a place broke. Says who is awaited until then, if it was their last.
    pub(crate) fn lose(&self, place: Place, person: Option<AccountId>, until: Instant) -> Option<AccountId> {
        let mut state = write(&self.state);
        let was_here = state.places.give_back(place);
        person.filter(|id| was_here && state.people.lose(*id, until))
    }

    /// Whether somebody is here.
    pub(crate) fn has(&self, id: AccountId) -> bool {
        self.read().people.has(id)
    }

    /// How many people are present.
    pub(crate) fn present(&self) -> usize {
        self.read().people.len()
    }

    /// Somebody is put out, and has left with that.
    pub(crate) fn expel(&self, id: AccountId, why: PutOut, at: Timestamp) -> Later {
        self.change(|state| {
            state.places.put_out(why, |account| account == Some(id));
            state.people.expel(id);
            state.tell_if_small(self.large, at)
        })
    }

    /// Everybody is put out but these, in order, and the guests with them. From a room that is gone nothing more is
    /// read.
    pub(crate) fn turn_out(&self, why: PutOut, stay: &[AccountId], at: Timestamp) -> Later {
        let may_stay = |id: AccountId| stay.binary_search(&id).is_ok();
        self.change(|state| {
            state.places.put_out(why, |account| !account.is_some_and(may_stay));
            let gone: Vec<_> = state.people.ids().filter(|id| !may_stay(*id)).collect();
            for id in gone {
                state.people.expel(id);
            }
            let later = state.tell_if_small(self.large, at);
            if why == PutOut::Deleted {
                state.subscription.end();
                state.ring.turn_over();
            }
            later
        })
    }

    /// All guests are put out. They were never counted among those present.
    pub(crate) fn turn_out_guests(&self, why: PutOut) {
        self.change(|state| state.places.put_out(why, |account| account.is_none()));
    }

    /// Waits no longer for a person, unless they are back or awaited anew.
    pub(crate) fn give_up(&self, id: AccountId, now: Instant, at: Timestamp) -> Later {
        self.change(|state| {
            state.people.give_up(id, now);
            state.tell_if_small(self.large, at)
        })
    }

    /// Of some people, those who are shown otherwise than by the names they have now. Reading tells it, so that nobody waits
    /// for what mostly finds nothing.
    pub(crate) fn outdated(&self, names: &Names) -> HashSet<AccountId> {
        let state = self.read();
        let is_outdated = |id: AccountId, shown: &str| names.get(&id).is_some_and(|now| now.as_deref() != Some(shown));
        let written =
            state.ring.people().filter(|author| is_outdated(author.id, &author.username)).map(|author| author.id);
        let known =
            names.keys().copied().filter(|id| state.people.name_of(*id).is_some_and(|shown| is_outdated(*id, shown)));
        written.chain(known).collect()
    }

    /// A person has another name: what they wrote bears it, and if they are here they leave and join.
    pub(crate) fn rename(&self, id: AccountId, username: &str, at: Timestamp) -> Later {
        self.change(|state| {
            state.ring.rewrite(id, Some(username));
            state.people.rename(id, username);
            state.tell_if_small(self.large, at)
        })
    }

    /// Tells of the comings and goings that were gathered, or of a part of them.
    pub(crate) fn tell(&self, at: Timestamp) -> Later {
        self.change(|state| state.tell(at))
    }

    /// Another node has told of its people. `true`: something before that was lost, and it is to be asked.
    pub(crate) fn hear_changes(
        &self,
        node: NodeId,
        (since, version): (u64, u64),
        changes: &[Change],
        at: Timestamp,
    ) -> (bool, Later) {
        self.change(|state| {
            let step = state.elsewhere.change(node, since, version, Instant::now());
            match step {
                Step::Nothing | Step::Wait => return (false, Later(false)),
                Step::Ask => return (true, Later(false)),
                Step::BeginAnew => state.people.hear_all(node, &[]),
                Step::Take => {}
            }
            for change in changes {
                state.people.hear(node, change);
            }
            (false, state.tell_if_small(self.large, at))
        })
    }

    /// Another node has told of all its people, or of a part of them.
    pub(crate) fn hear_everybody(
        &self,
        node: NodeId,
        version: u64,
        part: (u32, u32),
        people: Vec<Author>,
        at: Timestamp,
    ) -> Later {
        self.change(|state| {
            let Some(all) = state.elsewhere.everybody(node, version, part, people, Instant::now()) else {
                return Later(false);
            };
            state.people.hear_all(node, &all);
            state.tell_if_small(self.large, at)
        })
    }

    /// A node is gone. Says who is awaited until then.
    pub(crate) fn lose_node(&self, node: NodeId, until: Instant) -> Vec<AccountId> {
        let mut state = write(&self.state);
        state.elsewhere.forget(node);
        state.people.lose_node(node, until)
    }

    /// What this node says when it is asked for everybody, in letters of that size.
    pub(crate) fn everybody(&self, letter: Portion) -> Vec<Presence> {
        let (version, people) = {
            let state = self.read();
            // Before this room has told of anybody, what was told last of any room is later than all of an earlier life.
            let version = match (state.version, &self.outbox) {
                (0, Some(outbox)) => outbox.version(),
                (version, _) => version,
            };
            (version, state.people.own())
        };
        let cut = letter.cut(people);
        let parts = u32::try_from(cut.len()).unwrap_or(u32::MAX);
        let part_of = |(part, people)| Presence::Everybody { room: self.name.clone(), version, part, parts, people };
        (0..parts).zip(cut).map(part_of).collect()
    }

    /// Who has a place here by a connection of this node, or had one a moment ago.
    pub(crate) fn people_here(&self) -> Vec<AccountId> {
        self.read().people.own().into_iter().map(|author| author.id).collect()
    }

    /// Whether a node has told whom it has here.
    pub(crate) fn knows(&self, node: NodeId) -> bool {
        self.read().elsewhere.knows(node)
    }

    /// Nodes that have told nothing for too long.
    pub(crate) fn unconfirmed(&self) -> Vec<NodeId> {
        self.read().elsewhere.unconfirmed(Instant::now())
    }
}
