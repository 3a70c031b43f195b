//! The hub: every room, seat and connection of this node, and the few tasks that look after them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};

use parlour_model::Clock;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::bus::{Bus, BusCounts, Hint, Local, Published, Remote};
use crate::care;
use crate::cluster::{Cluster, Others};
use crate::encoder::Voices;
use crate::glance::MOST_KEPT;
use crate::history::History;
use crate::neighbours;
use crate::node::Inner;
use crate::registry::Registry;
use crate::settings::HubSettings;
use crate::wheel::Wheel;

/// How many pages of the history are read at once for seats that come back: a herd of them must not take every
/// connection to the database.
const MOST_READS: usize = 16;

/// Every room, seat and connection of this node. Cheap to clone; its tasks end with the last clone.
#[derive(Clone)]
pub struct Hub(pub(crate) Arc<Inner>);

/// What there is now, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Open connections.
    pub connections: usize,
    /// Seats in rooms.
    pub seats: usize,
    /// Active rooms.
    pub rooms: usize,
    /// Frames given to seats since the start.
    pub delivered: u64,
}

impl Hub {
    /// Starts the hub of a node that is alone. To be called in a tokio runtime, where its tasks will run.
    pub fn start(settings: HubSettings, history: Arc<dyn History>, clock: Arc<dyn Clock>) -> Self {
        Self::begin(settings, history, clock, |inner| (Bus::Local(Local::new(inner)), None))
    }

    /// Starts the hub of one of several nodes.
    pub fn start_among(
        settings: HubSettings,
        history: Arc<dyn History>,
        clock: Arc<dyn Clock>,
        others: Others,
    ) -> Self {
        let Others { node, carrier, leases } = others;
        let hub = Self::begin(settings, history, clock, |inner| {
            let remote = Remote::new(node, Local::new(inner), carrier);
            (Bus::Remote(remote), Some(Cluster::new(leases)))
        });
        if let Some(remote) = hub.0.bus.remote() {
            remote.begin();
            neighbours::begin(&hub.0, remote);
        }
        hub
    }

    fn begin(
        settings: HubSettings,
        history: Arc<dyn History>,
        clock: Arc<dyn Clock>,
        bus: impl FnOnce(Weak<Inner>) -> (Bus, Option<Cluster>),
    ) -> Self {
        let inner = Arc::new_cyclic(|inner: &Weak<Inner>| {
            let (bus, cluster) = bus(inner.clone());
            Inner {
                settings,
                history,
                clock,
                bus,
                cluster,
                rooms: Arc::default(),
                registry: Arc::new(Registry::new(&settings)),
                voices: Voices::default(),
                awaited: Mutex::default(),
                reads: Arc::new(Semaphore::new(MOST_READS)),
                kept: Arc::new(Semaphore::new(MOST_KEPT)),
                seats: AtomicUsize::new(0),
                delivered: Arc::default(),
                repaired: Arc::default(),
                wheel: Arc::new(Wheel::new(&settings)),
                started: Instant::now(),
                runtime: Handle::current(),
            }
        });
        tokio::spawn(care::watch_clocks(Arc::downgrade(&inner)));
        tokio::spawn(care::watch_heads(Arc::downgrade(&inner)));
        tokio::spawn(care::turn_wheel(Arc::downgrade(&inner)));
        Self(inner)
    }

    /// Tells the rooms of every node what was committed. Returns at once; to be called after the commit.
    pub fn publish(&self, published: Published) {
        self.0.bus.tell(Hint::Published(published));
    }

    /// What there is now.
    pub fn counts(&self) -> Counts {
        Counts {
            connections: self.0.registry.len(),
            seats: self.0.seats.load(Ordering::Relaxed),
            rooms: self.0.rooms.len(),
            delivered: self.0.delivered.load(Ordering::Relaxed),
        }
    }

    /// What the bus has done, if there is one to other nodes.
    pub fn bus_counts(&self) -> Option<BusCounts> {
        let (remote, cluster) = (self.0.bus.remote()?, self.0.cluster.as_ref()?);
        let repaired = self.0.repaired.load(Ordering::Relaxed);
        Some(BusCounts { repaired, nodes: cluster.living() + 1, ..remote.counts() })
    }

    /// What it was started with.
    pub fn settings(&self) -> &HubSettings {
        &self.0.settings
    }
}
