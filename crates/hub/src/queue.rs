//! What is private to one connection: a small queue, merged with the room's entries where it stood among them.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::page::{Page, Step};
use crate::ring::Position;

/// The most bytes that wait in a private queue, unless they are of a single frame.
const MOST_BYTES: usize = 64 * 1024;

/// A private queue. Empty, it holds no memory.
#[derive(Default)]
pub(crate) struct Queue {
    frames: VecDeque<Private>,
    /// Of those that count against the bound.
    bytes: usize,
}

struct Private {
    /// It goes out before the entry at this place.
    before: Position,
    frame: Bytes,
}

/// More is waiting than may wait.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overflow;

impl Queue {
    /// Queues a frame before the entry at a place.
    pub(crate) fn push(&mut self, before: Position, frame: Bytes) -> Result<(), Overflow> {
        self.bytes += frame.len();
        self.frames.push_back(Private { before, frame });
        if self.bytes > MOST_BYTES && self.frames.len() > 1 { Err(Overflow) } else { Ok(()) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// How many frames wait.
    pub(crate) fn len(&self) -> usize {
        self.frames.len()
    }

    /// Adds to a page what goes out before the entry at `place`, from the `next`th frame on. `false`: the page is full.
    pub(crate) fn give(&self, place: Position, next: &mut usize, page: &mut Page) -> bool {
        while let Some(private) = self.frames.get(*next).filter(|private| private.before <= place) {
            if !page.add(private.frame.clone(), Step::Private) {
                return false;
            }
            *next += 1;
        }
        true
    }

    /// Lets go of the first frame, which was written.
    pub(crate) fn pop(&mut self) {
        if let Some(private) = self.frames.pop_front() {
            self.bytes -= private.frame.len();
        }
        if self.frames.is_empty() {
            // An idle connection should hold no buffer.
            self.frames = VecDeque::new();
        }
    }
}
