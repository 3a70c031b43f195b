//! One room for somebody who only reads, and not over a WebSocket: texts without frames, taken when there is room for them.

use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::Connection;
use crate::encoder::Framing;
use crate::farewell::Farewell;
use crate::follower::{Ended, Follower, HistoryPage, Step};

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Texts of the encoder, one after the other.
    Texts(Bytes),
    /// No more comes of this room.
    Ended(Ended),
    /// The connection must go.
    Farewell(Farewell),
}

/// A follower that is asked by whoever writes it out.
pub struct Feed {
    history: Option<HistoryPage>,
    /// Dropped before the connection: who is in a room has one.
    follower: Follower,
    connection: Connection,
}

impl Feed {
    /// Reads what a follower has. The connection is the one that it began with.
    pub fn new(mut follower: Follower, connection: Connection) -> Self {
        follower.speak_in(Framing::Bare);
        Self { history: None, follower, connection }
    }

    /// Waits for what comes next. May be dropped and called again; what it gives counts as told.
    pub async fn next(&mut self) -> Heard {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// As [`Feed::next`], for whoever is polled. One task asks.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Heard> {
        self.connection.signal().heed(cx);
        if let Some(farewell) = self.connection.signal().farewell() {
            return Poll::Ready(Heard::Farewell(farewell));
        }
        loop {
            if let Some(history) = &mut self.history {
                let Poll::Ready(events) = history.as_mut().poll(cx) else { return Poll::Pending };
                self.history = None;
                self.follower.read(&events);
            }
            match self.follower.next() {
                Step::Nothing => return Poll::Pending,
                Step::Say(page) => return Poll::Ready(Heard::Texts(Bytes::copy_from_slice(page.bytes()))),
                Step::Read(id, after) => self.history = Some(self.follower.history(id, after)),
                Step::Over(ended) => return Poll::Ready(Heard::Ended(ended)),
            }
        }
    }
}
