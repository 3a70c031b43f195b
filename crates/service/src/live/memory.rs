//! What is remembered of rooms: who may read and write there, so that neither joining nor writing costs a query.
//!
//! A room's rules are remembered by its name, and how somebody stands there by the rules that held when it was read:
//! forgetting a room's rules is forgetting everybody's standing with them.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parlour_model::{AccountId, RoomId, RoomName, Visibility};
use parlour_store::{RoomRules, Standing};

use super::pace::Pace;
use crate::cache::{Cache, Stamp};

/// Rooms kept in memory, and as many again that go next.
const ROOMS: usize = 50_000;

/// Standings kept in memory, and as many again that go next.
const STANDINGS: usize = 100_000;

/// What is remembered of rooms.
#[derive(Default)]
pub(crate) struct Memory {
    rooms: Rooms,
    standings: Standings,
    lives: AtomicU64,
    pace: Pace,
}

struct Rooms(Cache<Box<str>, Arc<KnownRoom>, RandomState>);

struct Standings(Cache<(u64, AccountId), Standing>);

impl Default for Rooms {
    fn default() -> Self {
        Self(Cache::new(ROOMS))
    }
}

impl Default for Standings {
    fn default() -> Self {
        Self(Cache::new(STANDINGS))
    }
}

/// A room as it decides who may do what.
#[derive(Debug)]
pub struct KnownRoom {
    /// Which remembering this is; standings belong to it.
    life: u64,
    rules: Option<RoomRules>,
    visibility: Visibility,
}

impl KnownRoom {
    /// The room's number; `None` while nobody has written there.
    pub fn id(&self) -> Option<RoomId> {
        self.rules.map(|rules| rules.id)
    }

    /// Who may read it.
    pub const fn visibility(&self) -> Visibility {
        self.visibility
    }

    /// Whether it is gone, and only its name rests.
    pub fn is_gone(&self) -> bool {
        self.rules.is_some_and(|rules| rules.is_gone)
    }

    /// Whether anybody is banned or muted there.
    pub(crate) fn is_moderated(&self) -> bool {
        self.rules.is_some_and(|rules| rules.is_moderated)
    }

    /// How long everybody waits between two messages.
    pub(crate) fn slow_mode(&self) -> Option<Duration> {
        let seconds = self.rules.map_or(0, |rules| rules.slow_mode);
        u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
    }

    /// Whether nothing distinguishes one caller from another.
    pub(crate) fn is_open(&self) -> bool {
        self.visibility == Visibility::Public && !self.is_gone() && !self.is_moderated()
    }
}

impl Memory {
    /// What is remembered of a room.
    pub(crate) fn room(&self, name: &RoomName) -> Option<Arc<KnownRoom>> {
        self.rooms.0.get(name.key())
    }

    /// Call before the load whose result is given to [`Memory::remember`].
    pub(crate) fn stamp(&self) -> Stamp {
        self.rooms.0.stamp()
    }

    /// Remembers a room, unless one was forgotten since `stamp`.
    pub(crate) fn remember(&self, stamp: Stamp, name: &RoomName, rules: Option<RoomRules>) -> Arc<KnownRoom> {
        // A reserved name is a direct room's whatever its row says, and before there is one; or it is nobody's.
        let visibility = if name.is_direct() {
            Visibility::Direct
        } else {
            rules.map_or(Visibility::Public, |rules| rules.visibility)
        };
        let life = self.lives.fetch_add(1, Ordering::Relaxed);
        let room = Arc::new(KnownRoom { life, rules, visibility });
        self.rooms.0.remember(stamp, name.key().into(), room.clone());
        room
    }

    /// How somebody stands in a room as far as it is known.
    pub(crate) fn standing(&self, room: &KnownRoom, account: AccountId) -> Option<Standing> {
        self.standings.0.get(&(room.life, account))
    }

    /// Call before the load whose result is given to [`Memory::remember_standing`].
    pub(crate) fn standing_stamp(&self) -> Stamp {
        self.standings.0.stamp()
    }

    /// Remembers how somebody stands in a room, unless a standing was forgotten since `stamp`. When the room itself was
    /// forgotten, nobody asks for standings of this life any more.
    pub(crate) fn remember_standing(&self, stamp: Stamp, room: &KnownRoom, account: AccountId, standing: Standing) {
        self.standings.0.remember(stamp, (room.life, account), standing);
    }

    /// Forgets how one person stands in a room, of which nothing else has changed.
    pub(crate) fn forget_standing(&self, room: &KnownRoom, account: AccountId) {
        self.standings.0.forget(&(room.life, account));
    }

    /// Forgets a room: it is new or gone, or somebody stands there otherwise than before.
    pub(crate) fn forget(&self, name: &RoomName) {
        self.rooms.0.forget(&name.key().into());
    }

    /// Forgets the rooms of these numbers, and those that were not there: they may be among them.
    pub(crate) fn forget_numbers(&self, ids: &HashSet<RoomId>) {
        self.rooms.0.forget_where(|room| room.id().is_none_or(|id| ids.contains(&id)));
    }

    /// Forgets every room.
    pub(crate) fn forget_everything(&self) {
        self.rooms.0.forget_where(|_| true);
    }

    /// Whose turn it is in slow rooms.
    pub(super) fn pace(&self) -> &Pace {
        &self.pace
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> RoomName {
        RoomName::parse(text).expect("a name")
    }

    fn rules(id: i64) -> RoomRules {
        let visibility = Visibility::Public;
        RoomRules { id: RoomId(id), visibility, slow_mode: 0, is_gone: false, is_moderated: true }
    }

    #[test]
    fn forgetting_a_room_forgets_how_everybody_stands_there() {
        let memory = Memory::default();
        let tea = memory.remember(memory.stamp(), &name("tea"), Some(rules(1)));
        memory.remember_standing(memory.standing_stamp(), &tea, AccountId(1), Standing::default());
        assert!(memory.standing(&tea, AccountId(1)).is_some());
        memory.forget_numbers(&HashSet::from([RoomId(1)]));
        assert!(memory.room(&name("tea")).is_none());
        let again = memory.remember(memory.stamp(), &name("tea"), Some(rules(1)));
        assert!(memory.standing(&again, AccountId(1)).is_none());
    }

    #[test]
    fn a_room_that_was_not_there_may_be_any() {
        let memory = Memory::default();
        memory.remember(memory.stamp(), &name("tea"), None);
        memory.forget_numbers(&HashSet::from([RoomId(7)]));
        assert!(memory.room(&name("tea")).is_none());
    }

    #[test]
    fn a_reserved_name_is_direct_whatever_its_row_says() {
        let memory = Memory::default();
        let direct = memory.remember(memory.stamp(), &name("direct:1:2"), Some(rules(1)));
        assert!(direct.visibility() == Visibility::Direct && !direct.is_open());
        for nobodys in ["direct:2:1", "DIRECT:02:1", "direct:"] {
            assert_eq!(
                memory.remember(memory.stamp(), &name(nobodys), None).visibility(),
                Visibility::Direct,
                "{nobodys}"
            );
        }
    }
}
