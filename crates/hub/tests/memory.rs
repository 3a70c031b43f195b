//! What readers cost who take nothing: counted by the allocator, since nothing else would notice what is kept for them.
#![expect(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parlour_hub::{
    Announcer, BoxFuture, Conversation, Encoder, Ended, Followers, Head, Here, History, HistoryError, Hub, HubSettings,
    NewFollower, NewSeat, Note, Published, Turn,
};
use parlour_model::{
    AccountId, Author, Clock, Epoch, Event, EventBody, RoomId, RoomName, Seq, SourcePrefix, Timestamp,
};
use parlour_websocket::{CloseCode, Connection as Socket, Limits};
use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::task::yield_now;

/// How many bytes are in use.
static LIVE: AtomicUsize = AtomicUsize::new(0);

/// One test counts at a time.
static COUNTED: Mutex<()> = Mutex::new(());

/// Runs a test while no other does, and until all that it took is given back.
fn alone(mut runtime: Builder, test: impl Future<Output = ()>) {
    let _alone = COUNTED.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(test);
    drop(runtime);
}

struct Counting;

#[expect(unsafe_code, reason = "an allocator is; this one only counts what it hands on")]
// SAFETY: every call is the system allocator's own, with its arguments and its answer.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are the same.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A log that nobody asks for pages.
struct Empty;

impl History for Empty {
    fn head(&self, _: &RoomName) -> BoxFuture<'_, Result<Option<Head>, HistoryError>> {
        Box::pin(async { Ok(None) })
    }

    fn heads<'a>(&'a self, rooms: &'a [RoomName]) -> BoxFuture<'a, Result<Vec<Option<Head>>, HistoryError>> {
        Box::pin(async { Ok(vec![None; rooms.len()]) })
    }

    fn after(&self, _: RoomId, _: Seq, _: i64) -> BoxFuture<'_, Result<Vec<Event>, HistoryError>> {
        Box::pin(async { Err(HistoryError) })
    }
}

struct Never;

impl Clock for Never {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }
}

struct Texts;

impl Encoder for Texts {
    fn event(&self, _: Here<'_>, event: &Event) -> Option<String> {
        let EventBody::Message { text, .. } = &event.body else { return None };
        Some(text.clone())
    }
}

struct Silent;

impl Conversation for Silent {
    async fn text(&mut self, _: String, _: Turn) {}

    async fn binary(&mut self, _: Bytes, _: Turn) {}
}

async fn sit(hub: &Hub, room: &RoomName, bytes: usize) -> DuplexStream {
    let (ours, theirs) = duplex(bytes);
    sit_on(hub, room, Socket::from_stream(ours, Limits { message_bytes: 1 })).await;
    theirs
}

async fn sit_on(hub: &Hub, room: &RoomName, socket: Socket) {
    let connection = hub.connect(None, SourcePrefix::of(IpAddr::V4(Ipv4Addr::LOCALHOST))).unwrap();
    let new = NewSeat { person: None, encoder: &Texts, since: None };
    let seat = hub.join(room, &connection, new).await.unwrap();
    tokio::spawn(hub.converse(socket, Arc::new(connection), Some(seat), Silent));
}

/// Announces nothing.
struct Mute;

impl Announcer for Mute {
    fn ended(&self, _: &str, _: Ended) -> String {
        String::new()
    }

    fn note(&self, _: &Note) -> String {
        String::new()
    }

    fn expiring(&self, _: Timestamp) -> String {
        String::new()
    }

    fn goodbye(&self, _: CloseCode, _: &str) -> Option<String> {
        None
    }
}

async fn follow_on(hub: &Hub, room: &RoomName, socket: Socket) {
    let connection = Arc::new(hub.connect(None, SourcePrefix::of(IpAddr::V4(Ipv4Addr::LOCALHOST))).unwrap());
    let new = NewFollower { person: None, encoder: &Texts, since: None, most_people: 0 };
    let (follower, _) = hub.follow(room, &connection, new).await.unwrap();
    let followers = Followers::new(&connection, Mute);
    followers.add(follower).unwrap();
    tokio::spawn(hub.converse_following(socket, connection, followers, Silent));
}

const DEAF: usize = 500;
const TEXT: usize = 4 * 1024;
const EVENTS: Seq = 4_000;

#[test]
fn five_hundred_who_take_nothing_cost_no_more_than_the_ring_and_a_frame_each() {
    let mut runtime = Builder::new_current_thread();
    runtime.start_paused(true);
    alone(runtime, deaf());
}

async fn deaf() {
    let settings = HubSettings { ring_bytes: 512 * 1024, ..HubSettings::default() };
    let hub = Hub::start(settings, Arc::new(Empty), Arc::new(Never));
    let room = RoomName::parse("den").unwrap();
    let mut deaf = Vec::new();
    for _ in 0..DEAF {
        deaf.push(sit(&hub, &room, 64).await);
    }
    let mut quick = sit(&hub, &room, 1 << 16).await;
    while hub.counts().seats < DEAF + 1 {
        yield_now().await;
    }
    let (before, mut most) = (LIVE.load(Ordering::Relaxed), 0);
    let mut frame = vec![0; TEXT + 4];
    for seq in 1..=EVENTS {
        let author = Author { id: AccountId(1), username: "ada".to_owned() };
        let body = EventBody::message(author, "x".repeat(TEXT), None);
        let events = vec![Event { seq, at: Timestamp(0), body }];
        hub.publish(Published { room: room.clone(), head_id: RoomId(1), epoch: Epoch(0), events });
        quick.read_exact(&mut frame).await.unwrap();
        most = most.max(LIVE.load(Ordering::Relaxed).saturating_sub(before));
    }
    let bound = 2 * settings.ring_bytes + DEAF * (TEXT + 3 * 1024);
    assert!(most > settings.ring_bytes / 2, "{most} bytes: it counts");
    assert!(most < bound, "{most} bytes of at most {bound}; {} went through", EVENTS.unsigned_abs() * TEXT as u64);
    drop(deaf);
}

const IDLE: usize = 1_000;
/// Of the heap, for one idle connection: its task, its line, its socket's place in the runtime, and the tables.
const BYTES_OF_ONE: usize = 1_400;

#[test]
fn a_thousand_who_only_sit_there_cost_little_more_than_a_kibibyte_each() {
    alone(Builder::new_current_thread(), async {
        let each = idle(sit_on).await;
        assert!(each <= BYTES_OF_ONE, "{each} bytes for each of those who do nothing");
    });
}

/// Likewise for one that follows a room, and could follow others.
const BYTES_OF_FOLLOWER: usize = 2_000;

#[test]
fn a_thousand_who_follow_a_room_cost_little_more() {
    alone(Builder::new_current_thread(), async {
        let each = idle(follow_on).await;
        assert!(each <= BYTES_OF_FOLLOWER, "{each} bytes for each of those who do nothing");
    });
}

/// What each of a thousand idle connections takes.
async fn idle(begin: impl AsyncFn(&Hub, &RoomName, Socket)) -> usize {
    let settings = HubSettings { connections_per_source: IDLE + 1, ..HubSettings::default() };
    let hub = Hub::start(settings, Arc::new(Empty), Arc::new(Never));
    let room = RoomName::parse("den").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut peers = Vec::with_capacity(IDLE + 1);
    let mut before = 0;
    for count in 0..=IDLE {
        // The first brings up what is there once.
        if count == 1 {
            before = LIVE.load(Ordering::Relaxed);
        }
        peers.push(std::net::TcpStream::connect(address).unwrap());
        let (stream, _) = listener.accept().await.unwrap();
        begin(&hub, &room, Socket::from_tcp(stream, Limits { message_bytes: 1 })).await;
        yield_now().await;
    }
    (LIVE.load(Ordering::Relaxed) - before) / IDLE
}
