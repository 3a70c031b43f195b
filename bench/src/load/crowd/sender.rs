//! Those of a crowd who send: what they have counted, and what their socket has not yet taken.

use std::io::{self, Write};

use super::dialect::Around;
use super::frame::append;
use super::line::{Line, NOBODY};
use super::text::{self, Stamp};
use crate::Result;

/// One of them.
#[derive(Debug)]
pub(super) struct Sender {
    /// The number of its connection.
    pub(super) line: usize,
    around: Around,
    /// How many messages it has sent.
    pub(super) sent: u32,
    /// Frames that the socket has not taken.
    out: Vec<u8>,
}

impl Sender {
    /// The senders among `lines`, in the order of their numbers; `around` tells what they write into each room.
    pub(super) fn of(lines: &[Line], around: impl Fn(u32) -> Around) -> Vec<Self> {
        let mut senders: Vec<_> = lines.iter().enumerate().filter(|(_, line)| line.sender != NOBODY).collect();
        senders.sort_by_key(|(_, line)| line.sender);
        let sender =
            |(place, line): (usize, &Line)| Self { line: place, around: around(line.room), sent: 0, out: Vec::new() };
        senders.into_iter().map(sender).collect()
    }

    /// Appends its next message, sent at `now`.
    pub(super) fn append_next(&mut self, number: u32, now: u32) {
        self.append(Stamp { sender: number, counter: self.sent, sent: now });
        self.sent += 1;
    }

    /// Appends a message.
    pub(super) fn append(&mut self, stamp: Stamp) {
        append(&mut self.out, self.around.kind, |out| {
            out.extend_from_slice(&self.around.before);
            text::append(stamp, out);
            out.extend_from_slice(self.around.after);
        });
    }

    /// Gives the socket what it takes, in one write.
    pub(super) fn flush(&mut self, line: &mut Line) -> Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        match line.stream.write(&self.out) {
            Ok(count) => drop(self.out.drain(..count)),
            // It becomes writable again, and says so.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
