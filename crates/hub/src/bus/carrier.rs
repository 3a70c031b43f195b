//! The port to whatever brings letters from node to node.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use tokio::sync::watch;
use tracing::error;

use super::hint::{Listener, NodeId};
use super::letter;
use crate::history::BoxFuture;

/// What a letter is about: whoever is not concerned need not get it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Every node is concerned.
    All,
    /// Those in which a room is active, by a hash of its name's key.
    Room(u64),
}

/// Brings letters to the hubs of other nodes. It may lose, repeat and reorder them.
pub trait Carrier: Send + Sync + 'static {
    /// Begins. What others send of [`Topic::All`] goes to the inbox from now on.
    fn begin(&self, inbox: Inbox);

    /// Sends to every other node that hears the topic. Does not wait; false when the letter is dropped.
    fn send(&self, topic: Topic, letter: Bytes) -> bool;

    /// Hears a topic besides. What this answers resolves when that is in force, which it may never be.
    fn tune_in(&self, topic: Topic) -> BoxFuture<'static, ()>;

    /// Hears it no more.
    fn tune_out(&self, topic: Topic);

    /// The most bytes of one letter.
    fn most_bytes(&self) -> usize;

    /// Sends what is still to be sent, before the node stops.
    fn flush(&self) -> BoxFuture<'_, ()>;
}

/// Where letters go to, and word of whether any can come.
#[derive(Clone)]
pub struct Inbox {
    /// Weak, because the listener owns the carrier.
    listener: Weak<dyn Listener>,
    state: Arc<State>,
}

/// What a carrier's node knows of it.
pub(super) struct State {
    pub(super) node: NodeId,
    pub(super) is_connected: AtomicBool,
    /// How often it was connected.
    pub(super) connects: watch::Sender<u64>,
    pub(super) sent: AtomicU64,
    pub(super) received: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) unreadable: AtomicU64,
    pub(super) failed: AtomicU64,
}

/// What the bus has done since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BusCounts {
    /// Whether it is connected.
    pub is_connected: bool,
    /// Hints sent to other nodes.
    pub sent: u64,
    /// Hints of other nodes.
    pub received: u64,
    /// Hints that could not be sent.
    pub dropped: u64,
    /// Letters that could not be read: broken, or of a version with other hints.
    pub unreadable: u64,
    /// Letters that were not heard to their end, which is a mistake of this program's.
    pub failed: u64,
    /// Holes in the logs of rooms that were filled from the history.
    pub repaired: u64,
    /// Nodes that live, this one included.
    pub nodes: usize,
}

impl State {
    pub(super) fn new(node: NodeId) -> Self {
        Self {
            node,
            is_connected: AtomicBool::new(false),
            connects: watch::Sender::new(0),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            unreadable: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }
}

impl Inbox {
    pub(super) fn new(listener: Weak<dyn Listener>, state: Arc<State>) -> Self {
        Self { listener, state }
    }

    /// Takes a letter. One that this node sent itself is passed over.
    pub fn take(&self, letter: &[u8]) {
        let Some((node, hint)) = letter::read(letter) else {
            self.state.unreadable.fetch_add(1, Ordering::Relaxed);
            return;
        };
        if node == self.state.node {
            return;
        }
        self.state.received.fetch_add(1, Ordering::Relaxed);
        let Some(listener) = self.listener.upgrade() else { return };
        // Locks whose holder panicked are taken all the same, and whoever brings the letters has others to bring.
        if catch_unwind(AssertUnwindSafe(|| listener.hear_from(node, hint))).is_err() {
            self.state.failed.fetch_add(1, Ordering::Relaxed);
            error!(%node, "a letter of another node was not heard to its end");
        }
    }

    /// Learns whether letters come and go.
    pub fn set_connected(&self, is_connected: bool) {
        let was_connected = self.state.is_connected.swap(is_connected, Ordering::Relaxed);
        if is_connected && !was_connected {
            self.state.connects.send_modify(|connects| *connects += 1);
        }
    }

    /// The node whose inbox this is.
    pub fn node(&self) -> NodeId {
        self.state.node
    }

    /// Whether there is still a hub to hear.
    pub fn is_over(&self) -> bool {
        self.listener.strong_count() == 0
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("node", &self.state.node).finish_non_exhaustive()
    }
}
