//! What goes out in one write: whole frames, all that is pending, no more than a page; and the private queue's bound.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use parlour_websocket::{Connection as Socket, Limits};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};

use crate::actor::{Actor, Echo, resume, serve};
use crate::clerk::Clerk;
use crate::lines::{WIDE, Way};
use crate::support::{World, guest, pass};

/// A stream that takes everything and remembers how much each write had.
struct Recorder {
    stream: DuplexStream,
    writes: Arc<Mutex<Vec<usize>>>,
}

impl AsyncRead for Recorder {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Recorder {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.writes.lock().unwrap().push(bytes.len());
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A guest, and how long each write to them was.
async fn recorded(world: &World) -> (Actor, Arc<Mutex<Vec<usize>>>) {
    let (stream, theirs) = duplex(1 << 20);
    let writes = Arc::default();
    let socket = Socket::from_stream(Recorder { stream, writes: Arc::clone(&writes) }, Limits { message_bytes: 1024 });
    let connection = world.connect();
    let seat = world.hub.join(&world.room, &connection, guest(None)).await.unwrap();
    (Actor::new(Box::new(theirs), serve(&world.hub, socket, connection, seat, Echo::new())), writes)
}

#[tokio::test(start_paused = true)]
async fn pages_are_whole_frames_of_about_64_kib() {
    let world = World::new();
    let (mut ada, writes) = recorded(&world).await;
    let long = "x".repeat(10_000);
    world.say(&[long.as_str(); 20]);
    ada.read_to(20).await.unwrap();
    let writes = writes.lock().unwrap();
    assert!(writes.iter().all(|page| *page <= 64 * 1024), "{writes:?}");
    assert_eq!(writes.len(), 4, "six of them fit into one");
}

#[tokio::test(start_paused = true)]
async fn all_that_is_pending_goes_out_in_one_write() {
    let world = World::new();
    let (mut ada, writes) = recorded(&world).await;
    pass(std::time::Duration::from_millis(1)).await;
    world.say(&["x"; 500]);
    ada.read_to(500).await.unwrap();
    assert_eq!(writes.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_private_queue_is_bounded() {
    for (way, answers, fits) in [(WIDE, 2, true), (Way::Memory(16), 2, true), (Way::Memory(16), 4, false)] {
        let world = World::new();
        let (conversation, mut desk) = Clerk::new();
        let mut ada = world.talk_by(way, guest(None), conversation).await;
        let mut turns = Vec::new();
        for _ in 0..answers {
            ada.wire.say("?").await;
            turns.push(desk.next().await.1);
        }
        let long = "x".repeat(30_000);
        for turn in turns {
            Clerk::reply(turn, &long);
        }
        let heard = ada.read().await.map(<[String]>::len);
        assert_eq!(heard, if fits { Ok(answers) } else { Err(resume()) });
    }
}
