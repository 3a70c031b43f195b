//! The hub: every room, seat and connection of this node, and the few tasks that look after them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};

use parlour_model::Clock;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::bus::{Bus, Hint, Local, Published};
use crate::care;
use crate::encoder::Voices;
use crate::history::History;
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
        let inner = Arc::new_cyclic(|inner: &Weak<Inner>| Inner {
            settings,
            history,
            clock,
            bus: Bus::Local(Local::new(inner.clone())),
            rooms: Arc::default(),
            registry: Arc::new(Registry::new(&settings)),
            voices: Voices::default(),
            awaited: Mutex::default(),
            reads: Semaphore::new(MOST_READS),
            seats: AtomicUsize::new(0),
            delivered: Arc::default(),
            wheel: Arc::new(Wheel::new(&settings)),
            runtime: Handle::current(),
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

    /// What it was started with.
    pub fn settings(&self) -> &HubSettings {
        &self.0.settings
    }
}
