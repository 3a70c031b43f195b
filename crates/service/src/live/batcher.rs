//! Micro-batches: what gathered in a room while its previous commit ran becomes the next one.
//!
//! There is no timer. A message that comes to an idle room is committed at once; under load the batches grow by
//! themselves, up to a bound, and with them the messages a second.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use parlour_hub::{Flow, Hub, Published, Turn};
use parlour_model::{Author, Clock, Event, EventBody, RoomName, Seq, Timestamp};
use parlour_store::Store;
use parlour_store::room::{Appended, NewMessage, RoomHead};
use tokio::sync::Notify;
use tokio::task::yield_now;

use crate::{Error, Result};

/// The most messages of one commit.
const MOST_A_BATCH: usize = 64;

/// What a sender should wait when a room's line is full.
const TRY_AGAIN: Duration = Duration::from_secs(1);

pub(super) struct Batcher {
    store: Store,
    hub: Hub,
    clock: Arc<dyn Clock>,
    /// The most messages that wait in one room.
    most_waiting: usize,
    rooms: Mutex<HashMap<RoomName, VecDeque<Waiting>>>,
    /// Rung whenever a room has no more to commit.
    emptied: Notify,
}

/// What became of a message: committed, and on its way to everybody.
pub enum Posted {
    /// It is in the log; its sender's seat gets it like everybody else's.
    New,
    /// It was in the log before, under the same key. The first one, for its sender alone.
    Before(Event),
}

/// A message that may be written.
pub(super) struct Said {
    pub(super) author: Author,
    pub(super) text: String,
    pub(super) key: Option<String>,
}

/// How a contract says at a time what became of a message.
pub type Telling = fn(Result<Posted>, Timestamp) -> Flow;

/// Whoever waits for what becomes of a message.
pub(super) struct Answer {
    pub(super) turn: Turn,
    pub(super) tell: Telling,
}

struct Waiting {
    said: Said,
    answer: Answer,
}

impl Answer {
    pub(super) fn give(self, outcome: Result<Posted>, at: Timestamp) {
        self.turn.settle((self.tell)(outcome, at));
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
    pub(super) fn new(store: Store, hub: Hub, clock: Arc<dyn Clock>, most_waiting: usize) -> Self {
        Self { store, hub, clock, most_waiting, rooms: Mutex::default(), emptied: Notify::new() }
    }

    /// Puts a message in its room's line. Its sender is answered when it is committed, or at once when the line is full.
    ///
    /// It is committed even if the sender goes away: then nobody hears of it but those in the room.
    pub(super) fn post(self: &Arc<Self>, room: &RoomName, said: Said, answer: Answer) {
        match self.enqueue(room, Waiting { said, answer }) {
            Line::Begun => drop(tokio::spawn(self.clone().commit_all(room.clone()))),
            Line::Joined => {}
            Line::Full(waiting) => waiting.answer.give(Err(Error::Busy(TRY_AGAIN)), self.clock.now()),
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
        let mut latest = Timestamp(0);
        // Whoever is about to speak joins the batch: after a delivery, that is everybody who answers to it.
        yield_now().await;
        while let Some(batch) = self.next_batch(&room) {
            // A clock set back must not make a later message look earlier.
            latest = latest.max(self.clock.now());
            self.commit(&room, batch, latest).await;
        }
        self.emptied.notify_waiters();
    }

    /// The next batch; `None` when the room has nothing more, and then its line is gone.
    fn next_batch(&self, room: &RoomName) -> Option<Vec<Waiting>> {
        let mut rooms = self.rooms();
        let line = rooms.get_mut(room)?;
        if line.is_empty() {
            rooms.remove(room);
            return None;
        }
        Some(line.drain(..line.len().min(MOST_A_BATCH)).collect())
    }

    async fn commit(&self, room: &RoomName, batch: Vec<Waiting>, at: Timestamp) {
        let messages = batch.iter().map(|waiting| waiting.said.message(at)).collect();
        match self.store.append(room, messages).await {
            Ok((head, appended)) => self.committed(room, &head, batch, appended, at),
            Err(error) => {
                tracing::warn!(%error, messages = batch.len(), "messages could not be committed");
                for waiting in batch {
                    waiting.answer.give(Err(Error::Busy(TRY_AGAIN)), at);
                }
            }
        }
    }

    fn committed(
        &self,
        room: &RoomName,
        head: &RoomHead,
        batch: Vec<Waiting>,
        appended: Vec<Appended>,
        now: Timestamp,
    ) {
        let mut events = Vec::with_capacity(batch.len());
        let mut answers = Vec::with_capacity(batch.len());
        for (waiting, appended) in batch.into_iter().zip(appended) {
            let outcome = match appended {
                Appended::New { seq, at } => {
                    events.push(waiting.said.event(seq, at));
                    Ok(Posted::New)
                }
                Appended::Repeat { seq, at } => Ok(Posted::Before(waiting.said.event(seq, at))),
                Appended::KeyConflict => Err(Error::KeyConflict),
            };
            answers.push((waiting.answer, outcome));
        }
        // First, so that whoever is answered finds the message in the room.
        if !events.is_empty() {
            self.hub.publish(Published { room: room.clone(), head_id: head.id, epoch: head.epoch, events });
        }
        for (answer, outcome) in answers {
            answer.give(outcome, now);
        }
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<RoomName, VecDeque<Waiting>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Said {
    fn message(&self, at: Timestamp) -> NewMessage {
        NewMessage { author: self.author.id, text: self.text.clone(), key: self.key.clone(), at }
    }

    fn event(self, seq: Seq, at: Timestamp) -> Event {
        Event { seq, at, body: EventBody::Message { author: self.author, text: self.text, key: self.key } }
    }
}
