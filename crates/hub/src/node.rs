//! What the hub of one node holds, and what is done with it from many sides.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use parlour_model::{AccountId, Clock, Event, RoomId, RoomName, Seq};
use parlour_websocket::Writer;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep};

use crate::bus::Bus;
use crate::cluster::Cluster;
use crate::encoder::Voices;
use crate::history::History;
use crate::line::Line;
use crate::lock::lock;
use crate::reading::Reading;
use crate::registry::Registry;
use crate::repair::{PAGE, RETRY, Repairer};
use crate::room::{Later, Room};
use crate::rooms::{Hold, Rooms};
use crate::settings::HubSettings;
use crate::signal::Signal;
use crate::wheel::Wheel;

/// All that a node's hub is.
pub(crate) struct Inner {
    pub(crate) settings: HubSettings,
    pub(crate) history: Arc<dyn History>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) bus: Bus,
    /// What is known of other nodes, when there may be any.
    pub(crate) cluster: Option<Cluster>,
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) voices: Voices,
    pub(crate) awaited: Mutex<Awaited>,
    pub(crate) reads: Arc<Semaphore>,
    /// Permits to follow rooms only because somebody looked into them.
    pub(crate) kept: Arc<Semaphore>,
    pub(crate) seats: AtomicUsize,
    pub(crate) delivered: Arc<AtomicU64>,
    /// Holes in logs that were filled, or are being.
    pub(crate) repaired: Arc<AtomicU64>,
    pub(crate) wheel: Arc<Wheel<Line>>,
    pub(crate) started: Instant,
    /// Events may be published from a thread that is not the runtime's.
    pub(crate) runtime: Handle,
}

/// Who is awaited, in which room (by the key of its name), and until when.
pub(crate) type Awaited = HashMap<(String, AccountId), (Instant, Hold)>;

impl Inner {
    pub(crate) fn new_room(&self, name: &RoomName) -> Room {
        let outbox = self.cluster.as_ref().map(|cluster| Arc::clone(&cluster.outbox));
        Room::new(name.clone(), &self.settings, Arc::clone(&self.delivered), outbox)
    }

    /// Opens the writing side of a connection.
    pub(crate) fn open(&self, writer: Writer, signal: &Arc<Signal>, reading: Option<Reading>) -> Arc<Line> {
        let line = Arc::new(Line::new(writer, Arc::clone(signal), reading, &self.wheel, &self.settings));
        self.wheel.put(&line, line.first_look());
        line
    }

    /// Has a large room told of its comings and goings when they have gathered.
    pub(crate) fn tell_later(&self, room: &Arc<Room>, later: Later) {
        if later != Later(true) {
            return;
        }
        let (room, clock, gather) = (Arc::clone(room), Arc::clone(&self.clock), self.settings.gather);
        self.runtime.spawn(async move {
            loop {
                sleep(gather).await;
                if room.tell(clock.now()) == Later(false) {
                    return;
                }
            }
        });
    }

    /// Waits for one's turn to read for a seat: those who come back all at once do not take every connection to the
    /// database.
    pub(crate) async fn may_read(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed, and without a permit reading would still be right.
        self.reads.acquire().await.ok()
    }

    /// Reads a page of the history, however often it has to be asked for.
    pub(crate) async fn page(self: Arc<Self>, id: RoomId, after: Seq) -> Vec<Event> {
        loop {
            let page = {
                let _permit = self.may_read().await;
                self.history.after(id, after, PAGE).await
            };
            match page {
                Ok(events) => return events,
                Err(_) => sleep(RETRY).await,
            }
        }
    }

    /// Begins to fill the hole in a room's log.
    pub(crate) fn repair(&self, room: &Arc<Room>) {
        self.runtime.spawn(self.repairer(room).repair());
    }

    /// Looks at the head of a room's log, of which another node has told what this one cannot know.
    pub(crate) fn look(&self, room: &Arc<Room>) {
        // However much is told of it, one look is under way.
        if room.looks_wanted.fetch_add(1, Ordering::AcqRel) == 0 {
            self.runtime.spawn(self.repairer(room).look());
        }
    }

    fn repairer(&self, room: &Arc<Room>) -> Repairer {
        Repairer {
            history: Arc::clone(&self.history),
            reads: Arc::clone(&self.reads),
            repaired: Arc::clone(&self.repaired),
            name: room.name.clone(),
            room: Arc::downgrade(room),
        }
    }

    /// Waits for a person to come back, for as long as the grace is.
    pub(crate) fn wait_for(&self, id: AccountId, until: Instant, hold: Hold) {
        let key = (hold.room.name.key().to_owned(), id);
        // The one that is not kept is let go here, after the lock.
        let _other = {
            let mut awaited = lock(&self.awaited);
            match awaited.get(&key) {
                // A line that broke after this one was told of before it.
                Some((later, _)) if *later > until => Some((until, hold)),
                _ => awaited.insert(key, (until, hold)),
            }
        };
    }

    /// Gives up on those who did not come back in time.
    pub(crate) fn give_up(&self, now: Instant) {
        let due = |_: &(String, AccountId), (until, _): &mut (Instant, Hold)| *until <= now;
        let late: Vec<_> = lock(&self.awaited).extract_if(due).collect();
        for ((_, id), (_, hold)) in late {
            let later = hold.room.give_up(id, now, self.clock.now());
            self.tell_later(&hold.room, later);
        }
    }
}
