//! The writing side of one connection, for whoever has something to say to it: the room's walker, the answers to its
//! messages, the timing wheel, and its own task when the socket is full.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use bytes::Bytes;
use parlour_websocket::{Close, CloseCode, ReadError, Writer, frame};

use crate::lock::lock;
use crate::page::{Page, Step};
use crate::queue::{Overflow, Queue};
use crate::reading::{FellBehind, Reading};
use crate::registry::{Farewell, Signal};
use crate::ring::Position;
use crate::settings::HubSettings;
use crate::wheel::{Tick, Wheel};

/// How many pages are written to one connection before others have their turn.
const MOST_PAGES: usize = 4;

/// One connection as others see it.
pub(crate) struct Line {
    /// Rung to have the connection's task look.
    signal: Arc<Signal>,
    wheel: Arc<Wheel>,
    out: Mutex<Out>,
    /// When something last came from the peer.
    heard_at: AtomicU32,
    /// Since when a message of the peer's has been unfinished; 0 when none is. Its parts take memory, and pongs in
    /// between would keep the line alive for ever.
    begun_at: AtomicU32,
    /// Whether the peer is not listened to at present. Silence counts only while it is.
    deaf: AtomicBool,
    /// Messages of the peer's that are not settled.
    under_way: AtomicU32,
    ping_every: Tick,
    patience: Tick,
}

/// What is on its way out.
pub(crate) struct Out {
    /// `None` when nothing more is said by this way.
    writer: Option<Writer>,
    /// Of a frame that was begun.
    rest: Bytes,
    /// The answer to the last ping, while it has to wait: earlier ones need none (RFC 6455 §5.5.3).
    pong: Bytes,
    queue: Queue,
    reading: Option<Reading>,
    /// Since when the socket has taken nothing.
    stuck_since: Option<Tick>,
    /// Whether the stream may still hold what was written.
    unflushed: bool,
    ping_at: Tick,
    ending: Option<Ending>,
    /// Frames given to the socket since they were last counted.
    given: u32,
}

/// Why a connection ends.
#[derive(Debug)]
pub(crate) enum Ending {
    /// The line is broken.
    Gone,
    /// After a goodbye.
    Goodbye(CloseCode, String),
}

/// How far writing came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// There is no more to say.
    Idle,
    /// The socket takes no more.
    Stuck,
    /// There is more.
    More,
}

/// What a walker finds when it comes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visit {
    /// It has all that the page had, or its own task will see to it.
    Served,
    /// There is more for it.
    Unfinished,
    /// It is over.
    Over,
}

impl Line {
    pub(crate) fn new(
        writer: Writer,
        signal: Arc<Signal>,
        reading: Option<Reading>,
        wheel: &Arc<Wheel>,
        settings: &HubSettings,
    ) -> Self {
        let (now, ping_every) = (wheel.now(), wheel.ticks(settings.ping_every));
        let out = Out {
            writer: Some(writer),
            rest: Bytes::new(),
            pong: Bytes::new(),
            queue: Queue::default(),
            reading,
            stuck_since: None,
            unflushed: false,
            ping_at: now + ping_every,
            ending: None,
            given: 0,
        };
        Self {
            signal,
            wheel: Arc::clone(wheel),
            out: Mutex::new(out),
            heard_at: AtomicU32::new(now),
            begun_at: AtomicU32::new(0),
            deaf: AtomicBool::new(false),
            under_way: AtomicU32::new(0),
            ping_every,
            patience: wheel.ticks(settings.idle_timeout),
        }
    }

    /// Looked at ahead of a visit, among others, so that the memory they lie in is fetched for all of them at once.
    pub(crate) fn warm(&self) -> Tick {
        self.heard_at.load(Ordering::Relaxed)
    }

    pub(crate) fn out(&self) -> MutexGuard<'_, Out> {
        lock(&self.out)
    }

    /// When it is to be looked at for the first time.
    pub(crate) fn first_look(&self) -> Tick {
        self.ping_every.min(self.patience)
    }

    /// Something came from the peer.
    pub(crate) fn hear(&self) {
        self.heard_at.store(self.wheel.now(), Ordering::Relaxed);
    }

    /// Whether a message of the peer's has begun and is not whole.
    pub(crate) fn note_begun(&self, has_begun: bool) {
        if !has_begun {
            self.begun_at.store(0, Ordering::Relaxed);
        } else if self.begun_at.load(Ordering::Relaxed) == 0 {
            self.begun_at.store(self.wheel.now(), Ordering::Relaxed);
        }
    }

    /// Whether fewer than `most` of the peer's messages are under way. If not, its task is rung when one is settled.
    pub(crate) fn has_room(&self, most: u32) -> bool {
        self.deaf.store(true, Ordering::SeqCst);
        let has_room = self.under_way.load(Ordering::SeqCst) < most;
        if has_room {
            self.deaf.store(false, Ordering::SeqCst);
        }
        has_room
    }

    /// From here on it is not listened to, or is again.
    pub(crate) fn set_deaf(&self, deaf: bool) {
        self.deaf.store(deaf, Ordering::SeqCst);
    }

    pub(crate) fn begin_message(&self) {
        self.under_way.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn end_message(&self) {
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        if self.deaf.load(Ordering::SeqCst) {
            self.signal.ring();
        }
    }

    /// Queues a frame for this connection alone, after all that has happened in its room so far, and sends it if
    /// there is room. When more than 64 KiB are waiting, the connection has fallen behind.
    pub(crate) fn say(&self, frame: Bytes) {
        let mut out = self.out();
        if out.queue(frame).is_err() {
            out.ending.get_or_insert(FellBehind.into());
            self.signal.ring();
            return;
        }
        self.write_on(&mut out);
    }

    /// Answers a ping.
    pub(crate) fn pong(&self, payload: &[u8]) {
        let mut out = self.out();
        out.pong = frame::pong(payload);
        self.write_on(&mut out);
    }

    /// Ends the connection after what was said so far. The first reason stands.
    pub(crate) fn end(&self, code: CloseCode, reason: String) {
        self.out().ending.get_or_insert(Ending::Goodbye(code, reason));
        self.signal.ring();
    }

    /// Comes by with what happened in the room. `page` answers for whoever has read up to a cursor.
    /// Says, too, how many frames it was given since that was last asked.
    pub(crate) fn visit<'a>(
        &self,
        page: impl FnOnce(&Reading, Position) -> Result<&'a Page, FellBehind>,
    ) -> (Visit, u32) {
        let mut out = self.out();
        let visit = self.visit_out(&mut out, page);
        (visit, out.given())
    }

    fn visit_out<'a>(
        &self,
        out: &mut Out,
        page: impl FnOnce(&Reading, Position) -> Result<&'a Page, FellBehind>,
    ) -> Visit {
        let Some(writer) = &out.writer else {
            return Visit::Over;
        };
        let is_direct = writer.is_direct();
        if out.stuck_since.is_some() {
            return self.look_after_stuck(out);
        }
        if !is_direct {
            self.signal.ring();
            return Visit::Served;
        }
        if !out.reading.as_ref().is_some_and(Reading::is_live) {
            return Visit::Served;
        }
        let Some(cursor) = out.shared_cursor() else {
            return self.write_on(out);
        };
        let Some(reading) = &out.reading else {
            return Visit::Served;
        };
        let progress = match page(reading, cursor) {
            Ok(page) => out.write(page, self.wheel.now()),
            Err(behind) => Err(behind.into()),
        };
        self.conclude(out, progress)
    }

    /// A reader that takes nothing is told as soon as what it has not read is gone.
    fn look_after_stuck(&self, out: &mut Out) -> Visit {
        if out.ending.is_none() && out.reading.as_ref().is_some_and(Reading::has_fallen_off) {
            out.ending = Some(FellBehind.into());
            self.signal.ring();
        }
        Visit::Served
    }

    /// Writes on outside of the connection's task, where a socket can be written to without one.
    fn write_on(&self, out: &mut Out) -> Visit {
        if out.writer.as_ref().is_none_or(|writer| !writer.is_direct()) || out.stuck_since.is_some() {
            self.signal.ring();
            return Visit::Served;
        }
        let progress = out.write_pages(self.wheel.now());
        self.conclude(out, progress)
    }

    fn conclude(&self, out: &mut Out, progress: Result<Progress, Ending>) -> Visit {
        match progress {
            Ok(Progress::Idle) => return Visit::Served,
            Ok(Progress::More) => return Visit::Unfinished,
            Ok(Progress::Stuck) => {}
            Err(ending) => drop(out.ending.get_or_insert(ending)),
        }
        self.signal.ring();
        Visit::Served
    }

    /// The wheel came around: pings, or finds that the peer is gone. Says when to look again; `None` when it is over.
    pub(crate) fn look(&self) -> Option<Tick> {
        let now = self.wheel.now();
        let mut out = self.out();
        out.writer.as_ref()?;
        if self.deaf.load(Ordering::Relaxed) {
            self.heard_at.store(now, Ordering::Relaxed);
        }
        let begun = Some(self.begun_at.load(Ordering::Relaxed)).filter(|begun| *begun > 0);
        let waiting_since = [out.stuck_since, begun].into_iter().flatten();
        let gone_at = waiting_since.fold(self.heard_at.load(Ordering::Relaxed), Tick::min) + self.patience;
        if gone_at <= now {
            out.ending.get_or_insert(Ending::Gone);
            self.signal.ring();
            return None;
        }
        if out.ping_at <= now {
            out.ping_at = now + self.ping_every;
            self.ping(&mut out);
        }
        Some(out.ping_at.min(gone_at) - now)
    }

    /// Behind a write that is stuck a ping would prove nothing.
    fn ping(&self, out: &mut Out) {
        if out.stuck_since.is_none() && out.pong.is_empty() {
            out.pong = frame::ping(b"");
            self.write_on(out);
        }
    }

    /// Writes on in the connection's task. `true`: all is written; otherwise the task is woken to go on.
    pub(crate) fn poll_write(&self, cx: &mut Context<'_>) -> Result<bool, Ending> {
        let mut out = self.out();
        loop {
            if let Some(ending) = out.ending.take() {
                return Err(ending);
            }
            if out.stuck_since.is_some() && !out.poll_room(cx)? {
                return Ok(false);
            }
            match out.write_pages(self.wheel.now())? {
                Progress::Idle => return out.poll_flush(cx).map(|()| true),
                Progress::Stuck => {}
                Progress::More => {
                    cx.waker().wake_by_ref();
                    return Ok(false);
                }
            }
        }
    }

    /// Queues what must be said before anything else, before the line is known to anybody.
    pub(crate) fn begin_with(&self, frame: Bytes) {
        // However long the list of people is, it is owed.
        let _ = self.out().queue.push(0, frame);
    }

    /// Takes the writer for the goodbye, and all that is still to be said before it, as far as one write takes it.
    pub(crate) fn finish(&self) -> Option<(Writer, Bytes)> {
        let mut out = self.out();
        let mut page = Page::default();
        // A connection that has fallen behind is closed all the same.
        let _ = out.gather(&mut page);
        let last = Bytes::copy_from_slice(page.bytes());
        out.writer.take().map(|writer| (writer, last))
    }

    /// Nothing more is said by this way: lets go of all that it held.
    pub(crate) fn close(&self) {
        let mut out = self.out();
        let (writer, reading) = (out.writer.take(), out.reading.take());
        (out.queue, out.rest) = (Queue::default(), Bytes::new());
        drop(out);
        drop((writer, reading));
    }
}

impl Out {
    /// Where it reads in the room, if it does.
    pub(crate) fn reading(&mut self) -> Option<&mut Reading> {
        self.reading.as_mut()
    }

    /// Frames given to the socket since this was last asked.
    pub(crate) fn given(&mut self) -> u32 {
        std::mem::take(&mut self.given)
    }

    /// Whether the peer has not taken what it was answered.
    pub(crate) fn owes(&self) -> bool {
        !self.queue.is_empty() || !self.rest.is_empty()
    }

    fn queue(&mut self, frame: Bytes) -> Result<(), Overflow> {
        let before = self.reading.as_ref().map_or(0, |reading| reading.room.end());
        self.queue.push(before, frame)
    }

    /// The cursor of one who has nothing else to be told than what everybody is who is as far.
    fn shared_cursor(&self) -> Option<Position> {
        let is_plain = self.rest.is_empty() && self.pong.is_empty() && self.queue.is_empty() && self.ending.is_none();
        self.reading.as_ref().filter(|_| is_plain)?.plain_cursor()
    }

    fn gather(&self, page: &mut Page) -> Result<(), FellBehind> {
        if !self.rest.is_empty() {
            page.add(self.rest.clone(), Step::Rest);
        }
        if !self.pong.is_empty() {
            page.add(self.pong.clone(), Step::Pong);
        }
        if let Some(reading) = &self.reading {
            return reading.gather(&self.queue, page);
        }
        self.queue.give(Position::MAX, &mut 0, page);
        Ok(())
    }

    fn write_pages(&mut self, now: Tick) -> Result<Progress, Ending> {
        for _ in 0..MOST_PAGES {
            let mut page = Page::default();
            self.gather(&mut page)?;
            match self.write(&page, now)? {
                Progress::More => {}
                progress => return Ok(progress),
            }
        }
        Ok(Progress::More)
    }

    /// Writes a page, as much as there is room for. [`Progress::More`]: all of it, and there may be more.
    fn write(&mut self, page: &Page, now: Tick) -> Result<Progress, Ending> {
        let bytes = page.bytes();
        let Some(writer) = &mut self.writer else {
            return Err(Ending::Gone);
        };
        let written = match bytes {
            [] => 0,
            bytes => match writer.try_write(bytes) {
                Ok(0) => return Err(Ending::Gone),
                Ok(written) => written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.stuck_since.get_or_insert(now);
                    return Ok(Progress::Stuck);
                }
                Err(_) => return Err(Ending::Gone),
            },
        };
        let is_whole = written == bytes.len();
        self.unflushed |= written > 0 && !writer.is_direct();
        self.stuck_since = (!is_whole).then_some(now);
        self.take(page, written);
        Ok(match page.reached {
            _ if !is_whole => Progress::Stuck,
            Some(_) => Progress::Idle,
            None if bytes.is_empty() => Progress::Idle,
            None => Progress::More,
        })
    }

    /// Lets go of what was written. Of a frame that was begun the rest is kept.
    fn take(&mut self, page: &Page, written: usize) {
        let mut left = written;
        for piece in page.pieces() {
            if left == 0 {
                return;
            }
            self.given += u32::from(!matches!(piece.step, Step::Rest | Step::Pong));
            match piece.step {
                Step::Rest => self.rest = Bytes::new(),
                Step::Pong => self.pong = Bytes::new(),
                Step::Private => self.queue.pop(),
                Step::History | Step::Ring(_) => self.reading.iter_mut().for_each(|reading| reading.take(piece.step)),
            }
            if left < piece.frame.len() {
                self.rest = piece.frame.slice(left..);
                return;
            }
            left -= piece.frame.len();
        }
        if let (Some(reading), Some(reached)) = (&mut self.reading, page.reached) {
            reading.reach(reached);
        }
    }

    /// Whether there is room now; otherwise the task is woken when there is.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Result<bool, Ending> {
        let Some(writer) = &mut self.writer else {
            return Err(Ending::Gone);
        };
        match writer.poll_writable(cx) {
            Poll::Ready(Ok(())) => Ok(true),
            Poll::Ready(Err(_)) => Err(Ending::Gone),
            Poll::Pending => Ok(false),
        }
    }

    /// Sees out what the stream still holds; the task is woken to go on with that.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        let Some(writer) = self.writer.as_mut().filter(|_| self.unflushed) else {
            return Ok(());
        };
        if let Poll::Ready(result) = writer.poll_flush(cx) {
            result.map_err(|_| Ending::Gone)?;
            self.unflushed = false;
        }
        Ok(())
    }
}

impl From<FellBehind> for Ending {
    fn from(FellBehind: FellBehind) -> Self {
        Self::Goodbye(CloseCode::TRY_AGAIN_LATER, "resume".to_owned())
    }
}

impl From<Farewell> for Ending {
    fn from(farewell: Farewell) -> Self {
        let (code, reason) = match farewell {
            Farewell::SessionEnded => (CloseCode::POLICY, "session ended"),
            Farewell::Expired => (CloseCode::POLICY, "token expired"),
            Farewell::Restarting => (CloseCode::SERVICE_RESTART, "restarting"),
        };
        Self::Goodbye(code, reason.to_owned())
    }
}

impl From<Option<Close>> for Ending {
    /// The peer's goodbye, which is answered with its own code (RFC 6455 §5.5.1).
    fn from(close: Option<Close>) -> Self {
        Self::Goodbye(close.map_or(CloseCode::NORMAL, |close| close.code), String::new())
    }
}

impl From<ReadError> for Ending {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Violation(violation) => Self::Goodbye(violation.close_code(), violation.to_string()),
            ReadError::Io(_) | ReadError::Ended => Self::Gone,
        }
    }
}
