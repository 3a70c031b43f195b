//! What one of several nodes holds of the others, and the port to their leases.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::bus::{Carrier, NodeId};
use crate::history::{BoxFuture, HistoryError};
use crate::lock::lock;
use crate::nodes::{Nodes, Seen};
use crate::outbox::Outbox;

/// What the leases said last is good for so long.
const SIGHT: Duration = Duration::from_secs(5);

/// What a node needs to be one of several.
pub struct Others {
    /// Its number, drawn at its start and never before.
    pub node: NodeId,
    /// What brings hints to the others.
    pub carrier: Arc<dyn Carrier>,
    /// Where they all hold leases.
    pub leases: Arc<dyn Leases>,
}

/// A node's beats in the store, beside those on the bus: so that nobody is believed dead who is only not heard.
pub trait Leases: Send + Sync + 'static {
    /// Lets a node's beat grow and answers with the beats of all nodes that have one.
    fn beat(&self, node: NodeId) -> BoxFuture<'_, Result<Vec<(NodeId, u64)>, HistoryError>>;

    /// A node stops, and needs no lease any more.
    fn leave(&self, node: NodeId) -> BoxFuture<'_, ()>;
}

/// What is known of the others.
pub(crate) struct Cluster {
    pub(crate) leases: Arc<dyn Leases>,
    /// Held by who beats there or takes the lease away.
    pub(crate) beating: tokio::sync::Mutex<()>,
    /// Whether this node has begun to say goodbye.
    pub(crate) is_leaving: AtomicBool,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) nodes: Mutex<Nodes>,
    /// When the leases were last read.
    read_at: Mutex<Option<Instant>>,
    /// Up to here this node heeds the control log.
    pub(crate) heeded: AtomicI64,
    /// Rung when another node has written there.
    pub(crate) control: Notify,
    /// Rung when a node has answered something.
    pub(crate) answered: Notify,
    /// Rung when this node was held up for long.
    pub(crate) woken: Arc<Notify>,
}

impl Cluster {
    pub(crate) fn new(leases: Arc<dyn Leases>) -> Self {
        Self {
            leases,
            beating: tokio::sync::Mutex::default(),
            is_leaving: AtomicBool::new(false),
            outbox: Arc::default(),
            nodes: Mutex::default(),
            read_at: Mutex::default(),
            heeded: AtomicI64::new(0),
            control: Notify::new(),
            answered: Notify::new(),
            woken: Arc::default(),
        }
    }

    /// Whether this node has begun to say goodbye: then it beats no more.
    pub(crate) fn is_leaving(&self) -> bool {
        self.is_leaving.load(Ordering::Relaxed)
    }

    /// How many other nodes live.
    pub(crate) fn living(&self) -> usize {
        lock(&self.nodes).len()
    }

    /// The leases were read.
    pub(crate) fn read(&self, beats: Vec<(NodeId, u64)>, own: NodeId, now: Instant) {
        *lock(&self.read_at) = Some(now);
        let mut nodes = lock(&self.nodes);
        for (node, beat) in beats {
            if node != own {
                nodes.beat(node, Seen::Store(beat), now);
            }
        }
    }

    /// Whether the leases can be read.
    pub(crate) fn sees_leases(&self, now: Instant) -> bool {
        lock(&self.read_at).is_some_and(|at| now.duration_since(at) < SIGHT)
    }
}
