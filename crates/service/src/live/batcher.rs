//! Micro-batches: what gathered in a room while its previous commit ran becomes the next one.
//!
//! There is no timer. A message that comes to an idle room is committed at once; under load the batches grow by
//! themselves, up to a bound, and with them the messages a second.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use parlour_hub::{Hub, Published};
use parlour_model::{Author, Clock, Event, EventBody, RoomName, Timestamp};
use parlour_store::Store;
use parlour_store::room::{Appended, NewMessage, RoomHead};
use tokio::sync::{Notify, oneshot};

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

struct Waiting {
    author: Author,
    text: String,
    key: Option<String>,
    answer: oneshot::Sender<Result<Posted>>,
}

impl Batcher {
    pub(super) fn new(store: Store, hub: Hub, clock: Arc<dyn Clock>, most_waiting: usize) -> Self {
        Self { store, hub, clock, most_waiting, rooms: Mutex::default(), emptied: Notify::new() }
    }

    /// Puts a message in its room's line and waits until it is committed.
    ///
    /// It is committed even if the caller goes away: then nobody hears of it but those in the room.
    pub(super) async fn post(
        self: &Arc<Self>,
        room: &RoomName,
        author: Author,
        text: String,
        key: Option<String>,
    ) -> Result<Posted> {
        let (answer, answered) = oneshot::channel();
        if self.enqueue(room, Waiting { author, text, key, answer })? {
            tokio::spawn(self.clone().commit_all(room.clone()));
        }
        answered.await.map_err(|_dropped| Error::internal("a message was dropped before its commit"))?
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

    /// Whether the room needs somebody to commit for it.
    fn enqueue(&self, room: &RoomName, message: Waiting) -> Result<bool> {
        let mut rooms = self.rooms();
        let Some(line) = rooms.get_mut(room) else {
            rooms.insert(room.clone(), VecDeque::from([message]));
            return Ok(true);
        };
        if line.len() >= self.most_waiting {
            return Err(Error::Busy(TRY_AGAIN));
        }
        line.push_back(message);
        Ok(false)
    }

    async fn commit_all(self: Arc<Self>, room: RoomName) {
        let mut latest = Timestamp(0);
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
        let messages = batch.iter().map(|waiting| waiting.message(at)).collect();
        match self.store.append(room, messages).await {
            Ok((head, appended)) => self.committed(room, &head, batch, appended),
            Err(error) => {
                tracing::warn!(%error, messages = batch.len(), "messages could not be committed");
                for waiting in batch {
                    // The sender went away; it never learned that its message was taken.
                    drop(waiting.answer.send(Err(Error::Busy(TRY_AGAIN))));
                }
            }
        }
    }

    fn committed(&self, room: &RoomName, head: &RoomHead, batch: Vec<Waiting>, appended: Vec<Appended>) {
        let mut events = Vec::with_capacity(batch.len());
        let mut answers = Vec::with_capacity(batch.len());
        for (waiting, appended) in batch.into_iter().zip(appended) {
            let posted = match appended {
                Appended::New { seq, at } => {
                    events.push(event(seq, at, waiting.author, waiting.text, waiting.key));
                    Ok(Posted::New)
                }
                Appended::Repeat { seq, at } => {
                    Ok(Posted::Before(event(seq, at, waiting.author, waiting.text, waiting.key)))
                }
                Appended::KeyConflict => Err(Error::KeyConflict),
            };
            answers.push((waiting.answer, posted));
        }
        // First, so that whoever is answered finds the message in the room.
        if !events.is_empty() {
            self.hub.publish(Published { room: room.clone(), head_id: head.id, epoch: head.epoch, events });
        }
        for (answer, posted) in answers {
            // The sender went away; the message is in the log all the same.
            drop(answer.send(posted));
        }
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<RoomName, VecDeque<Waiting>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn message(&self, at: Timestamp) -> NewMessage {
        NewMessage { author: self.author.id, text: self.text.clone(), key: self.key.clone(), at }
    }
}

fn event(seq: i64, at: Timestamp, author: Author, text: String, key: Option<String>) -> Event {
    Event { seq, at, body: EventBody::Message { author, text, key } }
}
