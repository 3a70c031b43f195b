//! One room in memory: its place in the log, its newest entries, its people.

mod comings;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, RwLock, RwLockReadGuard};

use parlour_model::{AccountId, Author, Epoch, Event, RoomId, RoomName, Seq, Timestamp};
use tokio::sync::OnceCell;

use crate::bells::Bells;
use crate::bus::Tuned;
use crate::elsewhere::Elsewhere;
use crate::encoder::Here;
use crate::history::Head;
use crate::lock::{read, write};
use crate::outbox::Outbox;
use crate::places::{Place, Places};
use crate::presence::{News, People};
use crate::ring::{Position, Ring, Told, What};
use crate::settings::HubSettings;
use crate::subscription::{Log, Progress, Subscription};
use crate::typing::{MOST_WHO_HEAR, Typists};

/// Which part of the ring comings and goings may fill at once: when thousands come in a moment, those who are here
/// are to read of it before it is let go.
const PORTION: usize = 4;

/// A room that somebody is in, or was in until a moment ago.
pub(crate) struct Room {
    pub(crate) name: RoomName,
    /// The name that it has in the store, once that is known: whoever came first may spell it otherwise.
    title: OnceLock<Box<str>>,
    /// Done by whoever joins first; the others wait for it.
    pub(crate) activation: OnceCell<()>,
    state: RwLock<State>,
    /// The ring's bounds, to be looked at without the lock.
    first: AtomicU64,
    end: AtomicU64,
    bells: Arc<Bells>,
    /// Whether a task rings those who follow.
    has_ringer: AtomicBool,
    pub(crate) typists: Typists,
    /// How often somebody wanted a look at the head since one began.
    pub(crate) looks_wanted: AtomicUsize,
    /// Frames given to seats, all rooms together.
    delivered: Arc<AtomicU64>,
    /// A room with more people gathers their comings and goings for a moment.
    large: usize,
    /// Where other nodes are told of its people, if there may be any.
    outbox: Option<Arc<Outbox>>,
    /// By what it is told of from there.
    tuned: OnceLock<Tuned>,
}

/// What changes together, under one lock that is never held across an await.
pub(crate) struct State {
    subscription: Subscription,
    pub(crate) ring: Ring,
    people: People,
    places: Places,
    /// Whether a task fills the hole in the log.
    repairing: bool,
    /// Whether comings and goings are being gathered.
    tells_later: bool,
    /// How many of them are told at once.
    most_told: usize,
    elsewhere: Elsewhere,
    /// The version of this node's people here that other nodes were told of last; 0 before the first.
    version: u64,
}

/// What a newcomer finds.
pub(crate) struct Arrived {
    /// From here on presence entries are news to the seat; its `others` show the earlier ones.
    pub(crate) at: Position,
    pub(crate) place: Place,
    /// How many people the room knows to be there, and the newcomer.
    pub(crate) count: usize,
    /// Some of them, or all, but not the newcomer.
    pub(crate) others: Vec<Author>,
    /// Whether the room does not know yet that the newcomer is there.
    pub(crate) untold: bool,
    /// The seq of the last event before `at`.
    pub(crate) last: Seq,
    /// The log that this is in, if there is one.
    pub(crate) log: Option<Log>,
}

/// Where a seat that is behind can go on.
pub(crate) enum Gate {
    /// In the ring.
    Open(Position),
    /// In the history.
    Read(RoomId),
    /// Nowhere: what it would have to be told is gone.
    Lost,
}

/// Something is to be told to the room a moment later: [`Room::tell`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) struct Later(pub(crate) bool);

impl Room {
    pub(crate) fn new(
        name: RoomName,
        settings: &HubSettings,
        delivered: Arc<AtomicU64>,
        outbox: Option<Arc<Outbox>>,
    ) -> Self {
        let state = State {
            subscription: Subscription::default(),
            ring: Ring::new(settings.ring_entries, settings.ring_bytes),
            people: People::new(outbox.is_some()),
            places: Places::default(),
            repairing: false,
            tells_later: false,
            most_told: (settings.ring_entries / PORTION).max(1),
            elsewhere: Elsewhere::default(),
            version: 0,
        };
        Self {
            name,
            title: OnceLock::new(),
            activation: OnceCell::new(),
            state: RwLock::new(state),
            first: AtomicU64::new(0),
            end: AtomicU64::new(0),
            bells: Arc::new(Bells::new(settings.walkers)),
            has_ringer: AtomicBool::new(false),
            typists: Typists::default(),
            looks_wanted: AtomicUsize::new(0),
            delivered,
            large: settings.large_room,
            outbox,
            tuned: OnceLock::new(),
        }
    }

    /// The place that the next entry will have.
    pub(crate) fn end(&self) -> Position {
        self.end.load(Ordering::Acquire)
    }

    /// The first place that is still there.
    pub(crate) fn first(&self) -> Position {
        self.first.load(Ordering::Acquire)
    }

    /// What is rung when something has happened here, or the room is gone.
    pub(crate) fn bells(&self) -> &Arc<Bells> {
        &self.bells
    }

    /// Where this is, for an encoder.
    pub(crate) fn here(&self, state: &State) -> Here<'_> {
        let room = self.title.get().map_or(self.name.as_str(), |title| title);
        Here { room, epoch: state.subscription.log().map_or_else(Epoch::default, |log| log.epoch) }
    }

    /// Learns its name as it was first written.
    pub(crate) fn entitle(&self, name: &str) {
        self.title.get_or_init(|| name.into());
    }

    /// Whether nobody rings those who follow yet. From then on somebody does: whoever asked.
    pub(crate) fn wants_ringer(&self) -> bool {
        !self.has_ringer.swap(true, Ordering::Relaxed)
    }

    /// Keeps what tells it of other nodes.
    pub(crate) fn keep(&self, tuned: Tuned) {
        // A second one, of a start that was begun anew, is as good.
        let _ = self.tuned.set(tuned);
    }

    /// Counts frames that were given to seats.
    pub(crate) fn count(&self, given: u64) {
        self.delivered.fetch_add(given, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        read(&self.state)
    }

    /// The seq of the last delivered event.
    pub(crate) fn last(&self) -> Seq {
        self.read().subscription.last()
    }

    /// Begins after the head. `true`: the log has a hole, and the caller is to fill it.
    #[must_use]
    pub(crate) fn start(&self, head: Option<&Head>) -> bool {
        if let Some(head) = head {
            self.entitle(&head.name);
        }
        self.follow(|subscription| subscription.start(head))
    }

    /// Takes events from the bus or the history. `true` as for [`Room::start`].
    #[must_use]
    pub(crate) fn take(&self, log: Log, events: Vec<Event>) -> bool {
        self.follow(|subscription| subscription.take(log, events))
    }

    /// Takes events that another node tells of. Whether the log has a hole, as for [`Room::start`], and whether the head
    /// is to be looked at.
    #[must_use]
    pub(crate) fn hear(&self, log: Log, events: Vec<Event>) -> (bool, bool) {
        let mut is_doubtful = false;
        let has_hole = self.follow(|subscription| {
            let (progress, doubt) = subscription.hear(log, events);
            is_doubtful = doubt;
            progress
        });
        (has_hole, is_doubtful)
    }

    /// Whether it would be news that the log goes so far.
    pub(crate) fn is_doubtful(&self, log: Log, last: Seq) -> bool {
        self.read().subscription.is_doubtful(log, last)
    }

    /// Takes a look at the head. `true` as for [`Room::start`].
    #[must_use]
    pub(crate) fn learn(&self, head: &Head) -> bool {
        self.follow(|subscription| subscription.learn(head))
    }

    /// The log, the last event's seq, and what was told of it, the event that it began after included. `None` where there is
    /// no log.
    pub(crate) fn told(&self) -> Option<(Log, Seq, Told)> {
        let state = self.read();
        let log = state.subscription.log()?;
        let mut told: Told = state.subscription.began().into_iter().collect();
        told.extend(state.ring.events());
        Some((log, state.subscription.last(), told))
    }

    /// Goes on after another head than what was told leads to. `true` as for [`Room::start`].
    #[must_use]
    pub(crate) fn turn_over(&self, head: Option<&Head>) -> bool {
        self.follow(|subscription| {
            *subscription = Subscription::default();
            Progress { turned: true, ..subscription.start(head) }
        })
    }

    /// The log and the seq after which events are missing. `None` ends the repair.
    pub(crate) fn hole(&self) -> Option<(Log, Seq)> {
        let mut state = write(&self.state);
        let hole = state.subscription.hole();
        state.repairing = hole.is_some();
        hole
    }

    /// Somebody is writing: those in the room hear of it, unless there are too many.
    pub(crate) fn hear_typing(&self, author: Author) {
        self.change(|state| {
            if state.places.len() <= MOST_WHO_HEAR {
                state.ring.push(What::Typing(author));
            }
        });
    }

    /// An account is gone, and what it wrote with it.
    pub(crate) fn erase(&self, id: AccountId) {
        write(&self.state).ring.rewrite(id, None);
    }

    /// Where a seat goes on that has everything up to `after`, and hears of presence from `joined_at` on.
    pub(crate) fn gate(&self, after: Seq, joined_at: Position, presence: bool) -> Gate {
        let state = self.read();
        let ring = &state.ring;
        if ring.turned_since(joined_at) {
            return Gate::Lost;
        }
        let place = if after >= state.subscription.last() {
            ring.end()
        } else if let Some(place) = ring.position_of(after + 1) {
            place
        } else {
            return state.subscription.log().map_or(Gate::Lost, |log| Gate::Read(log.id));
        };
        // Presence since the joining may stand before the events that the history has already given.
        if place > joined_at && presence && ring.lost_presence_since(joined_at) {
            return Gate::Lost;
        }
        Gate::Open(place.min(joined_at.max(ring.first())))
    }

    fn follow(&self, step: impl FnOnce(&mut Subscription) -> Progress) -> bool {
        self.change(|state| {
            let Progress { ready, turned } = step(&mut state.subscription);
            if turned {
                state.ring.turn_over();
            }
            for event in ready {
                state.ring.push(What::Event(event));
            }
            let begins = !state.repairing && state.subscription.hole().is_some();
            state.repairing |= begins;
            begins
        })
    }

    /// Changes the room and rings its walkers if that put something into the ring.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let (result, end) = {
            let mut state = write(&self.state);
            let result = change(&mut state);
            if let Some(outbox) = &self.outbox {
                state.tell_others(&self.name, outbox);
            }
            self.first.store(state.ring.first(), Ordering::Release);
            (result, state.ring.end())
        };
        // Outside of the lock two changes may come here in the other order.
        if self.end.fetch_max(end, Ordering::AcqRel) < end {
            self.bells.ring_all();
        }
        result
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.bells.ring_all();
    }
}

impl State {
    /// The seq of the last delivered event.
    pub(crate) fn last(&self) -> Seq {
        self.subscription.last()
    }

    /// The log that is followed, if there is one.
    pub(crate) fn log(&self) -> Option<Log> {
        self.subscription.log()
    }

    /// Rings so many of those who follow, from a number on, and says whether there are more.
    pub(crate) fn ring_ears(&self, first: usize, most: usize) -> bool {
        self.places.ring(first, most)
    }

    /// Tells of comings and goings at once, unless there are too many people for that.
    fn tell_if_small(&mut self, large: usize, at: Timestamp) -> Later {
        if self.places.len() == 0 {
            // Nobody is here to hear of it, and whoever comes is told of all who are: of a large room elsewhere, too.
            drop(self.people.news(usize::MAX));
            return Later(false);
        }
        if self.people.len() <= large && !self.tells_later {
            return self.tell(at);
        }
        let begins = self.people.has_news() && !self.tells_later;
        self.tells_later |= begins;
        Later(begins)
    }

    fn tell_others(&mut self, room: &RoomName, outbox: &Outbox) {
        let changes = self.people.outward();
        if !changes.is_empty() {
            self.version = outbox.put(room, self.version, changes);
        }
    }

    /// Tells of so many that nobody falls off the ring for it. `Later`: there are more.
    fn tell(&mut self, at: Timestamp) -> Later {
        for news in self.people.news(self.most_told) {
            self.ring.push(match news {
                News::Joined(author) => What::Joined(author, at),
                News::Left(author) => What::Left(author, at),
            });
        }
        self.tells_later = self.people.has_news();
        Later(self.tells_later)
    }
}
