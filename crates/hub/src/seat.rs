//! A seat: one person's or guest's place in one room, from the joining to the parting.

use std::fmt;
use std::sync::Arc;

use parlour_model::{Author, RoomName, Seq};
use parlour_websocket::Writer;

use crate::encoder::{Encoder, Framing};
use crate::history::Head;
use crate::line::Line;
use crate::node::Inner;
use crate::places::Reach;
use crate::reading::Reading;
use crate::room::Room;
use crate::rooms::Hold;
use crate::stay::Stay;
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
    stay: Stay,
    /// What the seat begins with, until somebody listens.
    begin: Option<Box<Begin>>,
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
    pub async fn join(&self, room: &RoomName, connection: &Connection, seat: NewSeat) -> Result<Seat, JoinError> {
        let hub = Arc::clone(&self.0);
        let hold = hub.rooms.hold(room, || hub.new_room(room));
        hub.activate(&hold.room).await?;
        let since = hub.within_log(&hold.room, seat.since).await?;
        Ok(Seat::take(hub, hold, connection, &seat, since))
    }
}

/// A place in a room's log from which somebody who is about to sit down is to hear everything. The room stays active
/// meanwhile.
pub struct Expected {
    /// The seq of the last event that is not meant.
    pub since: Seq,
    _hold: Hold,
}

impl Hub {
    /// Notes where a room stands for somebody whose socket is about to be opened: what is said from then on is theirs. `None` on a
    /// node that is alone, where opening the socket and sitting down are one; among nodes, the log must be asked in between.
    ///
    /// # Errors
    /// [`JoinError::HistoryAway`].
    pub async fn expect(&self, room: &RoomName) -> Result<Option<Box<Expected>>, JoinError> {
        if self.0.cluster.is_none() {
            return Ok(None);
        }
        Box::pin(self.0.expect(room)).await.map(Box::new).map(Some)
    }
}

impl Inner {
    pub(crate) async fn activate(&self, room: &Arc<Room>) -> Result<(), JoinError> {
        let read = || async {
            if self.cluster.is_some() {
                self.look_around(room).await;
            }
            if room.start(self.head_of(room).await?.as_ref()) {
                self.repair(room);
            }
            Ok(())
        };
        room.activation.get_or_try_init(read).await.copied()
    }

    /// Where a room stands in the log.
    async fn expect(self: &Arc<Self>, room: &RoomName) -> Result<Expected, JoinError> {
        let hold = self.rooms.hold(room, || self.new_room(room));
        self.activate(&hold.room).await?;
        Ok(Expected { since: hold.room.last(), _hold: hold })
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

    pub(crate) async fn head_of(&self, room: &Room) -> Result<Option<Head>, JoinError> {
        let _permit = self.may_read().await;
        self.history.head(&room.name).await.map_err(|_| JoinError::HistoryAway)
    }
}

impl Seat {
    fn take(hub: Arc<Inner>, hold: Hold, connection: &Connection, new: &NewSeat, since: Option<Seq>) -> Self {
        let now = hub.clock.now();
        let voice = hub.voices.voice(new.encoder, Framing::Plain);
        let most_listed = if new.encoder.presence() { usize::MAX } else { 0 };
        let reach = Reach::Seat(Arc::clone(connection.signal()));
        let (stay, arrived) = Stay::begin(hub, hold, new.person.as_ref(), most_listed, reach);
        let online = new.encoder.online(&arrived.others, now);
        let joined = {
            let here = stay.room().here(&stay.room().read());
            new.person.as_ref().and_then(|who| new.encoder.joined(here, who, now))
        };
        let reading = Reading::begin(Arc::clone(stay.room()), voice, stay.person(), &arrived, since);
        let first = online.into_iter().chain(joined).collect();
        Self { stay, begin: Some(Box::new(Begin { reading, first })) }
    }

    /// Opens a connection's line and has the room written to it, compressed if the peer takes that. A seat is opened
    /// once.
    pub(crate) fn open(&mut self, writer: Writer, connection: &Connection, deflate: bool) -> Attached {
        let Some(begin) = self.begin.take() else {
            return Attached::alone(self.stay.hub.open(writer, connection.signal(), None));
        };
        let Begin { mut reading, first } = *begin;
        let (hub, hold) = (&self.stay.hub, &self.stay.hold);
        let voice = hub.voices.voice(reading.voice.encoder, Framing::of_socket(deflate));
        reading.voice = voice;
        let line = hub.open(writer, connection.signal(), Some(reading));
        for text in &first {
            line.begin_with(voice.frame(text));
        }
        let walkers = Arc::clone(&hold.walkers);
        let walker = walkers.attach(&line, &hold.room, &hub.runtime);
        Attached { line, to: Some(Walked { room: Arc::clone(&hold.room), walkers, walker }) }
    }

    /// Gives the seat up: if it was their last, the person has left.
    pub fn leave(mut self) {
        self.stay.leave();
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
