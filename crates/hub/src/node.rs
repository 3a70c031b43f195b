//! What the hub of one node holds, and what it does about the hints it hears.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex};

use parlour_model::{AccountId, Clock};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::bus::{Bus, Hint, Listener, Published};
use crate::encoder::Encoders;
use crate::history::History;
use crate::lock::lock;
use crate::registry::Registry;
use crate::repair;
use crate::rooms::{Hold, Rooms};
use crate::settings::HubSettings;
use crate::subscription::Log;

/// All that a node's hub is.
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
    pub(crate) runtime: Handle,
}

/// Who is awaited, in which room (by the key of its name), and until when.
pub(crate) type Awaited = HashMap<(String, AccountId), (Instant, Hold)>;

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
        let task = repair::repair(Arc::clone(&self.history), Arc::downgrade(room));
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
