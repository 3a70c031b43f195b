//! Reading what was said, and saying something, one request at a time.

use parlour_model::{Epoch, Event, EventBody, RoomId, RoomName, Seq};
use parlour_store::Span;
use tokio::sync::oneshot;

use crate::app::App;
use crate::authenticate::Caller;
use crate::live::{self, Posted};
use crate::{Error, Result};

/// Which messages of a timeline are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The newest.
    Newest,
    /// Those before this seq.
    Before(Seq),
    /// Those after this seq.
    After(Seq),
    /// This one with half of the others before and half after it.
    Around(Seq),
}

/// Messages of a room, or events of its log, and where the log stands.
pub struct Timeline {
    /// The oldest first.
    pub events: Vec<Event>,
    /// Which life of the log.
    pub epoch: Epoch,
    /// How far it has come.
    pub last_seq: Seq,
    /// Whether there are messages before these.
    pub more_before: bool,
    /// Whether there are messages after these.
    pub more_after: bool,
}

impl App {
    /// Up to `limit` messages of a room.
    ///
    /// # Errors
    /// What [`App::may_read`] refuses.
    pub async fn timeline(
        &self,
        room: &RoomName,
        caller: Option<&Caller>,
        window: Window,
        limit: i64,
    ) -> Result<Timeline> {
        let id = self.readable(room, caller).await?;
        let head = self.store.room(room).await?.ok_or(Error::UnknownRoom)?;
        let limit = limit.max(1);
        let (events, more_before, more_after) = match window {
            Window::Newest => {
                let (events, more) = self.before(id, Seq::MAX, limit).await?;
                (events, more, false)
            }
            Window::Before(seq) => {
                let (events, more) = self.before(id, seq, limit).await?;
                let later = self.store.timeline(id, Span::After(seq.saturating_sub(1)), 1).await?;
                (events, more, !later.is_empty())
            }
            Window::After(seq) => {
                let (events, more) = self.after(id, seq, limit).await?;
                let earlier = self.store.timeline(id, Span::Before(seq.saturating_add(1)), 1).await?;
                (events, !earlier.is_empty(), more)
            }
            Window::Around(seq) => {
                let (mut events, more_before) = self.before(id, seq.saturating_add(1), limit - limit / 2).await?;
                let (later, more_after) = self.after(id, seq, limit / 2).await?;
                events.extend(later);
                (events, more_before, more_after)
            }
        };
        Ok(Timeline { events, epoch: head.epoch, last_seq: head.last_seq, more_before, more_after })
    }

    /// Up to `limit` events of a room's log after a seq, of every kind.
    ///
    /// # Errors
    /// What [`App::may_read`] refuses.
    pub async fn read_log(&self, room: &RoomName, caller: Option<&Caller>, after: Seq, limit: i64) -> Result<Timeline> {
        let id = self.readable(room, caller).await?;
        let head = self.store.room(room).await?.ok_or(Error::UnknownRoom)?;
        let events = self.store.history(id, after, limit).await?;
        let more_after = events.last().is_some_and(|last| last.seq < head.last_seq);
        let more_before = after > 0;
        Ok(Timeline { events, epoch: head.epoch, last_seq: head.last_seq, more_before, more_after })
    }

    /// One message of a room.
    ///
    /// # Errors
    /// What [`App::may_read`] refuses; [`Error::UnknownMessage`].
    pub async fn message(&self, room: &RoomName, caller: Option<&Caller>, seq: Seq) -> Result<Event> {
        let id = self.readable(room, caller).await?;
        self.store.message(id, seq).await?.ok_or(Error::UnknownMessage)
    }

    /// Writes a message and waits until it is durable; whether it is new, or was there under its key.
    ///
    /// # Errors
    /// As [`App::post`] tells of.
    pub async fn say(&self, room: &RoomName, caller: &Caller, message: live::Message) -> Result<(Event, bool)> {
        let id = self.readable(room, Some(caller)).await?;
        let (answer, answered) = oneshot::channel();
        // Whoever has gone away is not told.
        let hear = Box::new(move |outcome, _at| drop(answer.send(outcome)));
        self.post_and_hear(room, caller, message, hear).await;
        let posted = answered.await.map_err(|_gone| Error::internal("a message was never answered"))??;
        let (seq, at, is_new) = match posted {
            Posted::New { seq, at } => (seq, at, true),
            Posted::Before(event) => (event.seq, event.at, false),
        };
        // As it is now: a repeat may have been edited or taken away since.
        let event = self.store.message(id, seq).await?;
        Ok((event.unwrap_or(Event { seq, at, body: EventBody::Erased }), is_new))
    }

    /// Up to `limit` messages before a seq, and whether there are more.
    async fn before(&self, room: RoomId, seq: Seq, limit: i64) -> Result<(Vec<Event>, bool)> {
        let mut events = self.store.timeline(room, Span::Before(seq), limit.saturating_add(1)).await?;
        let more = has_more(&events, limit);
        if more {
            events.remove(0);
        }
        Ok((events, more))
    }

    /// Up to `limit` messages after a seq, and whether there are more.
    async fn after(&self, room: RoomId, seq: Seq, limit: i64) -> Result<(Vec<Event>, bool)> {
        let mut events = self.store.timeline(room, Span::After(seq), limit.saturating_add(1)).await?;
        let more = has_more(&events, limit);
        if more {
            events.pop();
        }
        Ok((events, more))
    }
}

fn has_more(events: &[Event], limit: i64) -> bool {
    i64::try_from(events.len()).is_ok_and(|count| count > limit)
}
