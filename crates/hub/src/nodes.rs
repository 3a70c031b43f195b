//! The other nodes: which of them live, as far as can be seen from here, and what they have heeded.
//!
//! A node lives for an observer that has seen one of its two beats grow (the one on the bus, the one in the store) within a
//! time, by the observer's own clock: no clocks are compared. Whoever sees neither bus nor store judges nobody.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::bus::NodeId;

/// How often a node's beats grow.
pub(crate) const BEAT: Duration = Duration::from_secs(2);

/// After so long a silence a node counts as dead.
const SILENCE: Duration = Duration::from_secs(8);

/// Of a node that the bus has brought nothing of for so long no answer is waited for: it is cut off from there, and looks
/// itself.
const HEARD: Duration = Duration::from_secs(5);

/// Whoever has not looked for so long was held up itself, and what it did not hear says nothing.
pub(crate) const HELD_UP: Duration = Duration::from_secs(5);

/// How long a node that is gone is remembered: late letters of it say nothing.
const REMEMBERED: Duration = Duration::from_mins(1);

/// The other nodes, as they are seen from here.
#[derive(Default)]
pub(crate) struct Nodes {
    alive: HashMap<NodeId, Node>,
    gone: HashMap<NodeId, Gone>,
    /// When nodes were last judged.
    judged_at: Option<Instant>,
}

struct Node {
    beats: Beats,
    /// When one of them was last seen to grow.
    grew_at: Instant,
    /// When it was last heard by the bus: without that nothing is to be waited for from it there.
    heard_at: Option<Instant>,
    /// Up to here it heeds the control log.
    heeded: i64,
}

struct Gone {
    beats: Beats,
    at: Instant,
    /// Whether it has said so: then it does not come back.
    for_good: bool,
}

#[derive(Clone, Copy, Default)]
struct Beats {
    bus: u64,
    store: u64,
}

/// Where a beat was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Bus(u64),
    Store(u64),
}

impl Node {
    fn is_heard(&self, now: Instant) -> bool {
        self.heard_at.is_some_and(|at| now.duration_since(at) < HEARD)
    }
}

impl Beats {
    fn grow(&mut self, seen: Seen) -> bool {
        let (known, beat) = match seen {
            Seen::Bus(beat) => (&mut self.bus, beat),
            Seen::Store(beat) => (&mut self.store, beat),
        };
        let grows = beat > *known;
        *known = beat.max(*known);
        grows
    }
}

impl Nodes {
    /// A beat was seen. Says whether it is a new node's.
    pub(crate) fn beat(&mut self, id: NodeId, seen: Seen, now: Instant) -> bool {
        let heard_at = matches!(seen, Seen::Bus(_)).then_some(now);
        if let Some(node) = self.alive.get_mut(&id) {
            node.heard_at = heard_at.or(node.heard_at);
            if node.beats.grow(seen) {
                node.grew_at = now;
            }
            return false;
        }
        let mut beats = Beats::default();
        if let Some(gone) = self.gone.get_mut(&id) {
            if gone.for_good || !gone.beats.grow(seen) {
                return false;
            }
            beats = gone.beats;
        }
        beats.grow(seen);
        self.gone.remove(&id);
        self.alive.insert(id, Node { beats, grew_at: now, heard_at, heeded: 0 });
        true
    }

    /// Something else came of a node. False: it is gone, and what it said is late.
    pub(crate) fn hear(&mut self, id: NodeId, now: Instant) -> bool {
        if self.gone.contains_key(&id) {
            return false;
        }
        // One that is never seen to beat is judged like others.
        let unknown = || Node { beats: Beats::default(), grew_at: now, heard_at: None, heeded: 0 };
        self.alive.entry(id).or_insert_with(unknown).heard_at = Some(now);
        true
    }

    /// Says who has died.
    pub(crate) fn judge(&mut self, sees: bool, now: Instant) -> Vec<NodeId> {
        let was_held_up = self.judged_at.is_none_or(|at| now.duration_since(at) > HELD_UP);
        self.judged_at = Some(now);
        if was_held_up || !sees {
            self.alive.values_mut().for_each(|node| node.grew_at = now);
        }
        self.gone.retain(|_, gone| now.duration_since(gone.at) < REMEMBERED);
        let is_dead = |node: &Node| now.duration_since(node.grew_at) >= SILENCE;
        let dead: Vec<_> = self.alive.extract_if(|_, node| is_dead(node)).collect();
        let ids = dead.iter().map(|(id, _)| *id).collect();
        for (id, node) in dead {
            self.gone.insert(id, Gone { beats: node.beats, at: now, for_good: false });
        }
        ids
    }

    /// A node has said that it stops. Whether it was alive until then.
    pub(crate) fn leave(&mut self, id: NodeId, now: Instant) -> bool {
        let node = self.alive.remove(&id);
        let beats = node.as_ref().map(|node| node.beats).unwrap_or_default();
        self.gone.insert(id, Gone { beats, at: now, for_good: true });
        node.is_some()
    }

    /// A node heeds the control log up to there.
    pub(crate) fn heed(&mut self, id: NodeId, seq: i64) {
        if let Some(node) = self.alive.get_mut(&id) {
            // It may be less than it was: the log went back.
            node.heeded = seq;
        }
    }

    /// Whether every node that can say so has said that it heeds the control log up to there.
    pub(crate) fn all_heed(&self, seq: i64, now: Instant) -> bool {
        self.alive.values().filter(|node| node.is_heard(now)).all(|node| node.heeded >= seq)
    }

    /// Those that can be asked by the bus.
    pub(crate) fn heard(&self, now: Instant) -> impl Iterator<Item = NodeId> {
        self.alive.iter().filter(move |(_, node)| node.is_heard(now)).map(|(id, _)| *id)
    }

    /// How many live.
    pub(crate) fn len(&self) -> usize {
        self.alive.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: NodeId = NodeId(1);

    /// A table that is looked at every second, and a clock.
    struct Watch {
        nodes: Nodes,
        now: Instant,
        sees: bool,
    }

    impl Watch {
        fn new() -> Self {
            let mut watch = Self { nodes: Nodes::default(), now: Instant::now(), sees: true };
            watch.pass(1);
            watch
        }

        /// Passes so many seconds; says who has died.
        fn pass(&mut self, seconds: u64) -> Vec<NodeId> {
            let second = |_| {
                self.now += Duration::from_secs(1);
                self.nodes.judge(self.sees, self.now)
            };
            (0..seconds).flat_map(second).collect()
        }

        fn beat(&mut self, seen: Seen) {
            self.nodes.beat(ONE, seen, self.now);
        }
    }

    #[test]
    fn a_node_lives_while_either_beat_grows_and_dies_of_silence() {
        let mut watch = Watch::new();
        watch.beat(Seen::Bus(1));
        for beat in 1..10 {
            assert_eq!(watch.pass(2), []);
            watch.beat(Seen::Store(beat));
            watch.beat(Seen::Bus(1));
        }
        assert_eq!((watch.pass(7), watch.pass(1)), (vec![], vec![ONE]));
        watch.beat(Seen::Bus(1));
        watch.beat(Seen::Store(9));
        assert!(watch.nodes.len() == 0 && !watch.nodes.hear(ONE, watch.now), "late letters wake nobody");
        watch.beat(Seen::Store(10));
        assert!(watch.nodes.len() == 1 && watch.nodes.hear(ONE, watch.now), "it was only held up");
    }

    #[test]
    fn whoever_sees_nothing_or_was_held_up_judges_nobody() {
        let mut watch = Watch::new();
        watch.beat(Seen::Bus(1));
        watch.sees = false;
        assert_eq!(watch.pass(100), []);
        watch.sees = true;
        assert_eq!((watch.pass(7), watch.pass(1)), (vec![], vec![ONE]));
        watch.beat(Seen::Bus(2));
        watch.now += Duration::from_mins(5);
        assert_eq!(watch.pass(7), [], "asleep for minutes");
        assert_eq!(watch.pass(2), [ONE]);
    }

    #[test]
    fn whoever_leaves_does_not_come_back() {
        let mut watch = Watch::new();
        watch.beat(Seen::Bus(1));
        assert!(watch.nodes.leave(ONE, watch.now) && !watch.nodes.leave(ONE, watch.now));
        watch.beat(Seen::Bus(2));
        watch.beat(Seen::Store(2));
        assert!(watch.nodes.len() == 0 && !watch.nodes.hear(ONE, watch.now));
        assert_eq!(watch.pass(100), []);
    }

    #[test]
    fn all_heed_when_the_slowest_does() {
        let mut watch = Watch::new();
        let heed = |watch: &Watch, seq| watch.nodes.all_heed(seq, watch.now);
        assert!(heed(&watch, 7), "nobody is there to wait for");
        watch.beat(Seen::Bus(1));
        watch.nodes.beat(NodeId(2), Seen::Bus(1), watch.now);
        watch.nodes.heed(ONE, 7);
        assert!(!heed(&watch, 7));
        watch.nodes.heed(NodeId(2), 8);
        assert!(heed(&watch, 7) && !heed(&watch, 8));
        watch.nodes.heed(ONE, 3);
        assert!(!heed(&watch, 7), "the log went back");
    }

    #[test]
    fn whoever_is_not_heard_by_the_bus_is_not_waited_for() {
        let mut watch = Watch::new();
        let heard = |watch: &Watch| watch.nodes.heard(watch.now).collect::<Vec<_>>();
        watch.nodes.beat(NodeId(2), Seen::Store(1), watch.now);
        assert!(watch.nodes.all_heed(7, watch.now) && heard(&watch).is_empty(), "it has only a lease");
        watch.beat(Seen::Bus(1));
        assert!(!watch.nodes.all_heed(7, watch.now) && heard(&watch) == [ONE]);
        watch.pass(5);
        watch.beat(Seen::Store(1));
        assert!(watch.nodes.all_heed(7, watch.now) && heard(&watch).is_empty(), "it is cut off from the bus");
        assert!(watch.nodes.hear(ONE, watch.now));
        assert_eq!(heard(&watch), [ONE]);
    }
}
