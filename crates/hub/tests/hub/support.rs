//! A log in memory, a clock that is set by hand, an encoder in plain words, and a hub that stands on them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use parlour_hub::{
    BoxFuture, Connection, Conversation, Encoder, Head, Here, History, HistoryError, Hub, HubSettings, NewSeat, Owner,
    Published,
};
use parlour_model::{
    AccountId, Author, Clock, Epoch, Event, EventBody, RoomId, RoomName, Seq, SessionId, SourcePrefix, Timestamp,
};

use crate::actor::{Actor, Echo, serve};
use crate::lines::{WIDE, Way};

pub(crate) const ROOM: RoomId = RoomId(7);

/// What is committed, by the key of the room's name.
#[derive(Default)]
pub(crate) struct Log {
    rooms: Mutex<HashMap<String, (RoomId, Vec<Event>)>>,
    /// Events up to here are no longer kept, in every room.
    pub(crate) forgotten: AtomicI64,
    epoch: AtomicI64,
    /// By how much what is committed now is later than it would be.
    later: AtomicI64,
    pub(crate) away: AtomicBool,
    /// How many pages are being read, have been at once, and have been at all.
    reading: AtomicUsize,
    pub(crate) most_reading: AtomicUsize,
    pub(crate) pages_read: AtomicUsize,
}

impl Log {
    /// Commits texts and returns the hint that follows.
    pub(crate) fn commit(&self, room: &RoomName, texts: &[&str]) -> Published {
        let mut rooms = self.rooms.lock().unwrap();
        let next = RoomId(ROOM.0 + i64::try_from(rooms.len()).unwrap());
        let (id, log) = rooms.entry(room.key().to_owned()).or_insert((next, Vec::new()));
        let first = log.len();
        for text in texts {
            let seq = Seq::try_from(log.len()).unwrap() + 1;
            log.push(message(seq, self.later.load(Ordering::Relaxed), text));
        }
        let epoch = Epoch(self.epoch.load(Ordering::Relaxed));
        let events = log[first..].to_vec();
        Published { room: room.clone(), head_id: *id, epoch, events }
    }

    /// The last seq of a room.
    pub(crate) fn last(&self, room: &RoomName) -> Seq {
        let rooms = self.rooms.lock().unwrap();
        rooms.get(room.key()).map_or(0, |(_, log)| Seq::try_from(log.len()).unwrap())
    }

    /// As after a restore to before the first room.
    pub(crate) fn forget_all(&self) {
        self.rooms.lock().unwrap().clear();
    }

    /// As after a restore from an empty backup.
    pub(crate) fn restore(&self) {
        self.forget_all();
        self.epoch.fetch_add(1, Ordering::Relaxed);
    }

    /// As after a restore to when a room's log ended at `last`: what follows there follows at other times.
    pub(crate) fn go_back(&self, room: &RoomName, last: usize) {
        let mut rooms = self.rooms.lock().unwrap();
        rooms.get_mut(room.key()).unwrap().1.truncate(last);
        self.later.fetch_add(1, Ordering::Relaxed);
    }

    fn check(&self) -> Result<(), HistoryError> {
        if self.away.load(Ordering::Relaxed) { Err(HistoryError) } else { Ok(()) }
    }
}

/// Counts a page while it is being read; a reader may go meanwhile.
struct Reads<'a>(&'a Log);

impl<'a> Reads<'a> {
    fn begin(log: &'a Log) -> Self {
        let reading = log.reading.fetch_add(1, Ordering::Relaxed) + 1;
        log.most_reading.fetch_max(reading, Ordering::Relaxed);
        Self(log)
    }
}

impl Drop for Reads<'_> {
    fn drop(&mut self) {
        self.0.reading.fetch_sub(1, Ordering::Relaxed);
    }
}

fn message(seq: Seq, later: i64, text: &str) -> Event {
    let author = person(1, "ada");
    let body = EventBody::message(author, text.to_owned(), None);
    Event { seq, at: Timestamp(Timestamp::from_seconds(seq).0 + later), body }
}

impl History for Log {
    fn head(&self, room: &RoomName) -> BoxFuture<'_, Result<Option<Head>, HistoryError>> {
        let rooms = self.rooms.lock().unwrap();
        let epoch = Epoch(self.epoch.load(Ordering::Relaxed));
        let head = rooms.get(room.key()).map(|(id, log)| {
            let last_seq = Seq::try_from(log.len()).unwrap();
            let last_at = log.last().map(|event| event.at);
            Head { id: *id, name: room.key().to_owned(), epoch, last_seq, last_at }
        });
        Box::pin(async move { self.check().map(|()| head) })
    }

    fn heads<'a>(&'a self, rooms: &'a [RoomName]) -> BoxFuture<'a, Result<Vec<Option<Head>>, HistoryError>> {
        Box::pin(async move {
            let mut heads = Vec::new();
            for room in rooms {
                heads.push(self.head(room).await?);
            }
            Ok(heads)
        })
    }

    fn after(&self, room: RoomId, seq: Seq, limit: i64) -> BoxFuture<'_, Result<Vec<Event>, HistoryError>> {
        Box::pin(async move {
            self.check()?;
            let reading = Reads::begin(self);
            tokio::task::yield_now().await;
            drop(reading);
            self.pages_read.fetch_add(1, Ordering::Relaxed);
            let rooms = self.rooms.lock().unwrap();
            let seq = seq.max(self.forgotten.load(Ordering::Relaxed));
            let log = rooms.values().filter(|(id, _)| *id == room).flat_map(|(_, log)| log);
            let events = log.filter(|event| event.seq > seq);
            Ok(events.take(usize::try_from(limit).unwrap()).cloned().collect())
        })
    }
}

/// Whoever reads a clock that says this panics.
pub(crate) const BROKEN: Timestamp = Timestamp(i64::MIN);

/// A clock that stands until it is set.
#[derive(Default)]
pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    pub(crate) fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp(self.0.load(Ordering::Relaxed));
        assert_ne!(now, BROKEN, "this clock is broken on purpose");
        now
    }
}

/// Says everything in plain words.
pub(crate) struct Plain;

impl Encoder for Plain {
    fn event(&self, _: Here<'_>, event: &Event) -> Option<String> {
        let EventBody::Message { text, .. } = &event.body else { return None };
        Some(format!("{} {text}", event.seq))
    }

    fn joined(&self, _: Here<'_>, who: &Author, _: Timestamp) -> Option<String> {
        Some(format!("joined {}", who.username))
    }

    fn left(&self, _: Here<'_>, who: &Author, _: Timestamp) -> Option<String> {
        Some(format!("left {}", who.username))
    }

    fn online(&self, others: &[Author], _: Timestamp) -> Option<String> {
        let mut names: Vec<_> = others.iter().map(|who| who.username.as_str()).collect();
        names.sort_unstable();
        Some(format!("online {}", names.join(",")))
    }
}

/// Says nothing of people.
pub(crate) struct Quiet;

impl Encoder for Quiet {
    fn event(&self, here: Here<'_>, event: &Event) -> Option<String> {
        Plain.event(here, event)
    }

    fn presence(&self) -> bool {
        false
    }
}

/// A hub and what it stands on.
pub(crate) struct World {
    pub(crate) hub: Hub,
    pub(crate) log: Arc<Log>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) room: RoomName,
}

pub(crate) fn person(id: i64, username: &str) -> Author {
    Author { id: AccountId(id), username: username.to_owned() }
}

pub(crate) fn source() -> SourcePrefix {
    SourcePrefix::of(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

pub(crate) fn owner(account: i64, session: i64) -> Owner {
    let (account_id, session_id) = (AccountId(account), SessionId(session));
    Owner { account_id, session_id, expires_at: None }
}

pub(crate) fn guest(since: Option<Seq>) -> NewSeat {
    NewSeat { person: None, encoder: &Quiet, since }
}

pub(crate) fn member(id: i64, username: &str) -> NewSeat {
    NewSeat { person: Some(person(id, username)), encoder: &Plain, since: None }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(HubSettings::default())
    }

    pub(crate) fn with(settings: HubSettings) -> Self {
        let (log, clock) = (Arc::new(Log::default()), Arc::new(ManualClock::default()));
        let settings = HubSettings { connections_per_source: 10_000, ..settings };
        let hub = Hub::start(settings, log.clone(), clock.clone());
        Self { hub, log, clock, room: RoomName::parse("den").unwrap() }
    }

    /// Commits and publishes one event after the other.
    pub(crate) fn say(&self, texts: &[&str]) {
        for text in texts {
            self.hub.publish(self.log.commit(&self.room, &[text]));
        }
    }

    pub(crate) fn connect(&self) -> Connection {
        self.hub.connect(None, source()).unwrap()
    }

    /// Takes a seat, over a line that takes everything.
    pub(crate) async fn join(&self, seat: NewSeat) -> Actor {
        self.join_by(WIDE, seat).await
    }

    pub(crate) async fn join_by(&self, way: Way, seat: NewSeat) -> Actor {
        self.talk_by(way, seat, Echo::new()).await
    }

    pub(crate) async fn talk_by(&self, way: Way, seat: NewSeat, conversation: impl Conversation + 'static) -> Actor {
        let (connection, (socket, stream)) = (self.connect(), way.open().await);
        let seat = self.hub.join(&self.room, &connection, seat).await.unwrap();
        Actor::new(stream, serve(&self.hub, socket, connection, seat, conversation))
    }
}

/// Lets paused time pass, and everything happen that is due in it.
pub(crate) async fn pass(span: Duration) {
    // sleep: time is paused in the tests that use this, so nobody waits.
    tokio::time::sleep(span).await;
}

/// Chance that a seed repeats.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % most
    }
}
