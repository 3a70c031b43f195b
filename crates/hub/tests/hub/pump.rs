//! The pump of one connection over a line in memory, in paused time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use parlour_hub::{Conversation, NewSeat, Parting};
use parlour_websocket::{CloseCode, Connection as Socket, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode as TheirCode;
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};

use crate::actor::{Echo, serve};
use crate::support::{World, guest};

pub(crate) type Peer = WebSocketStream<DuplexStream>;

/// The two ends of a line that takes so many bytes before somebody reads.
pub(crate) fn line(bytes: usize) -> (Socket, DuplexStream) {
    let (ours, theirs) = duplex(bytes);
    (Socket::from_stream(ours, Limits { message_bytes: 1 << 20 }), theirs)
}

pub(crate) async fn peer(stream: DuplexStream) -> Peer {
    WebSocketStream::from_raw_socket(stream, Role::Client, None).await
}

/// Takes a seat and has it served to the end.
pub(crate) async fn sit(
    world: &World,
    socket: Socket,
    seat: NewSeat,
    conversation: impl Conversation + 'static,
) -> JoinHandle<Parting> {
    let connection = world.connect();
    let seat = world.hub.join(&world.room, &connection, seat).await.unwrap();
    serve(&world.hub, socket, connection, seat, conversation)
}

pub(crate) async fn hear(peer: &mut Peer) -> Message {
    peer.next().await.expect("a message").expect("in order")
}

pub(crate) fn said(text: &str) -> Message {
    Message::text(text)
}

pub(crate) fn closed(code: CloseCode, reason: &'static str) -> Message {
    let code = TheirCode::from(code.number());
    Message::Close(Some(CloseFrame { code, reason: reason.into() }))
}

#[tokio::test(start_paused = true)]
async fn replies_and_events_come_in_order() {
    let world = World::new();
    let (socket, stream) = line(1 << 16);
    let served = sit(&world, socket, guest(None), Echo::new()).await;
    let mut peer = peer(stream).await;
    world.say(&["a"]);
    for text in ["1", "nothing", "2"] {
        peer.send(said(text)).await.unwrap();
    }
    peer.send(Message::binary(&b"\0\x01"[..])).await.unwrap();
    assert_eq!(hear(&mut peer).await, said("1 a"));
    assert_eq!(hear(&mut peer).await, said("1"));
    assert_eq!(hear(&mut peer).await, said("2"));
    assert_eq!(hear(&mut peer).await, said("2 bytes"));
    peer.send(said("bye")).await.unwrap();
    assert_eq!(hear(&mut peer).await, closed(CloseCode::POLICY, "as you wish"));
    assert!(peer.next().await.is_none());
    assert_eq!(served.await.unwrap(), Parting::Clean);
    assert_eq!(world.hub.counts().connections, 0);
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_holds_up_neither_events_nor_pongs_but_the_next_message() {
    let world = World::new();
    let (socket, stream) = line(1 << 16);
    let permits = Arc::new(Semaphore::new(0));
    let _served = sit(&world, socket, guest(None), Echo(Arc::clone(&permits))).await;
    let mut peer = peer(stream).await;
    peer.send(said("wait")).await.unwrap();
    peer.send(Message::Ping(Bytes::from_static(b"still there?"))).await.unwrap();
    assert_eq!(hear(&mut peer).await, Message::Pong(Bytes::from_static(b"still there?")));
    world.say(&["a"]);
    assert_eq!(hear(&mut peer).await, said("1 a"));
    peer.send(said("next")).await.unwrap();
    world.say(&["b"]);
    assert_eq!(hear(&mut peer).await, said("2 b"));
    permits.add_permits(1);
    assert_eq!(hear(&mut peer).await, said("waited"));
    assert_eq!(hear(&mut peer).await, said("next"));
}

#[tokio::test(start_paused = true)]
async fn without_a_seat_there_is_the_conversation_alone() {
    let world = World::new();
    let (socket, stream) = line(1 << 16);
    let connection = Arc::new(world.connect());
    let served = tokio::spawn(world.hub.converse(socket, connection, None, Echo::new()));
    let mut peer = peer(stream).await;
    peer.send(said("hello")).await.unwrap();
    assert_eq!(hear(&mut peer).await, said("hello"));
    peer.close(None).await.unwrap();
    assert_eq!(served.await.unwrap(), Parting::Clean);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_pings_stays_and_a_silent_one_goes() {
    let world = World::new();
    let (socket, stream) = line(1 << 16);
    let answering = sit(&world, socket, guest(None), Echo::new()).await;
    let mut peer = peer(stream).await;
    for _ in 0..20 {
        let ping = hear(&mut peer).await;
        assert!(ping.is_ping(), "{ping:?}");
    }
    assert!(!answering.is_finished());
    let (socket, mut silent) = line(1 << 16);
    let served = sit(&world, socket, guest(None), Echo::new()).await;
    let reading = tokio::spawn(async move {
        let mut all = Vec::new();
        silent.read_to_end(&mut all).await.map(|_| all)
    });
    tokio::spawn(async move { while peer.next().await.is_some() {} });
    assert_eq!(served.await.unwrap(), Parting::Broken);
    assert_eq!(reading.await.unwrap().unwrap(), b"\x89\0\x89\0", "pinged at 25 and 50 s");
    assert!(!answering.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_take_its_replies_is_not_read_from() {
    let world = World::new();
    let (socket, mut stream) = line(64);
    let served = sit(&world, socket, guest(None), Echo::new()).await;
    let text = [b"\x81\x84\0\0\0\0".as_slice(), b"echo"].concat();
    let start = Instant::now();
    let flood = tokio::spawn(async move {
        let mut sent = 0;
        while stream.write_all(&text).await.is_ok() {
            sent += 1;
        }
        (sent, stream)
    });
    assert_eq!(served.await.unwrap(), Parting::Broken);
    let after = start.elapsed().as_secs();
    assert!((60..=61).contains(&after), "{after}: no progress for the idle timeout, in time that is made up");
    let (sent, _stream) = flood.await.unwrap();
    assert!(sent < 3_000, "{sent} messages were taken from a peer that reads nothing");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_stops_reading_is_put_out_alone_and_resumes() {
    let world = World::new();
    let (socket, stream) = line(1_024);
    let slow = sit(&world, socket, guest(None), Echo::new()).await;
    let (socket, other) = line(1 << 20);
    let _quick = sit(&world, socket, guest(None), Echo::new()).await;
    let (mut slow_peer, mut quick_peer) = (peer(stream).await, peer(other).await);
    for seq in 1..=3_000 {
        world.say(&["x"]);
        assert_eq!(hear(&mut quick_peer).await, said(&format!("{seq} x")));
    }
    let mut last = 0;
    let end = loop {
        match hear(&mut slow_peer).await {
            Message::Text(text) => {
                last += 1;
                assert_eq!(text.as_str(), format!("{last} x"));
            }
            other => break other,
        }
    };
    assert_eq!(end, closed(CloseCode::TRY_AGAIN_LATER, "resume"));
    let _ = slow_peer.next().await;
    assert_eq!(slow.await.unwrap(), Parting::Broken, "it is awaited back");
    let mut back = world.join(guest(Some(last))).await;
    back.read().await.unwrap();
    assert_eq!(back.seqs(), (last + 1..=3_000).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_pings_takes_no_memory_from_a_stuck_line() {
    let world = World::new();
    let (socket, mut stream) = line(256);
    let _served = sit(&world, socket, guest(None), Echo::new()).await;
    let mut sent = 0;
    while timeout(Duration::from_secs(1), stream.write_all(b"\x89\x84\0\0\0\0ping")).await.is_ok() {
        sent += 1;
    }
    assert!(sent < 3_000, "{sent} pings were taken from a peer that reads nothing");
    let mut pongs = 0;
    let mut pong = [0; 6];
    while timeout(Duration::from_secs(1), stream.read_exact(&mut pong)).await.is_ok() {
        assert_eq!(&pong, b"\x8a\x04ping");
        pongs += 1;
    }
    assert!((1..100).contains(&pongs), "only the last of those that waited is answered: {pongs}");
}
