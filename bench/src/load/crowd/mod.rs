//! A crowd: thousands of WebSocket connections in rooms, driven and verified by one thread.
//!
//! It must be cheaper than any server that it measures. One buffer serves all reads, frames are looked at where they
//! came, nothing is allocated for one, and every seat keeps only how far it has come (see [`ledger`]).

mod dialect;
mod frame;
mod histogram;
mod ledger;
mod line;
mod opening;
mod pace;
mod sender;
mod text;

use std::io::{self, Read};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Poll};

use frame::Frame;
use histogram::Histogram;
use ledger::Ledger;
use line::Line;
use sender::Sender;
use text::{Finder, Stamp};

pub(crate) use dialect::Dialect;
pub(crate) use opening::Layout;
pub(crate) use pace::{Drive, Pace, Tally, Watched};
pub(crate) use text::LENGTH as TEXT_LENGTH;

use crate::Result;

/// What one read may bring. A socket that had more is read again.
const A_READ: usize = 256 << 10;

/// Room before it for the rest of the read before: the beginning of one frame.
const BEFORE: usize = 64 << 10;

/// How many messages all ledgers together remember, and the most that one does.
const REMEMBERED: usize = 1 << 20;
const MOST_REMEMBERED: usize = 1 << 13;

/// How many connections one look at the system tells of.
const EVENTS: usize = 1024;

/// Rooms that are probed at the same time: no server need have room for a message of every room.
const PROBED: usize = 256;

/// How long everybody may take to come, or to get what was sent.
const PATIENCE: Duration = Duration::from_secs(20);

/// The connections and what they have seen.
pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    /// When its clock began.
    began: Instant,
    buffer: Box<[u8]>,
    dialect: Dialect,
    finder: Finder,
    lines: Vec<Line>,
    ledgers: Vec<Ledger>,
    senders: Vec<Sender>,
    score: Score,
    /// How the senders go on.
    pace: Pace,
    sending: bool,
    /// Whose turn it is where the senders take turns.
    turn: usize,
}

/// What has come.
#[derive(Default)]
struct Score {
    /// To how many seats a probe.
    present: usize,
    /// Messages, of all seats together.
    deliveries: u64,
    /// Microseconds from their sending.
    latencies: Histogram,
    /// The same of those whose sender is connected to another server.
    crossed: Histogram,
    /// The senders' servers.
    homes: Vec<u16>,
}

impl Score {
    /// Takes note of a message that came at `now`: 1 if it is the reader's own, else 0.
    #[inline]
    fn note(&mut self, line: &mut Line, ledger: &mut Ledger, raw: &text::Raw, now: u32) -> Result<u32> {
        if is_probe(raw) {
            self.present += usize::from(!line.present);
            line.present = true;
            return Ok(0);
        }
        let entry = ledger.check(line.place, raw)?;
        line.place += 1;
        self.deliveries += 1;
        let latency = now.saturating_sub(entry.sent);
        self.latencies.note(latency);
        if self.homes[entry.sender as usize] != line.home {
            self.crossed.note(latency);
        }
        Ok(u32::from(entry.sender == line.sender))
    }
}

impl Crowd {
    /// Opens all connections of `layout`, spread over the servers at `addresses`, and waits until messages come to every seat, if
    /// anybody sends.
    pub(crate) fn open(addresses: &[SocketAddr], layout: &Layout<'_>) -> Result<Self> {
        let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(EVENTS));
        let lines = opening::open_all(&mut poll, &mut events, addresses, layout)?;
        let size = (REMEMBERED / layout.rooms).next_power_of_two().clamp(64, MOST_REMEMBERED);
        let first_sender = |room| u32::try_from(room * layout.senders);
        let ledger = |room| Ok(Ledger::new(first_sender(room)?, layout.senders, size));
        let greeted: Vec<usize> = (0..lines.len()).filter(|place| lines[*place].rest.is_some()).collect();
        let senders = Sender::of(&lines, |room| layout.dialect.around(&layout.room(room as usize)));
        let homes = senders.iter().map(|sender| lines[sender.line].home).collect();
        let mut crowd = Self {
            poll,
            events,
            began: Instant::now(),
            buffer: vec![0; BEFORE + A_READ].into(),
            dialect: layout.dialect,
            finder: Finder::default(),
            senders,
            ledgers: (0..layout.rooms).map(ledger).collect::<Result<_>>()?,
            lines,
            score: Score { homes, ..Score::default() },
            pace: Pace::Each(0),
            sending: false,
            turn: 0,
        };
        // Some servers speak first.
        for place in greeted {
            crowd.take_in(place, 0)?;
        }
        if layout.senders > 0 {
            crowd.gather(layout)?;
        }
        Ok(crowd)
    }

    /// How many connections.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// How many messages its senders have sent.
    pub(crate) fn sent(&self) -> u32 {
        self.senders.iter().map(|sender| sender.sent).sum()
    }

    /// Answers pings for so long.
    pub(crate) fn wait(&mut self, span: Duration) -> Result<()> {
        let until = Instant::now() + span;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            self.look(Some(left.min(Duration::from_millis(100))))?;
        }
        Ok(())
    }

    /// A server may put a connection into its room only after the upgrade: probes are sent until everybody has got one.
    fn gather(&mut self, layout: &Layout<'_>) -> Result<()> {
        let (mut last, mut present) = (Instant::now(), 0);
        while self.score.present < self.lines.len() {
            if self.score.present > present {
                (last, present) = (Instant::now(), self.score.present);
            } else if last.elapsed() > PATIENCE {
                return Err(format!("messages come to {present} of {} seats", self.lines.len()).into());
            }
            let mut waiting: Vec<u32> = self.lines.iter().filter(|line| !line.present).map(|line| line.room).collect();
            waiting.sort_unstable();
            waiting.dedup();
            waiting.truncate(PROBED);
            self.probe(&waiting, layout.senders)?;
        }
        Ok(())
    }

    /// Probes these rooms, and waits until everybody there has got something, or for a while.
    fn probe(&mut self, rooms: &[u32], senders: usize) -> Result<()> {
        for room in rooms {
            let sender = *room as usize * senders;
            let stamp = Stamp { sender: u32::try_from(sender)?, counter: Stamp::PROBE, sent: 0 };
            self.senders[sender].append(stamp);
            self.flush(sender)?;
        }
        let absent = |line: &Line| !line.present && rooms.binary_search(&line.room).is_ok();
        let expected = self.score.present + self.lines.iter().filter(|line| absent(line)).count();
        let until = Instant::now() + Duration::from_millis(500);
        while self.score.present < expected && Instant::now() < until {
            self.look(Some(Duration::from_millis(10)))?;
        }
        Ok(())
    }

    /// Waits until something comes, for `timeout` at most, and takes in all of it.
    fn look(&mut self, timeout: Option<Duration>) -> Result<()> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        let done = events.iter().try_for_each(|event| self.serve(event.token().0, event));
        self.events = events;
        done
    }

    fn serve(&mut self, place: usize, event: &mio::event::Event) -> Result<()> {
        if event.is_readable() {
            let came_back = self.receive(place)?;
            if self.sending && came_back > 0 {
                self.go_on(self.lines[place].sender as usize, came_back)?;
            }
        }
        if event.is_writable() && self.lines[place].sender != line::NOBODY {
            self.flush(self.lines[place].sender as usize)?;
        }
        Ok(())
    }

    /// Reads all that has come for a connection. How many of its own messages are among it.
    fn receive(&mut self, place: usize) -> Result<u32> {
        let mut came_back = 0;
        loop {
            let count = match self.lines[place].stream.read(&mut self.buffer[BEFORE..]) {
                Ok(0) => return Err(format!("the server closed connection {place}").into()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(came_back),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(format!("connection {place}: {error}").into()),
            };
            came_back += self.take_in(place, count)?;
            // Whatever comes after a read that was not full is a new event (epoll(7), edge-triggered).
            if count < A_READ {
                return Ok(came_back);
            }
        }
    }

    /// Takes in what a read brought to the buffer.
    fn take_in(&mut self, place: usize, count: usize) -> Result<u32> {
        let now = self.now();
        let line = &mut self.lines[place];
        let (mut at, end) = (BEFORE - line.rest.as_ref().map_or(0, |rest| rest.len()), BEFORE + count);
        if let Some(rest) = line.rest.take() {
            self.buffer[at..BEFORE].copy_from_slice(&rest);
        }
        let ledger = &mut self.ledgers[line.room as usize];
        let mut came_back = 0;
        while let Some((frame, length)) = frame::first(&self.buffer[at..end])? {
            at += length;
            let payload = match frame {
                Frame::Message(payload) => payload,
                Frame::Ping(payload) => {
                    line.send(&frame::pong(payload))?;
                    continue;
                }
                Frame::Pong => continue,
                Frame::Close(payload) => return Err(closed(place, payload).into()),
            };
            let mut note = |raw| self.score.note(line, ledger, raw, now);
            if self.dialect.one_a_frame() {
                came_back += note(self.finder.find(payload).ok_or("a message without a stamp")?)?;
            } else {
                for raw in text::all(payload) {
                    came_back += note(raw)?;
                }
            }
        }
        if at < end {
            if end - at > BEFORE {
                return Err("a frame longer than any message".into());
            }
            line.rest = Some(self.buffer[at..end].into());
        }
        Ok(came_back)
    }

    /// Microseconds of the crowd's clock, which no measurement outlasts.
    fn now(&self) -> u32 {
        u32::try_from(self.began.elapsed().as_micros()).unwrap_or(u32::MAX)
    }
}

#[inline]
fn is_probe(raw: &text::Raw) -> bool {
    raw[8..16] == *b"pppppppp"
}

#[cold]
fn closed(place: usize, payload: &[u8]) -> String {
    match payload.split_first_chunk() {
        Some((code, reason)) => {
            let reason = String::from_utf8_lossy(reason);
            format!("the server closed connection {place} with {} ({reason})", u16::from_be_bytes(*code))
        }
        None => format!("the server closed connection {place} without a code"),
    }
}
