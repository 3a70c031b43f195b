//! How a room follows its log over a bus that loses, repeats and overtakes: by the next seq, and nothing else.

use std::collections::BTreeMap;

use parlour_model::{Epoch, Event, EventBody, RoomId, Seq};

use crate::history::Head;

/// The most events that wait for a hole before them to be filled, and the most bytes of their texts: when it is,
/// they come at once, and a ring must not let go of them before a seat has looked. What is
/// over is read from the history when its turn comes.
const MOST_HELD: usize = 512;
const MOST_HELD_BYTES: usize = 1024 * 1024;

/// Which log: a later one takes the place of an earlier one of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Log {
    /// Compared first: a restore gives every log a new epoch, whatever its room's number.
    pub(crate) epoch: Epoch,
    pub(crate) id: RoomId,
}

impl Log {
    pub(crate) fn of(head: &Head) -> Self {
        Self { epoch: head.epoch, id: head.id }
    }
}

/// Where a room stands in its log.
#[derive(Debug, Default)]
pub(crate) struct Subscription {
    /// `None` while nobody has written.
    log: Option<Log>,
    /// The next seq to deliver; `None` until the head is read.
    next: Option<Seq>,
    /// The highest seq that is known to exist.
    known: Seq,
    held: BTreeMap<Seq, Event>,
    held_bytes: usize,
}

/// What came of news.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// To be delivered, in this order.
    pub(crate) ready: Vec<Event>,
    /// Whether another log has begun: what was delivered before has no meaning in it.
    pub(crate) turned: bool,
}

impl Subscription {
    /// The seq of the last delivered event; 0 before the first.
    pub(crate) fn last(&self) -> Seq {
        self.next.map_or(0, |next| next - 1)
    }

    /// The room whose log it is.
    pub(crate) fn room(&self) -> Option<RoomId> {
        self.log.map(|log| log.id)
    }

    /// Begins to deliver after the head. What came by the bus before it was read has been held.
    pub(crate) fn start(&mut self, head: Option<Head>) -> Progress {
        let head = head.filter(|head| self.log.is_none_or(|log| log == Log::of(head)));
        if let Some(head) = head {
            self.log = Some(Log::of(&head));
        }
        let last = head.map_or(0, |head| head.last_seq);
        self.next = Some(last + 1);
        self.known = self.known.max(last);
        self.held.retain(|seq, _| *seq > last);
        self.held_bytes = self.held.values().map(bytes_of).sum();
        let mut ready = Vec::new();
        self.release(&mut ready);
        Progress { ready, turned: false }
    }

    /// Takes events that the bus or the history brought.
    pub(crate) fn take(&mut self, log: Log, events: Vec<Event>) -> Progress {
        let Some(first) = events.first().map(|event| event.seq) else {
            return Progress::default();
        };
        let Some(turned) = self.enter(log, first) else {
            return Progress::default();
        };
        let mut ready = Vec::new();
        for event in events {
            self.known = self.known.max(event.seq);
            match self.next {
                Some(next) if event.seq < next => {}
                Some(next) if event.seq == next => {
                    self.next = Some(next + 1);
                    ready.push(event);
                }
                _ => self.hold(event),
            }
        }
        self.release(&mut ready);
        Progress { ready, turned }
    }

    /// Takes what the history says of the head: hints may have been lost.
    pub(crate) fn learn(&mut self, head: &Head) -> Progress {
        let turned = self.enter(Log::of(head), head.last_seq + 1);
        if turned.is_some() {
            self.known = self.known.max(head.last_seq);
        }
        Progress { ready: Vec::new(), turned: turned == Some(true) }
    }

    /// The log, and the seq after which events are known to exist that have not come.
    pub(crate) fn hole(&self) -> Option<(Log, Seq)> {
        let next = self.next.filter(|next| *next <= self.known)?;
        Some((self.log?, next - 1))
    }

    /// Goes over to `log` if it is later than the one so far, to begin there at `first`, and says whether that
    /// is a change. `None`: it is an earlier one, whose news are late.
    fn enter(&mut self, log: Log, first: Seq) -> Option<bool> {
        let turned = match self.log {
            None => false,
            Some(old) if log < old => return None,
            Some(old) => log != old,
        };
        self.log = Some(log);
        if turned {
            self.held.clear();
            self.held_bytes = 0;
            self.known = 0;
            self.next = self.next.map(|_| first);
        }
        Some(turned)
    }

    fn hold(&mut self, event: Event) {
        self.held_bytes += bytes_of(&event);
        if let Some(old) = self.held.insert(event.seq, event) {
            self.held_bytes -= bytes_of(&old);
        }
        while self.held.len() > MOST_HELD || self.held_bytes > MOST_HELD_BYTES {
            let Some((_, last)) = self.held.pop_last() else {
                return;
            };
            self.held_bytes -= bytes_of(&last);
        }
    }

    /// Lets go what is held and due.
    fn release(&mut self, ready: &mut Vec<Event>) {
        let Some(mut next) = self.next else {
            return;
        };
        while let Some(held) = self.held.first_entry().filter(|held| *held.key() <= next) {
            let event = held.remove();
            self.held_bytes -= bytes_of(&event);
            if event.seq == next {
                next += 1;
                ready.push(event);
            }
        }
        self.next = Some(next);
    }
}

fn bytes_of(event: &Event) -> usize {
    match &event.body {
        EventBody::Message { text, .. } => text.len(),
        EventBody::Erased => 0,
    }
}
