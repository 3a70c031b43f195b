//! The hub: every room, seat and connection of this node, and the few tasks that look after them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};

use parlour_model::{AccountId, Clock};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::bus::{Bus, Hint, Listener, Local, Published};
use crate::care;
use crate::encoder::Encoders;
use crate::history::History;
use crate::lock::lock;
use crate::registry::Registry;
use crate::rooms::{Hold, Rooms};
use crate::settings::HubSettings;
use crate::subscription::Log;

/// How many pages of the history are read at once for seats that come back: a herd of them must not take every
/// connection to the database.
const MOST_READS: usize = 16;

/// Every room, seat and connection of this node. Cheap to clone; its tasks end with the last clone.
#[derive(Clone)]
pub struct Hub(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) settings: HubSettings,
    pub(crate) history: Arc<dyn History>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) bus: Bus,
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) encoders: Encoders,
    pub(crate) awaited: Mutex<Awaited>,
    pub(crate) reads: Semaphore,
    pub(crate) seats: AtomicUsize,
    pub(crate) delivered: AtomicU64,
    /// Events may be published from a thread that is not the runtime's.
    runtime: Handle,
}

/// Who is awaited, in which room (by the key of its name), and until when.
pub(crate) type Awaited = HashMap<(String, AccountId), (Instant, Hold)>;

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
            encoders: Encoders::default(),
            awaited: Mutex::default(),
            reads: Semaphore::new(MOST_READS),
            seats: AtomicUsize::new(0),
            delivered: AtomicU64::new(0),
            runtime: Handle::current(),
        });
        tokio::spawn(care::watch_clocks(Arc::downgrade(&inner)));
        tokio::spawn(care::watch_heads(Arc::downgrade(&inner)));
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

impl Listener for Inner {
    fn hear(&self, hint: Hint) {
        match hint {
            Hint::Published(published) => self.deliver(published),
            Hint::SessionEnded(id) => self.registry.end_session(id),
            Hint::AccountEnded { id, except } => self.registry.end_account(id, except),
            Hint::Erased(id) => {
                for room in self.rooms.all() {
                    room.erase(id);
                }
            }
            Hint::Renamed { id, username } => {
                for room in self.rooms.all() {
                    room.rename(id, &username, self.clock.now());
                }
            }
        }
    }
}

impl Inner {
    fn deliver(&self, published: Published) {
        let Some(room) = self.rooms.find(&published.room) else {
            return;
        };
        let log = Log { epoch: published.epoch, id: published.head_id };
        if room.take(log, published.events) {
            self.repair(&room);
        }
    }

    /// Begins to fill the hole in a room's log.
    pub(crate) fn repair(&self, room: &Arc<crate::room::Room>) {
        let task = care::repair(Arc::clone(&self.history), Arc::downgrade(room));
        self.runtime.spawn(task);
    }

    /// Waits for a person to come back, for as long as the grace is.
    pub(crate) fn wait_for(&self, id: AccountId, until: Instant, hold: Hold) {
        let key = (hold.room.name.key().to_owned(), id);
        let earlier = lock(&self.awaited).insert(key, (until, hold));
        // An earlier hold is let go here, after the lock.
        drop(earlier);
    }

    /// Gives up on those who did not come back in time.
    pub(crate) fn give_up(&self, now: Instant) {
        let due = |_: &(String, AccountId), (until, _): &mut (Instant, Hold)| *until <= now;
        let late: Vec<_> = lock(&self.awaited).extract_if(due).collect();
        for ((_, id), (_, hold)) in late {
            hold.room.give_up(id, now, self.clock.now());
        }
    }
}
