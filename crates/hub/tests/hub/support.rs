//! A log in memory, a clock that is set by hand, an encoder in plain words, and actors who sit in rooms.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use parlour_hub::{
    BoxFuture, Connection, Encoder, FellBehind, Head, History, HistoryError, Hub, HubSettings, NewSeat, Owner,
    Published, Seat,
};
use parlour_model::{
    AccountId, Author, Clock, Epoch, Event, EventBody, RoomId, RoomName, Seq, SessionId, SourcePrefix, Timestamp,
};
use parlour_websocket::frame;
use tokio::time::timeout;

pub(crate) const ROOM: RoomId = RoomId(7);

/// What is committed, by the key of the room's name.
#[derive(Default)]
pub(crate) struct Log {
    rooms: Mutex<HashMap<String, Vec<Event>>>,
    epoch: AtomicI64,
    pub(crate) away: AtomicBool,
}

impl Log {
    /// Commits texts and returns the hint that follows.
    pub(crate) fn commit(&self, room: &RoomName, texts: &[&str]) -> Published {
        let mut rooms = self.rooms.lock().unwrap();
        let log = rooms.entry(room.key().to_owned()).or_default();
        let first = log.len();
        for text in texts {
            let seq = Seq::try_from(log.len()).unwrap() + 1;
            log.push(message(seq, text));
        }
        let epoch = Epoch(self.epoch.load(Ordering::Relaxed));
        let events = log[first..].to_vec();
        Published { room: room.clone(), head_id: ROOM, epoch, events }
    }

    /// The last seq of a room.
    pub(crate) fn last(&self, room: &RoomName) -> Seq {
        let rooms = self.rooms.lock().unwrap();
        rooms.get(room.key()).map_or(0, |log| Seq::try_from(log.len()).unwrap())
    }

    /// As after a restore from an empty backup.
    pub(crate) fn restore(&self) {
        self.rooms.lock().unwrap().clear();
        self.epoch.fetch_add(1, Ordering::Relaxed);
    }

    fn check(&self) -> Result<(), HistoryError> {
        if self.away.load(Ordering::Relaxed) { Err(HistoryError) } else { Ok(()) }
    }
}

fn message(seq: Seq, text: &str) -> Event {
    let author = person(1, "ada");
    let body = EventBody::Message { author, text: text.to_owned(), key: None };
    Event { seq, at: Timestamp::from_seconds(seq), body }
}

impl History for Log {
    fn head(&self, room: &RoomName) -> BoxFuture<'_, Result<Option<Head>, HistoryError>> {
        let rooms = self.rooms.lock().unwrap();
        let last_seq = rooms.get(room.key()).map(|log| Seq::try_from(log.len()).unwrap());
        let epoch = Epoch(self.epoch.load(Ordering::Relaxed));
        let head = last_seq.map(|last_seq| Head { id: ROOM, epoch, last_seq });
        Box::pin(async move { self.check().map(|()| head) })
    }

    fn after(&self, _: RoomId, seq: Seq, limit: i64) -> BoxFuture<'_, Result<Vec<Event>, HistoryError>> {
        Box::pin(async move {
            self.check()?;
            tokio::task::yield_now().await;
            let rooms = self.rooms.lock().unwrap();
            let events = rooms.values().flatten().filter(|event| event.seq > seq);
            Ok(events.take(usize::try_from(limit).unwrap()).cloned().collect())
        })
    }
}

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
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// Says everything in plain words.
pub(crate) struct Plain;

impl Encoder for Plain {
    fn event(&self, event: &Event) -> Option<Bytes> {
        let EventBody::Message { text, .. } = &event.body else { return None };
        Some(frame::text(&format!("{} {text}", event.seq)))
    }

    fn joined(&self, who: &Author, _: Timestamp) -> Option<Bytes> {
        Some(frame::text(&format!("joined {}", who.username)))
    }

    fn left(&self, who: &Author, _: Timestamp) -> Option<Bytes> {
        Some(frame::text(&format!("left {}", who.username)))
    }

    fn online(&self, others: &[Author], _: Timestamp) -> Option<Bytes> {
        let mut names: Vec<_> = others.iter().map(|who| who.username.as_str()).collect();
        names.sort_unstable();
        Some(frame::text(&format!("online {}", names.join(","))))
    }
}

/// Says nothing of people.
pub(crate) struct Quiet;

impl Encoder for Quiet {
    fn event(&self, event: &Event) -> Option<Bytes> {
        Plain.event(event)
    }

    fn joined(&self, _: &Author, _: Timestamp) -> Option<Bytes> {
        None
    }

    fn left(&self, _: &Author, _: Timestamp) -> Option<Bytes> {
        None
    }

    fn online(&self, _: &[Author], _: Timestamp) -> Option<Bytes> {
        None
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

/// Somebody in the room, with all that they were told.
pub(crate) struct Actor {
    pub(crate) connection: Connection,
    pub(crate) seat: Seat,
    pub(crate) heard: Vec<String>,
    rest: BytesMut,
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

    pub(crate) async fn join(&self, seat: NewSeat) -> Actor {
        let connection = self.connect();
        let seat = self.hub.join(&self.room, &connection, seat).await.unwrap();
        Actor { connection, seat, heard: Vec::new(), rest: BytesMut::new() }
    }
}

impl Actor {
    /// Reads what is there or comes at once. To be used in paused time.
    pub(crate) async fn read(&mut self) -> Result<&[String], FellBehind> {
        while let Ok(read) = timeout(Duration::from_millis(1), self.next_page()).await {
            read?;
        }
        Ok(&self.heard)
    }

    /// Waits for one page.
    pub(crate) async fn next_page(&mut self) -> Result<(), FellBehind> {
        self.seat.pending(&mut self.rest).await?;
        self.heard.extend(texts(&mut self.rest));
        Ok(())
    }

    /// Reads until an event has come.
    pub(crate) async fn read_to(&mut self, seq: Seq) -> Result<(), FellBehind> {
        while self.heard.iter().rev().find_map(|text| seq_of(text)).is_none_or(|last| last < seq) {
            self.next_page().await?;
        }
        Ok(())
    }

    /// The events that came.
    pub(crate) fn seqs(&self) -> Vec<Seq> {
        self.heard.iter().filter_map(|text| seq_of(text)).collect()
    }
}

fn seq_of(text: &str) -> Option<Seq> {
    text.split(' ').next()?.parse().ok()
}

/// Takes whole text frames from the front.
pub(crate) fn texts(bytes: &mut BytesMut) -> Vec<String> {
    let mut texts = Vec::new();
    while let [0x81, short, rest @ ..] = &bytes[..] {
        let (header, length) = match short {
            126 => (4, usize::from(u16::from_be_bytes([rest[0], rest[1]]))),
            127 => (10, usize::try_from(u64::from_be_bytes(rest[..8].try_into().unwrap())).unwrap()),
            short => (2, usize::from(*short)),
        };
        let text = bytes.split_to(header + length).split_off(header);
        texts.push(String::from_utf8(text.to_vec()).unwrap());
    }
    assert!(bytes.is_empty(), "only whole frames are given out");
    texts
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
