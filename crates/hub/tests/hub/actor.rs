//! Somebody in the room at the far end of a line: reads frames, writes frames, and knows how it ended.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use parlour_hub::{Connection, Conversation, Flow, Hub, Parting, Seat, Turn};
use parlour_model::Seq;
use parlour_websocket::{CloseCode, Connection as Socket};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::lines::Stream;

/// Answers every text with itself, `wait` when it is allowed to, and `bye` with the end.
pub(crate) struct Echo(pub(crate) Arc<Semaphore>);

impl Echo {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Conversation for Echo {
    async fn text(&mut self, text: String, turn: Turn) {
        turn.settle(match text.as_str() {
            "nothing" => Flow::Go,
            "bye" => Flow::Close(CloseCode::POLICY, "as you wish".to_owned()),
            "wait" => {
                self.0.acquire().await.unwrap().forget();
                Flow::Reply("waited".to_owned())
            }
            _ => Flow::Reply(text),
        });
    }

    async fn binary(&mut self, bytes: Bytes, turn: Turn) {
        turn.settle(Flow::Reply(format!("{} bytes", bytes.len())));
    }
}

/// Serves a socket to the end, as a contract would.
pub(crate) fn serve(
    hub: &Hub,
    socket: Socket,
    connection: Connection,
    seat: Seat,
    conversation: impl Conversation + 'static,
) -> JoinHandle<Parting> {
    tokio::spawn(hub.converse(socket, Arc::new(connection), Some(seat), conversation))
}

/// What came in one frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Text(String),
    Ping(Bytes),
    Pong(Bytes),
    Close(u16, String),
}

/// The peer's end of a line.
pub(crate) struct Wire {
    reader: ReadHalf<Stream>,
    writer: WriteHalf<Stream>,
    bytes: BytesMut,
}

impl Wire {
    pub(crate) fn new(stream: Stream) -> Self {
        let (reader, writer) = split(stream);
        Self { reader, writer, bytes: BytesMut::new() }
    }

    /// The next frame, or `None` at the end of the stream, which a frame must not be cut by. May be dropped.
    pub(crate) async fn next(&mut self) -> Option<Said> {
        loop {
            if let Some(said) = self.take() {
                return Some(said);
            }
            let ended = matches!(self.reader.read_buf(&mut self.bytes).await, Ok(0) | Err(_));
            if ended {
                return None;
            }
        }
    }

    /// At the end of the stream: whether it ended between two frames.
    pub(crate) fn is_whole(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Takes a whole frame from the front.
    fn take(&mut self) -> Option<Said> {
        let [first, length, rest @ ..] = &self.bytes[..] else { return None };
        let first = *first;
        let (header, length) = match length {
            126 => (4, usize::from(u16::from_be_bytes(*rest.first_chunk()?))),
            127 => (10, usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).unwrap()),
            short => (2, usize::from(*short)),
        };
        if self.bytes.len() < header + length {
            return None;
        }
        self.bytes.advance(header);
        let payload = self.bytes.split_to(length).freeze();
        Some(match first {
            0x81 => Said::Text(text(&payload)),
            0x88 => Said::Close(u16::from_be_bytes([payload[0], payload[1]]), text(&payload[2..])),
            0x89 => Said::Ping(payload),
            0x8a => Said::Pong(payload),
            other => panic!("no frame begins with {other:#x}"),
        })
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.send(0x81, text.as_bytes()).await;
    }

    /// Sends a frame, masked with zeros.
    pub(crate) async fn send(&mut self, first: u8, payload: &[u8]) {
        let length = u16::try_from(payload.len()).unwrap();
        let mut frame = vec![first];
        match u8::try_from(length) {
            Ok(short @ ..126) => frame.push(0x80 | short),
            _ => frame.extend([[0xfe].as_slice(), &length.to_be_bytes()].concat()),
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        self.write(&frame).await;
    }

    /// Writes, and reads where the line takes no more. One that is gone says so when it is read.
    pub(crate) async fn write(&mut self, mut rest: &[u8]) {
        while !rest.is_empty() {
            tokio::select! {
                biased;
                written = self.writer.write(rest) => match written {
                    Ok(written) => rest = &rest[written..],
                    Err(_) => return,
                },
                read = self.reader.read_buf(&mut self.bytes) => if matches!(read, Ok(0) | Err(_)) {
                    return;
                },
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Why no more comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// A goodbye.
    Closed(u16, String),
    /// The stream has ended without one.
    Broken,
}

/// Put out because it was too slow.
pub(crate) fn resume() -> Over {
    Over::Closed(1013, "resume".to_owned())
}

/// Somebody in the room, with all that they were told. Answers pings whenever it reads.
pub(crate) struct Actor {
    pub(crate) wire: Wire,
    pub(crate) heard: Vec<String>,
    served: JoinHandle<Parting>,
}

impl Actor {
    pub(crate) fn new(stream: Stream, served: JoinHandle<Parting>) -> Self {
        Self { wire: Wire::new(stream), heard: Vec::new(), served }
    }

    /// Reads what is there or comes at once. To be used in paused time.
    pub(crate) async fn read(&mut self) -> Result<&[String], Over> {
        while let Ok(read) = timeout(Duration::from_millis(1), self.next()).await {
            read?;
        }
        Ok(&self.heard)
    }

    /// Waits for one text.
    pub(crate) async fn next(&mut self) -> Result<(), Over> {
        loop {
            match self.wire.next().await {
                Some(Said::Text(text)) => {
                    self.heard.push(text);
                    return Ok(());
                }
                Some(Said::Ping(payload)) => self.wire.send(0x8a, &payload).await,
                Some(Said::Pong(_)) => {}
                Some(Said::Close(code, reason)) => return Err(Over::Closed(code, reason)),
                None => return Err(Over::Broken),
            }
        }
    }

    /// Reads until so many texts have come.
    pub(crate) async fn hear(&mut self, texts: usize) -> &[String] {
        while self.heard.len() < texts {
            self.next().await.unwrap();
        }
        &self.heard
    }

    /// Reads until an event has come.
    pub(crate) async fn read_to(&mut self, seq: Seq) -> Result<(), Over> {
        while self.heard.iter().rev().find_map(|text| seq_of(text)).is_none_or(|last| last < seq) {
            self.next().await?;
        }
        Ok(())
    }

    /// Reads to the end.
    pub(crate) async fn read_out(&mut self) -> Over {
        loop {
            if let Err(over) = self.next().await {
                return over;
            }
        }
    }

    /// The events that came.
    pub(crate) fn seqs(&self) -> Vec<Seq> {
        self.heard.iter().filter_map(|text| seq_of(text)).collect()
    }

    /// Whether its connection is still served.
    pub(crate) fn is_served(&self) -> bool {
        !self.served.is_finished()
    }

    /// Says goodbye and waits until nothing is left of the connection.
    pub(crate) async fn leave(mut self) -> Parting {
        self.wire.send(0x88, &1000_u16.to_be_bytes()).await;
        while self.wire.next().await.is_some() {}
        assert!(self.wire.is_whole(), "a goodbye cuts no frame");
        self.served.await.unwrap()
    }

    /// Goes without a word, and waits likewise.
    pub(crate) async fn break_off(self) -> Parting {
        drop(self.wire);
        self.served.await.unwrap()
    }

    /// Waits for the connection's end, with the line open.
    pub(crate) async fn wait(&mut self) -> Parting {
        (&mut self.served).await.unwrap()
    }
}

fn seq_of(text: &str) -> Option<Seq> {
    text.split(' ').next()?.parse().ok()
}
