//! Micro-batches: what gathered in a room while its previous commit ran becomes the next one.
//!
//! There is no timer. A message that comes to an idle room is committed at once; under load the batches grow by
//! themselves, up to a bound, and with them the messages a second.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use parlour_hub::{Flow, Hub, Published, Turn};
use parlour_model::{Added, Author, Clock, Event, EventBody, RoomName, Seq, Timestamp};
use parlour_store::{Appended, Barred, NewMessage, RoomHead, Store};
use tokio::sync::Notify;
use tokio::task::yield_now;

use super::behind::Behind;
use super::memory::Memory;
use super::pace::Taken;
use crate::{Error, Result};

/// The most messages of one commit.
const MOST_A_BATCH: usize = 64;

/// What a sender should wait when a room's line is full.
const TRY_AGAIN: Duration = Duration::from_secs(1);

pub(super) struct Batcher {
    store: Store,
    hub: Hub,
    clock: Arc<dyn Clock>,
    seen: Seen,
    /// The most messages that wait in one room.
    most_waiting: usize,
    rooms: Mutex<HashMap<RoomName, VecDeque<Waiting>>>,
    /// Rung whenever a room has no more to commit.
    emptied: Notify,
}

/// Who else must know of what was committed.
pub(super) struct Seen {
    pub(super) memory: Arc<Memory>,
    pub(super) behind: Arc<Behind>,
}

/// What became of a message: committed, and on its way to everybody.
pub enum Posted {
    /// It is in the log; its sender's seat gets it like everybody else's.
    New {
        /// Its place.
        seq: Seq,
        /// Its time.
        at: Timestamp,
    },
    /// It was in the log before, under the same key. The first one, for its sender alone.
    Before(Event),
}

/// A message that may be written.
pub(super) struct Said {
    pub(super) author: Author,
    pub(super) text: String,
    pub(super) key: Option<String>,
    pub(super) reply_to: Option<Seq>,
    /// The turn that it takes in a slow room, given back if it is not written.
    pub(super) turn: Option<Box<Taken>>,
}

/// How a contract says at a time what became of a message.
pub type Telling = fn(Result<Posted>, Timestamp) -> Flow;

/// How somebody hears of it who has more to remember than a function can.
pub type Hearing = Box<dyn FnOnce(Result<Posted>, Timestamp) + Send>;

/// Whoever waits for what becomes of a message.
pub(super) enum Answer {
    /// A socket of a contract that says it the same way for every message.
    Turn(Turn, Telling),
    /// Anybody else.
    Hearing(Hearing),
}

struct Waiting {
    said: Said,
    answer: Answer,
}

impl Answer {
    pub(super) fn give(self, outcome: Result<Posted>, at: Timestamp) {
        match self {
            Self::Turn(turn, tell) => turn.settle(tell(outcome, at)),
            Self::Hearing(hear) => hear(outcome, at),
        }
    }
}

/// What a message finds in its room.
enum Line {
    /// Nobody: somebody has to commit for the room from now on.
    Begun,
    /// Somebody who will commit it, too.
    Joined,
    /// As many as may wait.
    Full(Waiting),
}

impl Batcher {
    pub(super) fn new(store: Store, hub: Hub, clock: Arc<dyn Clock>, seen: Seen, most_waiting: usize) -> Self {
        Self { store, hub, clock, seen, most_waiting, rooms: Mutex::default(), emptied: Notify::new() }
    }

    /// Puts a message in its room's line. Its sender is answered when it is committed, or at once when the line is full.
    ///
    /// It is committed even if the sender goes away: then nobody hears of it but those in the room.
    pub(super) fn post(self: &Arc<Self>, room: &RoomName, said: Said, answer: Answer) {
        match self.enqueue(room, Waiting { said, answer }) {
            Line::Begun => drop(tokio::spawn(self.clone().commit_all(room.clone()))),
            Line::Joined => {}
            Line::Full(waiting) => self.refuse(waiting, Error::Busy(TRY_AGAIN)),
        }
    }

    /// Resolves when no message waits for a commit.
    pub(super) async fn flushed(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.rooms().is_empty() {
                return;
            }
            emptied.await;
        }
    }

    fn enqueue(&self, room: &RoomName, message: Waiting) -> Line {
        let mut rooms = self.rooms();
        let Some(line) = rooms.get_mut(room) else {
            rooms.insert(room.clone(), VecDeque::from([message]));
            return Line::Begun;
        };
        if line.len() >= self.most_waiting {
            return Line::Full(message);
        }
        line.push_back(message);
        Line::Joined
    }

    async fn commit_all(self: Arc<Self>, room: RoomName) {
        let latest = Arc::new(AtomicI64::new(0));
        // Whoever is about to speak joins the batch: after a delivery, that is everybody who answers to it.
        yield_now().await;
        while self.has_more(&room) {
            self.commit(&room, &latest).await;
        }
        self.emptied.notify_waiters();
    }

    /// Whether messages wait in a room. If not, its line is gone, and whoever comes next begins another.
    fn has_more(&self, room: &RoomName) -> bool {
        let mut rooms = self.rooms();
        let has_more = rooms.get(room).is_some_and(|line| !line.is_empty());
        if !has_more {
            rooms.remove(room);
        }
        has_more
    }

    /// Commits the next batch: what has gathered when the store has its turn for it, and not before.
    async fn commit(self: &Arc<Self>, room: &RoomName, latest: &Arc<AtomicI64>) {
        let drawn = Arc::new(Mutex::new(Vec::new()));
        let draw = {
            let (batcher, room, latest, drawn) = (self.clone(), room.clone(), latest.clone(), drawn.clone());
            move || {
                // A clock set back must not make a later message look earlier.
                let now = batcher.clock.now().0;
                let at = Timestamp(latest.fetch_max(now, Ordering::Relaxed).max(now));
                let batch = batcher.draw(&room);
                let messages = batch.iter().map(|waiting| waiting.said.message(at)).collect();
                *lock(&drawn) = batch;
                messages
            }
        };
        let outcome = self.store.append(room, draw).await;
        let batch = std::mem::take(&mut *lock(&drawn));
        match outcome {
            Ok(Some((head, appended))) => self.committed(room, &head, batch, appended),
            // It was ended while these were on their way.
            Ok(None) => {
                self.seen.memory.forget(room);
                for waiting in batch {
                    self.refuse(waiting, Error::UnknownRoom);
                }
            }
            Err(error) => {
                // If the store did not come to it, those who wait are told all the same.
                let batch = if batch.is_empty() { self.draw(room) } else { batch };
                tracing::warn!(%error, messages = batch.len(), "messages could not be committed");
                for waiting in batch {
                    self.refuse(waiting, Error::Busy(TRY_AGAIN));
                }
            }
        }
    }

    fn draw(&self, room: &RoomName) -> Vec<Waiting> {
        let mut rooms = self.rooms();
        let Some(line) = rooms.get_mut(room) else {
            return Vec::new();
        };
        // A batch comes into the room's ring at once, and must not push itself out before anybody has read it.
        let lengths = line.iter().map(|waiting| waiting.said.text.len());
        let count = that_fit(lengths, self.hub.settings().ring_bytes / 4);
        line.drain(..count).collect()
    }

    fn committed(&self, room: &RoomName, head: &RoomHead, batch: Vec<Waiting>, appended: Vec<Appended>) {
        let now = self.clock.now();
        let mut events = Vec::with_capacity(batch.len());
        let mut answers = Vec::with_capacity(batch.len());
        for (mut waiting, appended) in batch.into_iter().zip(appended) {
            let is_new = matches!(appended, Appended::New { .. });
            self.give_back(waiting.said.turn.take().filter(|_| !is_new));
            if matches!(appended, Appended::Barred(_)) {
                // What is remembered let it in, and another process has decided otherwise, or somebody this moment.
                self.seen.memory.forget(room);
            }
            let outcome = match appended {
                Appended::New { seq, at } => {
                    if seq == 1 {
                        // The room has just been made: it was remembered as not being there.
                        self.seen.memory.forget(room);
                    }
                    events.push(waiting.said.event(seq, at));
                    Ok(Posted::New { seq, at })
                }
                Appended::Repeat { seq, at } => Ok(Posted::Before(waiting.said.event(seq, at))),
                Appended::KeyConflict => Err(Error::KeyConflict),
                Appended::NoSuchTarget => Err(Error::UnknownMessage),
                Appended::Barred(Barred::Banned) => Err(Error::Banned),
                Appended::Barred(Barred::Muted(until)) => Err(Error::Muted(until)),
                Appended::Barred(Barred::Outsider) => Err(Error::UnknownRoom),
            };
            answers.push((waiting.answer, outcome));
        }
        // First, so that whoever is answered finds the message in the room.
        if !events.is_empty() {
            self.seen.behind.note(head.id);
            self.hub.publish(Published { room: room.clone(), head_id: head.id, epoch: head.epoch, events });
        }
        for (answer, outcome) in answers {
            answer.give(outcome, now);
        }
    }

    /// Tells a sender that their message is not written.
    fn refuse(&self, mut waiting: Waiting, error: Error) {
        self.give_back(waiting.said.turn.take());
        waiting.answer.give(Err(error), self.clock.now());
    }

    fn give_back(&self, turn: Option<Box<Taken>>) {
        if let Some(turn) = turn {
            self.seen.memory.pace().give_back(&turn);
        }
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<RoomName, VecDeque<Waiting>>> {
        lock(&self.rooms)
    }
}

/// How many of those that wait are one batch: no more than so many, and no more than come to about so many bytes.
fn that_fit(lengths: impl Iterator<Item = usize>, most_bytes: usize) -> usize {
    let before = |sum: &mut usize, length: usize| {
        let before = *sum;
        *sum += length;
        Some(before)
    };
    // The first goes whatever its length.
    lengths.scan(0, before).take(MOST_A_BATCH).take_while(|before| *before < most_bytes.max(1)).count()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Said {
    fn message(&self, at: Timestamp) -> NewMessage {
        let (text, key) = (self.text.clone(), self.key.clone());
        NewMessage { author: self.author.id, text, key, reply_to: self.reply_to, at }
    }

    fn event(self, seq: Seq, at: Timestamp) -> Event {
        let Self { author, text, key, reply_to, turn: _ } = self;
        let added = reply_to.map(|_| Box::new(Added { reply_to, ..Added::default() }));
        Event { seq, at, body: EventBody::Message { author, text, key, added } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_bounded_in_number_and_in_bytes() {
        let fit = |length, count| that_fit(std::iter::repeat_n(length, count), 256 * 1024);
        assert_eq!(fit(100, 10), 10);
        assert_eq!(fit(100, 1_000), MOST_A_BATCH);
        assert_eq!(fit(64 * 1024, 1_000), 4);
        assert_eq!(fit(1024 * 1024, 1_000), 1, "one goes at least");
        assert_eq!(that_fit([1].into_iter(), 0), 1);
    }
}
