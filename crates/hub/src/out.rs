//! What is on its way out to one peer, and how far it has come.

use std::io;
use std::task::{Context, Poll};

use bytes::Bytes;
use parlour_websocket::Writer;

use crate::ending::Ending;
use crate::page::{Page, Step};
use crate::queue::{Overflow, Queue};
use crate::reading::{FellBehind, Reading};
use crate::ring::Position;
use crate::wheel::Tick;

/// How many pages are written to one connection before others have their turn.
const MOST_PAGES: usize = 4;

/// What is on its way out.
pub(crate) struct Out {
    /// `None` when nothing more is said by this way.
    pub(crate) writer: Option<Writer>,
    /// Where it reads in the room, if it does.
    pub(crate) reading: Option<Reading>,
    /// What an idle connection has none of.
    backlog: Option<Box<Backlog>>,
    /// Since when the socket has taken nothing.
    pub(crate) stuck_since: Option<Tick>,
    pub(crate) ping_at: Tick,
    /// Frames given to the socket since they were last counted.
    given: u32,
    /// Whether the stream may still hold what was written.
    unflushed: bool,
}

/// What is owed to this peer alone.
#[derive(Default)]
struct Backlog {
    /// Of a frame that was begun.
    rest: Bytes,
    /// A ping, or the answer to the last one, while it has to wait: earlier ones need none (RFC 6455 §5.5.3).
    pong: Bytes,
    queue: Queue,
    ending: Option<Ending>,
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

impl Out {
    pub(crate) fn new(writer: Writer, reading: Option<Reading>, ping_at: Tick) -> Self {
        let writer = Some(writer);
        Self { writer, reading, backlog: None, stuck_since: None, ping_at, given: 0, unflushed: false }
    }

    /// Frames given to the socket since this was last asked.
    pub(crate) fn given(&mut self) -> u32 {
        std::mem::take(&mut self.given)
    }

    /// Whether it is over, or about to be.
    pub(crate) fn is_ending(&self) -> bool {
        self.backlog.as_ref().is_some_and(|backlog| backlog.ending.is_some())
    }

    /// Ends it after what was said so far. The first reason stands.
    pub(crate) fn end(&mut self, ending: Ending) {
        self.backlog().ending.get_or_insert(ending);
    }

    /// Why it is over, if it is.
    pub(crate) fn ending(&mut self) -> Option<Ending> {
        self.backlog.as_mut()?.ending.take()
    }

    /// How much the peer has not taken of what was said to it alone: frames, and the rest of one that was begun.
    pub(crate) fn owed(&self) -> usize {
        self.backlog.as_ref().map_or(0, |backlog| backlog.queue.len() + usize::from(!backlog.rest.is_empty()))
    }

    /// Queues a frame after all that has happened in the room so far.
    pub(crate) fn queue(&mut self, frame: Bytes) -> Result<(), Overflow> {
        let before = self.reading.as_ref().map_or(0, |reading| reading.room.end());
        self.backlog().queue.push(before, frame)
    }

    /// Queues a frame before anything else.
    pub(crate) fn begin_with(&mut self, frame: Bytes) {
        // However long the list of people is, it is owed.
        let _ = self.backlog().queue.push(0, frame);
    }

    /// Owes a ping, or the answer to one.
    pub(crate) fn owe(&mut self, control: Bytes) {
        self.backlog().pong = control;
    }

    /// Whether nothing is owed to this peer alone.
    pub(crate) fn is_even(&self) -> bool {
        self.backlog.is_none()
    }

    fn backlog(&mut self) -> &mut Backlog {
        self.backlog.get_or_insert_default()
    }

    /// Nothing more is said by this way: lets go of all that was held. To be dropped outside of the lock.
    pub(crate) fn close(&mut self) -> impl Sized + use<> {
        (self.writer.take(), self.reading.take(), self.backlog.take())
    }

    /// The reading and the cursor of one who has nothing else to be told than what everybody is who is as far.
    pub(crate) fn shared(&self) -> Option<(&Reading, Position)> {
        let reading = self.reading.as_ref().filter(|_| self.is_even())?;
        Some((reading, reading.plain_cursor()?))
    }

    /// Adds to a page what there is to be written.
    pub(crate) fn gather(&self, page: &mut Page) -> Result<(), FellBehind> {
        let nothing = Queue::default();
        let mut queue = &nothing;
        if let Some(backlog) = &self.backlog {
            queue = &backlog.queue;
            if !backlog.rest.is_empty() {
                page.add(backlog.rest.clone(), Step::Rest);
            }
            if !backlog.pong.is_empty() {
                page.add(backlog.pong.clone(), Step::Pong);
            }
        }
        if let Some(reading) = &self.reading {
            return reading.gather(queue, page);
        }
        queue.give(Position::MAX, &mut 0, page);
        Ok(())
    }

    /// Writes what there is, a few pages of it.
    pub(crate) fn write_pages(&mut self, now: Tick) -> Result<Progress, Ending> {
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
    pub(crate) fn write(&mut self, page: &Page, now: Tick) -> Result<Progress, Ending> {
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
            self.take_step(piece.step);
            if left < piece.frame.len() {
                self.backlog().rest = piece.frame.slice(left..);
                return;
            }
            left -= piece.frame.len();
        }
        if let (Some(reading), Some(reached)) = (&mut self.reading, page.reached) {
            reading.reach(reached);
        }
        self.backlog.take_if(|backlog| backlog.is_empty());
    }

    fn take_step(&mut self, step: Step) {
        self.given += u32::from(!matches!(step, Step::Rest | Step::Pong));
        match (step, &mut self.backlog) {
            (Step::Rest, Some(backlog)) => backlog.rest = Bytes::new(),
            (Step::Pong, Some(backlog)) => backlog.pong = Bytes::new(),
            (Step::Private, Some(backlog)) => backlog.queue.pop(),
            _ => self.reading.iter_mut().for_each(|reading| reading.take(step)),
        }
    }

    /// Whether there is room now; otherwise the task is woken when there is.
    pub(crate) fn poll_room(&mut self, cx: &mut Context<'_>) -> Result<bool, Ending> {
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
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
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

impl Backlog {
    fn is_empty(&self) -> bool {
        self.rest.is_empty() && self.pong.is_empty() && self.queue.is_empty() && self.ending.is_none()
    }
}
