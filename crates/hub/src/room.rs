//! One room in memory: its place in the log, its newest entries, its people.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock, RwLockReadGuard};

use parlour_model::{AccountId, Author, Event, RoomId, RoomName, Seq, Timestamp};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::bells::Bells;
use crate::history::Head;
use crate::lock::{read, write};
use crate::presence::{News, People};
use crate::ring::{Position, Ring, What};
use crate::settings::HubSettings;
use crate::subscription::{Log, Progress, Subscription};

/// A room that somebody is in, or was in until a moment ago.
pub(crate) struct Room {
    pub(crate) name: RoomName,
    /// Done by whoever joins first; the others wait for it.
    pub(crate) activation: OnceCell<()>,
    state: RwLock<State>,
    /// The ring's bounds, to be looked at without the lock.
    first: AtomicU64,
    end: AtomicU64,
    bells: Arc<Bells>,
    /// Frames given to seats, all rooms together.
    delivered: Arc<AtomicU64>,
    /// A room with more people gathers their comings and goings for a moment.
    large: usize,
}

/// What changes together, under one lock that is never held across an await.
pub(crate) struct State {
    subscription: Subscription,
    pub(crate) ring: Ring,
    people: People,
    /// Whether a task fills the hole in the log.
    repairing: bool,
    /// Whether comings and goings are being gathered.
    tells_later: bool,
}

/// What a newcomer finds.
pub(crate) struct Arrived {
    /// From here on presence entries are news to the seat; its `others` show the earlier ones.
    pub(crate) at: Position,
    pub(crate) others: Vec<Author>,
    /// Whether the room does not know yet that the newcomer is there.
    pub(crate) untold: bool,
    /// The seq of the last event before `at`.
    pub(crate) last: Seq,
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
    pub(crate) fn new(name: RoomName, settings: &HubSettings, delivered: Arc<AtomicU64>) -> Self {
        let state = State {
            subscription: Subscription::default(),
            ring: Ring::new(settings.ring_entries, settings.ring_bytes),
            people: People::default(),
            repairing: false,
            tells_later: false,
        };
        Self {
            name,
            activation: OnceCell::new(),
            state: RwLock::new(state),
            first: AtomicU64::new(0),
            end: AtomicU64::new(0),
            bells: Arc::new(Bells::new(settings.walkers)),
            delivered,
            large: settings.large_room,
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
    pub(crate) fn start(&self, head: Option<Head>) -> bool {
        self.follow(|subscription| subscription.start(head))
    }

    /// Takes events from the bus or the history. `true` as for [`Room::start`].
    #[must_use]
    pub(crate) fn take(&self, log: Log, events: Vec<Event>) -> bool {
        self.follow(|subscription| subscription.take(log, events))
    }

    /// Takes a look at the head. `true` as for [`Room::start`].
    #[must_use]
    pub(crate) fn learn(&self, head: &Head) -> bool {
        self.follow(|subscription| subscription.learn(head))
    }

    /// The log and the seq after which events are missing. `None` ends the repair.
    pub(crate) fn hole(&self) -> Option<(Log, Seq)> {
        let mut state = write(&self.state);
        let hole = state.subscription.hole();
        state.repairing = hole.is_some();
        hole
    }

    /// Takes a seat: registration, the list of others and the newcomer's entry are one step.
    pub(crate) fn arrive(&self, person: Option<&Author>, at: Timestamp, list: bool) -> (Arrived, Later) {
        self.change(|state| {
            let id = person.map(|author| author.id);
            let others = if list { state.people.others(id) } else { Vec::new() };
            if let Some(author) = person {
                state.people.arrive(author);
            }
            let later = state.tell_if_small(self.large, at);
            let untold = id.is_some_and(|id| state.people.is_untold(id));
            (Arrived { at: state.ring.end(), others, untold, last: state.subscription.last() }, later)
        })
    }

    /// A person gives up a seat.
    pub(crate) fn leave(&self, id: AccountId, at: Timestamp) -> Later {
        self.change(|state| {
            state.people.leave(id);
            state.tell_if_small(self.large, at)
        })
    }

    /// A person's line broke. `true`: it was the last, and they are awaited until then.
    pub(crate) fn lose(&self, id: AccountId, until: Instant) -> bool {
        write(&self.state).people.lose(id, until)
    }

    /// Waits no longer for a person, unless they are back or awaited anew.
    pub(crate) fn give_up(&self, id: AccountId, now: Instant, at: Timestamp) -> Later {
        self.change(|state| {
            state.people.give_up(id, now);
            state.tell_if_small(self.large, at)
        })
    }

    /// A person has another name: what they wrote bears it, and if they are here they leave and join.
    pub(crate) fn rename(&self, id: AccountId, username: &str, at: Timestamp) -> Later {
        self.change(|state| {
            state.ring.rewrite(id, Some(username));
            state.people.rename(id, username);
            state.tell_if_small(self.large, at)
        })
    }

    /// Tells of the comings and goings that were gathered.
    pub(crate) fn tell(&self, at: Timestamp) {
        self.change(|state| state.tell(at));
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
            return state.subscription.room().map_or(Gate::Lost, Gate::Read);
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

    /// Tells of comings and goings at once, unless there are too many people for that.
    fn tell_if_small(&mut self, large: usize, at: Timestamp) -> Later {
        if self.people.len() <= large {
            self.tell(at);
            return Later(false);
        }
        let begins = self.people.has_news() && !self.tells_later;
        self.tells_later |= begins;
        Later(begins)
    }

    fn tell(&mut self, at: Timestamp) {
        self.tells_later = false;
        for news in self.people.news() {
            self.ring.push(match news {
                News::Joined(author) => What::Joined(author, at),
                News::Left(author) => What::Left(author, at),
            });
        }
    }
}
