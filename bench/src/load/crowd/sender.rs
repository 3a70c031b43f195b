//! Those of a crowd who send: what they have counted, and what their socket has not yet taken.

use std::io::{self, Write};

use super::frame::append_text;
use super::line::{Line, NOBODY};
use super::text::{self, Stamp};
use crate::Result;

/// One of them.
#[derive(Debug, Default)]
pub(super) struct Sender {
    /// The number of its connection.
    pub(super) line: usize,
    /// How many messages it has sent.
    pub(super) sent: u32,
    /// Frames that the socket has not taken.
    out: Vec<u8>,
}

impl Sender {
    /// The senders among `lines`, in the order of their numbers.
    pub(super) fn of(lines: &[Line]) -> Vec<Self> {
        let mut senders: Vec<_> = lines.iter().enumerate().filter(|(_, line)| line.sender != NOBODY).collect();
        senders.sort_by_key(|(_, line)| line.sender);
        senders.into_iter().map(|(line, _)| Self { line, ..Self::default() }).collect()
    }

    /// Appends its next message, sent at `now`.
    pub(super) fn append_next(&mut self, number: u32, now: u32) {
        self.append(Stamp { sender: number, counter: self.sent, sent: now });
        self.sent += 1;
    }

    /// Appends a message.
    pub(super) fn append(&mut self, stamp: Stamp) {
        append_text(&mut self.out, |out| {
            out.extend_from_slice(br#"{"text":""#);
            text::append(stamp, out);
            out.extend_from_slice(br#""}"#);
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
