//! Whatever the messages, and however they are cut into frames and reads, they come out whole and in order.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use parlour_websocket::{Connection, Incoming, ReadError};
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::client::{self, DEFLATED, FIRST_BINARY, FIRST_TEXT, LIMITS, PING, agreed, deflated};

/// A peer that has said all it will say: each read gives one chunk, then the stream ends.
struct Chunks(VecDeque<Vec<u8>>);

impl AsyncRead for Chunks {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(chunk) = self.0.pop_front() {
            buffer.put_slice(&chunk);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Chunks {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A message, and how it is sent.
#[derive(Clone, Debug)]
struct Sent {
    message: Incoming,
    /// How hard it is compressed and how far that looks back, if it is.
    deflated: Option<(u32, u8)>,
    /// The sizes of its fragments but the last, as far as the message reaches.
    fragments: Vec<usize>,
    /// Sent after the fragment of this number, if there is one.
    ping: (usize, Vec<u8>),
    key: [u8; 4],
}

fn sent() -> impl Strategy<Value = Sent> {
    let message = prop_oneof![
        any::<String>().prop_map(Incoming::Text),
        vec(any::<u8>(), 0..300).prop_map(Incoming::Binary),
        (66_000..70_000_usize, any::<u8>()).prop_map(|(size, byte)| Incoming::Binary(vec![byte; size])),
    ];
    let deflated = proptest::option::of((0..=9_u32, 9..=15_u8));
    let fragments = vec(0..200_usize, 0..5);
    let ping = (0..8_usize, vec(any::<u8>(), 0..=125));
    (message, deflated, fragments, ping, any::<[u8; 4]>()).prop_map(|(message, deflated, fragments, ping, key)| Sent {
        message,
        deflated,
        fragments,
        ping,
        key,
    })
}

impl Sent {
    /// The first frame's bits, and what all frames carry together.
    fn payload(&self) -> (u8, Vec<u8>) {
        let (opcode, message) = match &self.message {
            Incoming::Text(text) => (FIRST_TEXT, text.as_bytes()),
            Incoming::Binary(bytes) => (FIRST_BINARY, &bytes[..]),
            _ => unreachable!("only messages are sent so"),
        };
        match self.deflated {
            Some((level, window_bits)) => (opcode | DEFLATED, deflated(message, level, window_bits)),
            None => (opcode, message.to_vec()),
        }
    }

    /// Writes the frames, and what should come out of them.
    fn write(&self, bytes: &mut Vec<u8>, expected: &mut Vec<Incoming>) {
        let (mut opcode, payload) = self.payload();
        let mut rest = &payload[..];
        for (number, size) in self.fragments.iter().enumerate() {
            let (piece, after) = rest.split_at(rest.len().min(*size));
            bytes.extend(client::frame(opcode, piece, self.key));
            (opcode, rest) = (0, after);
            if self.ping.0 == number {
                bytes.extend(client::frame(PING, &self.ping.1, self.key));
                expected.push(Incoming::Ping(self.ping.1.clone()));
            }
        }
        bytes.extend(client::frame(0x80 | opcode, rest, self.key));
        expected.push(self.message.clone());
    }
}

/// Cuts bytes into reads, whose sizes repeat.
fn cut(mut bytes: &[u8], sizes: &[usize]) -> Chunks {
    let mut chunks = VecDeque::new();
    for size in sizes.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (chunk, rest) = bytes.split_at(bytes.len().min(*size));
        chunks.push_back(chunk.to_vec());
        bytes = rest;
    }
    Chunks(chunks)
}

/// All that is read until the stream ends.
async fn read(stream: Chunks) -> Vec<Incoming> {
    let mut reader = Connection::from_stream(stream, LIMITS).with_deflate(agreed()).reader;
    let mut messages = Vec::new();
    loop {
        match reader.next().await {
            Ok(incoming) => messages.push(incoming),
            Err(ReadError::Ended) => return messages,
            Err(error) => panic!("{error}"),
        }
    }
}

proptest! {
    #[test]
    fn messages_come_out_whole(
        messages in vec(sent(), 0..6),
        reads in vec(prop_oneof![1..20_usize, 1..16_000_usize], 1..8),
    ) {
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for message in &messages {
            message.write(&mut bytes, &mut expected);
        }
        let received = read(cut(&bytes, &reads)).now_or_never();
        prop_assert_eq!(received, Some(expected));
    }
}
