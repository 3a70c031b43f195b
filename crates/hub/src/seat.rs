//! A seat: one person's or guest's place in one room, from the joining to the parting.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parlour_model::{AccountId, Author, RoomName, Seq};
use parlour_websocket::Writer;
use tokio::time::Instant;

use crate::encoder::Encoder;
use crate::history::Head;
use crate::line::Line;
use crate::node::Inner;
use crate::reading::Reading;
use crate::room::Room;
use crate::rooms::Hold;
use crate::walker::Walkers;
use crate::{Connection, Hub};

/// What a connection wants of a room.
#[derive(Clone)]
pub struct NewSeat {
    /// Who sits down; `None` is a guest, who does not count as present.
    pub person: Option<Author>,
    /// How this seat is spoken to.
    pub encoder: &'static dyn Encoder,
    /// The seq after which everything is wanted; `None`: only what happens from now on.
    pub since: Option<Seq>,
}

/// Why nobody can sit down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// The room is not active and its head cannot be read.
    HistoryAway,
}

/// One connection's place in one room. Dropping it means that the line broke: its person is awaited for the
/// grace. [`Seat::leave`] means that they have gone.
pub struct Seat {
    hub: Arc<Inner>,
    hold: Hold,
    person: Option<AccountId>,
    /// What the seat begins with, until somebody listens.
    begin: Option<Box<Begin>>,
    has_left: bool,
}

struct Begin {
    reading: Reading,
    /// Told before anything else.
    first: Vec<String>,
}

impl Hub {
    /// Takes a seat in a room.
    ///
    /// In one step it becomes known to the room and finds out who else is there. It is told of them first, then
    /// of itself, then of everything after `since`, without gap or repeat, then of what happens. The others are
    /// told only when somebody comes who was not there, on another seat or a moment ago.
    ///
    /// `connection` proves that this socket is registered.
    ///
    /// # Errors
    /// [`JoinError::HistoryAway`].
    pub async fn join(&self, room: &RoomName, _connection: &Connection, seat: NewSeat) -> Result<Seat, JoinError> {
        let hub = Arc::clone(&self.0);
        let hold = hub.rooms.hold(room, || hub.new_room(room));
        hub.activate(&hold.room).await?;
        let since = hub.within_log(&hold.room, seat.since).await?;
        Ok(Seat::take(hub, hold, &seat, since))
    }
}

impl Inner {
    async fn activate(&self, room: &Arc<Room>) -> Result<(), JoinError> {
        let read = || async {
            if room.start(self.head_of(room).await?) {
                self.repair(room);
            }
            Ok(())
        };
        room.activation.get_or_try_init(read).await.copied()
    }

    /// The seq to begin after: what a peer claims to have, but no more than the log has. This node may be behind
    /// the log, so one ahead of the room is held against the head.
    async fn within_log(&self, room: &Room, since: Option<Seq>) -> Result<Option<Seq>, JoinError> {
        let Some(since) = since.filter(|since| *since > room.last()) else {
            return Ok(since.map(|since| since.max(0)));
        };
        let last = self.head_of(room).await?.map_or(0, |head| head.last_seq);
        Ok(Some(since.min(last.max(room.last()))))
    }

    async fn head_of(&self, room: &Room) -> Result<Option<Head>, JoinError> {
        let _permit = self.may_read().await;
        self.history.head(&room.name).await.map_err(|_| JoinError::HistoryAway)
    }
}

impl Seat {
    fn take(hub: Arc<Inner>, hold: Hold, new: &NewSeat, since: Option<Seq>) -> Self {
        let now = hub.clock.now();
        let voice = hub.voices.voice(new.encoder, false);
        let (arrived, later) = hold.room.arrive(new.person.as_ref(), now, new.encoder.presence());
        hub.tell_later(&hold.room, later);
        hub.seats.fetch_add(1, Ordering::Relaxed);
        let online = new.encoder.online(&arrived.others, now);
        let joined = new.person.as_ref().and_then(|who| new.encoder.joined(who, now));
        let person = new.person.as_ref().map(|author| author.id);
        let reading = Reading::begin(Arc::clone(&hold.room), voice, person, &arrived, since);
        let first = online.into_iter().chain(joined).collect();
        Self { hub, hold, person, begin: Some(Box::new(Begin { reading, first })), has_left: false }
    }

    /// Opens a connection's line and has the room written to it, compressed if the peer takes that. A seat is opened
    /// once.
    pub(crate) fn open(&mut self, writer: Writer, connection: &Connection, deflate: bool) -> Attached {
        let Some(begin) = self.begin.take() else {
            return Attached::alone(self.hub.open(writer, connection, None));
        };
        let Begin { mut reading, first } = *begin;
        let voice = self.hub.voices.voice(reading.voice.encoder, deflate);
        reading.voice = voice;
        let line = self.hub.open(writer, connection, Some(reading));
        for text in &first {
            line.begin_with(voice.frame(text));
        }
        let walkers = Arc::clone(&self.hold.walkers);
        let walker = walkers.attach(&line, &self.hold.room, &self.hub.runtime);
        Attached { line, to: Some(Walked { room: Arc::clone(&self.hold.room), walkers, walker }) }
    }

    /// Gives the seat up: if it was their last, the person has left.
    pub fn leave(mut self) {
        self.has_left = true;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.seats.fetch_sub(1, Ordering::Relaxed);
        let Some(id) = self.person else {
            return;
        };
        let room = &self.hold.room;
        if self.has_left {
            let later = room.leave(id, self.hub.clock.now());
            self.hub.tell_later(room, later);
            return;
        }
        let until = Instant::now() + self.hub.settings.leave_grace;
        if room.lose(id, until) {
            self.hub.wait_for(id, until, self.hold.clone());
        }
    }
}

/// A line that is open, and the room's walker that writes to it. Dropped, it is closed for both.
pub(crate) struct Attached {
    line: Arc<Line>,
    to: Option<Walked>,
}

/// By whom a line is written to.
struct Walked {
    room: Arc<Room>,
    walkers: Arc<Walkers>,
    walker: usize,
}

impl Attached {
    /// A line that no room is written to.
    pub(crate) fn alone(line: Arc<Line>) -> Self {
        Self { line, to: None }
    }

    pub(crate) fn line(&self) -> &Arc<Line> {
        &self.line
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.line.close();
        if let Some(Walked { room, walkers, walker }) = &self.to {
            room.count(u64::from(self.line.out().given()));
            walkers.detach(*walker);
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HistoryAway => f.write_str("the room's history is away"),
        }
    }
}

impl std::error::Error for JoinError {}
