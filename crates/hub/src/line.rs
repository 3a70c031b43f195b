//! The writing side of one connection, for whoever has something to say to it: the room's walker, the answers to its
//! messages, the timing wheel, and its own task when the socket is full.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Context;

use bytes::Bytes;
use parlour_websocket::{CloseCode, Writer, frame};

use crate::ending::Ending;
use crate::lock::lock;
use crate::out::{Out, Progress};
use crate::page::Page;
use crate::reading::{FellBehind, Reading};
use crate::ring::Position;
use crate::settings::HubSettings;
use crate::signal::Signal;
use crate::wheel::{Tick, Wheel};

/// One connection as others see it.
pub(crate) struct Line {
    /// Rung to have the connection's task look.
    signal: Arc<Signal>,
    wheel: Arc<Wheel<Self>>,
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
        wheel: &Arc<Wheel<Self>>,
        settings: &HubSettings,
    ) -> Self {
        let (now, ping_every) = (wheel.now(), wheel.ticks(settings.ping_every));
        Self {
            signal,
            wheel: Arc::clone(wheel),
            out: Mutex::new(Out::new(writer, reading, now + ping_every)),
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

    /// It is not listened to, until [`Line::has_room`] again.
    pub(crate) fn turn_deaf(&self) {
        self.deaf.store(true, Ordering::SeqCst);
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
            out.end(FellBehind.into());
            self.signal.ring();
            return;
        }
        if self.write_on(&mut out) == Visit::Unfinished {
            // The walker may write the rest; but the task that waits for it to be written must look.
            self.signal.ring();
        }
    }

    /// Answers a ping.
    pub(crate) fn pong(&self, payload: &[u8]) {
        let mut out = self.out();
        out.owe(frame::pong(payload));
        self.write_on(&mut out);
    }

    /// Ends the connection after what was said so far. The first reason stands.
    pub(crate) fn end(&self, code: CloseCode, reason: String) {
        self.out().end(Ending::Goodbye(code, reason));
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
        let Some(is_direct) = out.writer.as_ref().map(Writer::is_direct) else {
            return Visit::Over;
        };
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
        let Some((reading, cursor)) = out.shared() else {
            return self.write_on(out);
        };
        let progress = match page(reading, cursor) {
            Ok(page) => out.write(page, self.wheel.now()),
            Err(behind) => Err(behind.into()),
        };
        self.conclude(out, progress)
    }

    /// A reader that takes nothing is told as soon as what it has not read is gone.
    fn look_after_stuck(&self, out: &mut Out) -> Visit {
        if !out.is_ending() && out.reading.as_ref().is_some_and(Reading::has_fallen_off) {
            out.end(FellBehind.into());
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
            Err(ending) => out.end(ending),
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
            out.end(Ending::Gone);
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
        if out.stuck_since.is_none() && out.is_even() {
            out.owe(frame::ping(b""));
            self.write_on(out);
        }
    }

    /// Writes on in the connection's task. `true`: all is written; otherwise the task is woken to go on.
    pub(crate) fn poll_write(&self, cx: &mut Context<'_>) -> Result<bool, Ending> {
        let mut out = self.out();
        loop {
            if let Some(ending) = out.ending() {
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
        self.out().begin_with(frame);
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
        // What was held is dropped after the lock.
        let held = self.out().close();
        drop(held);
        self.signal.forget();
    }
}
