//! How far what other nodes say of their people in one room is known here: by a version for each node.

use std::collections::HashMap;
use std::time::Duration;

use parlour_model::Author;
use tokio::time::Instant;

use crate::bus::NodeId;

/// What nobody has said again for so long is asked for: two tellings of everybody were lost, or the room is active there no more.
const UNCONFIRMED: Duration = Duration::from_secs(75);

/// A node is not asked again for so long.
const ASKED: Duration = Duration::from_millis(500);

/// What is known of other nodes' people in one room.
#[derive(Default)]
pub(crate) struct Elsewhere(HashMap<NodeId, Known>);

struct Known {
    /// `None` before it has said whom it has.
    version: Option<u64>,
    confirmed_at: Instant,
    asked_at: Option<Instant>,
    /// Parts of everybody that have come while others have not.
    parts: Option<Box<Parts>>,
}

struct Parts {
    version: u64,
    come: HashMap<u32, Vec<Author>>,
}

/// What is to be done about changes that a node has told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing: they are known.
    Nothing,
    /// They are all that is new.
    Take,
    /// They begin anew: whoever was there before has gone.
    BeginAnew,
    /// Something before them was lost: the node is to be asked for everybody.
    Ask,
    /// As before, and it has been asked.
    Wait,
}

impl Elsewhere {
    /// Changes from one version to another.
    pub(crate) fn change(&mut self, node: NodeId, since: u64, version: u64, now: Instant) -> Step {
        let known = self.known(node, now);
        if known.version.is_some_and(|known| version <= known) {
            return Step::Nothing;
        }
        let step = match known.version {
            _ if since == 0 => Step::BeginAnew,
            // What lies before the known version is told again, and ends in the same.
            Some(known) if since <= known => Step::Take,
            _ if known.asked_at.is_none_or(|at| now.duration_since(at) >= ASKED) => {
                known.asked_at = Some(now);
                return Step::Ask;
            }
            _ => return Step::Wait,
        };
        known.confirm(version, now);
        step
    }

    /// A part of everybody. Gives everybody when no part is missing, unless later things are known.
    pub(crate) fn everybody(
        &mut self,
        node: NodeId,
        version: u64,
        (part, parts): (u32, u32),
        people: Vec<Author>,
        now: Instant,
    ) -> Option<Vec<Author>> {
        let known = self.known(node, now);
        if known.version.is_some_and(|known| version < known) {
            return None;
        }
        let all = if parts <= 1 { people } else { known.gather(version, part, parts, people)? };
        known.confirm(version, now);
        Some(all)
    }

    /// Forgets a node.
    pub(crate) fn forget(&mut self, node: NodeId) {
        self.0.remove(&node);
    }

    /// Whether a node has said whom it has here.
    pub(crate) fn knows(&self, node: NodeId) -> bool {
        self.0.get(&node).is_some_and(|known| known.version.is_some())
    }

    /// Those that have said nothing for too long.
    pub(crate) fn unconfirmed(&self, now: Instant) -> Vec<NodeId> {
        let is_old = |known: &Known| now.duration_since(known.confirmed_at) >= UNCONFIRMED;
        self.0.iter().filter(|(_, known)| is_old(known)).map(|(node, _)| *node).collect()
    }

    fn known(&mut self, node: NodeId, now: Instant) -> &mut Known {
        let unknown = Known { version: None, confirmed_at: now, asked_at: None, parts: None };
        self.0.entry(node).or_insert(unknown)
    }
}

impl Known {
    fn confirm(&mut self, version: u64, now: Instant) {
        *self = Self { version: Some(version), confirmed_at: now, asked_at: None, parts: None };
    }

    fn gather(&mut self, version: u64, part: u32, parts: u32, people: Vec<Author>) -> Option<Vec<Author>> {
        let gathered = self.parts.get_or_insert_with(|| Box::new(Parts { version, come: HashMap::new() }));
        if gathered.version > version || part >= parts {
            return None;
        }
        if gathered.version < version {
            **gathered = Parts { version, come: HashMap::new() };
        }
        gathered.come.insert(part, people);
        let is_whole = gathered.come.len() == usize::try_from(parts).unwrap_or(usize::MAX);
        is_whole.then(|| std::mem::take(&mut gathered.come).into_values().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use parlour_model::AccountId;

    use super::*;

    const ONE: NodeId = NodeId(1);

    fn people(ids: &[i64]) -> Vec<Author> {
        ids.iter().map(|id| Author { id: AccountId(*id), username: id.to_string() }).collect()
    }

    #[test]
    fn changes_follow_one_another_and_a_hole_is_asked_about() {
        let (mut elsewhere, now) = (Elsewhere::default(), Instant::now());
        let mut change = |since, version, now| elsewhere.change(ONE, since, version, now);
        assert_eq!(change(4, 5, now), Step::Ask, "what was before is not known");
        assert_eq!(change(5, 6, now), Step::Wait);
        assert_eq!(change(5, 6, now + ASKED), Step::Ask);
        assert_eq!(change(0, 3, now), Step::BeginAnew);
        assert_eq!(change(3, 7, now), Step::Take);
        assert_eq!(change(3, 7, now), Step::Nothing);
        assert_eq!(change(3, 8, now), Step::Take, "some of it was told before");
        assert_eq!(change(9, 10, now), Step::Ask);
        assert_eq!(change(0, 11, now), Step::BeginAnew);
    }

    #[test]
    fn everybody_may_come_in_parts_and_is_not_older_than_what_is_known() {
        let (mut elsewhere, now) = (Elsewhere::default(), Instant::now());
        let mut tell = |version, part, ids: &[i64]| elsewhere.everybody(ONE, version, part, people(ids), now);
        assert_eq!(tell(3, (1, 2), &[2]), None);
        assert_eq!(tell(3, (1, 2), &[2]), None, "the same again");
        assert_eq!(tell(3, (7, 2), &[9]), None, "no such part");
        let mut all = tell(3, (0, 2), &[1]).expect("both have come");
        all.sort_by_key(|author| author.id);
        assert_eq!(all, people(&[1, 2]));
        assert_eq!(tell(2, (0, 1), &[9]), None);
        assert_eq!(tell(3, (0, 1), &[]), Some(vec![]), "what is said again holds again");
        assert_eq!(elsewhere.unconfirmed(now + UNCONFIRMED), [ONE]);
        assert!(elsewhere.knows(ONE));
        elsewhere.forget(ONE);
        assert!(!elsewhere.knows(ONE));
    }
}
