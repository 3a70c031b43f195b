//! What is private to one seat: a small queue, merged with the room's entries where it stood among them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::{Bytes, BytesMut};
use tokio::sync::Notify;

use crate::lock::lock;
use crate::ring::Position;
use crate::room::Room;

/// The most bytes that wait in a seat's private queue.
const MOST_BYTES: usize = 64 * 1024;
/// The most bytes that a seat is given at once: what a socket's buffer takes in one write.
const PAGE_BYTES: usize = 64 * 1024;

/// A seat's private queue, for whoever has something to say to this one connection. Cheap to clone.
#[derive(Clone)]
pub struct Outbox(Arc<Shared>);

struct Shared {
    room: Arc<Room>,
    queue: Mutex<Queue>,
    filled: Notify,
}

#[derive(Default)]
pub(crate) struct Queue {
    frames: VecDeque<Private>,
    /// Of those that are counted.
    bytes: usize,
    overflowed: bool,
}

struct Private {
    /// It goes out before the entry at this place.
    before: Position,
    frame: Bytes,
    /// Whether it counts against the bound: what the hub itself owes does not.
    counted: bool,
}

/// Whole frames for one write. One that does not fit waits for the next, unless it would be alone here.
pub(crate) struct Page<'a> {
    out: &'a mut BytesMut,
    most: usize,
    pub(crate) frames: u64,
}

impl Outbox {
    pub(crate) fn new(room: Arc<Room>) -> Self {
        Self(Arc::new(Shared { room, queue: Mutex::default(), filled: Notify::new() }))
    }

    /// Queues a frame for this seat alone, after all that has happened in the room so far. When more than 64 KiB
    /// are waiting, the seat has fallen behind.
    pub fn push(&self, frame: Bytes) {
        {
            let mut queue = lock(&self.0.queue);
            queue.bytes += frame.len();
            if queue.bytes > MOST_BYTES {
                *queue = Queue { overflowed: true, ..Queue::default() };
            } else {
                queue.push(self.0.room.end(), frame, true);
            }
        }
        self.0.filled.notify_one();
    }

    /// Queues an answer, of which there is one at a time, so that it needs no bound.
    pub(crate) fn answer(&self, frame: Bytes) {
        lock(&self.0.queue).push(self.0.room.end(), frame, false);
        self.0.filled.notify_one();
    }

    /// Queues what must be said before anything else.
    pub(crate) fn begin_with(&self, frame: Bytes) {
        lock(&self.0.queue).push(0, frame, false);
    }

    pub(crate) fn queue(&self) -> MutexGuard<'_, Queue> {
        lock(&self.0.queue)
    }

    /// Resolves when something was pushed since it last resolved.
    pub(crate) async fn filled(&self) {
        self.0.filled.notified().await;
    }
}

impl Queue {
    fn push(&mut self, before: Position, frame: Bytes, counted: bool) {
        let private = Private { before, frame, counted };
        self.frames.push_back(private);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub(crate) fn has_overflowed(&self) -> bool {
        self.overflowed
    }

    /// Gives what goes out before the entry at `place`. `false`: the page is full.
    pub(crate) fn give(&mut self, place: Position, page: &mut Page<'_>) -> bool {
        while let Some(private) = self.frames.pop_front_if(|private| private.before <= place) {
            if !page.add(&private.frame) {
                self.frames.push_front(private);
                return false;
            }
            if private.counted {
                self.bytes -= private.frame.len();
            }
        }
        true
    }
}

impl<'a> Page<'a> {
    pub(crate) fn new(out: &'a mut BytesMut) -> Self {
        let most = out.len() + PAGE_BYTES;
        Self { out, most, frames: 0 }
    }

    /// Appends a frame. `false`: it has to wait for the next page.
    pub(crate) fn add(&mut self, frame: &[u8]) -> bool {
        if frame.is_empty() {
            return true;
        }
        if self.frames > 0 && self.out.len() + frame.len() > self.most {
            return false;
        }
        self.out.extend_from_slice(frame);
        self.frames += 1;
        true
    }
}
