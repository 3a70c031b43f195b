//! A seat: one connection's place in one room, and how far it has read.

use std::collections::VecDeque;
use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::{Bytes, BytesMut};
use parlour_model::{AccountId, Author, Event, RoomId, RoomName, Seq};
use tokio::select;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::encoder::{Encoder, Voice};
use crate::history::BoxFuture;
use crate::node::Inner;
use crate::outbox::{Outbox, Page};
use crate::repair::{PAGE, RETRY};
use crate::ring::Position;
use crate::room::{Arrived, Gate, Room};
use crate::rooms::Hold;
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

/// This seat reads more slowly than the room speaks, and what it has not read is no longer kept. It is to be
/// closed with 1013; its peer resumes from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FellBehind;

/// One connection's place in one room. Dropping it means that the line broke: its person is awaited for the
/// grace. [`Seat::leave`] means that they have gone.
pub struct Seat {
    hub: Arc<Inner>,
    hold: Hold,
    person: Option<AccountId>,
    voice: Voice,
    outbox: Outbox,
    news: watch::Receiver<Position>,
    /// Presence entries before this are in the list of people that the seat began with.
    joined_at: Position,
    place: Place,
    has_left: bool,
}

/// Where a seat reads. Events up to `after` it has.
enum Place {
    /// In the history, towards the ring.
    Behind(Behind),
    /// In the ring.
    Live { cursor: Position, after: Seq },
}

struct Behind {
    after: Seq,
    /// What was read and has not been given out.
    frames: VecDeque<Bytes>,
    /// Kept here so that a dropped [`Seat::pending`] does not begin the read anew.
    reading: Option<BoxFuture<'static, Vec<Event>>>,
}

impl Hub {
    /// Takes a seat in a room.
    ///
    /// In one step it becomes known to the room and finds out who else is there. It is told of them first, then
    /// of itself, then of everything after `since`, without gap or repeat, then of what happens. The others are
    /// told only when somebody comes who was not there, on another seat or a moment ago.
    ///
    /// `connection` proves that this socket is registered.
    pub async fn join(&self, room: &RoomName, _connection: &Connection, seat: NewSeat) -> Result<Seat, JoinError> {
        let hub = Arc::clone(&self.0);
        let hold = hub.rooms.hold(room, &hub.settings);
        hub.activate(&hold.room).await?;
        let since = hub.within_log(&hold.room, seat.since).await?;
        let voice = hub.encoders.voice(seat.encoder);
        Ok(Seat::take(hub, hold, &seat, since, voice))
    }
}

impl Inner {
    async fn activate(&self, room: &Arc<Room>) -> Result<(), JoinError> {
        let read = || async {
            let head = self.history.head(&room.name).await;
            if room.start(head.map_err(|_| JoinError::HistoryAway)?) {
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
        let head = self.history.head(&room.name).await.map_err(|_| JoinError::HistoryAway)?;
        let last = head.map_or(0, |head| head.last_seq);
        Ok(Some(since.min(last.max(room.last()))))
    }
}

impl Seat {
    fn take(hub: Arc<Inner>, hold: Hold, new: &NewSeat, since: Option<Seq>, voice: Voice) -> Self {
        let now = hub.clock.now();
        let room = &hold.room;
        // Before the cursor is placed, so that nothing comes unnoticed in between.
        let news = room.news();
        let arrived = room.arrive(new.person.as_ref(), now, voice.encoder.presence());
        hub.seats.fetch_add(1, Ordering::Relaxed);
        let outbox = Outbox::new(Arc::clone(room));
        let online = voice.encoder.online(&arrived.others, now);
        let joined = new.person.as_ref().and_then(|who| voice.encoder.joined(who, now));
        online.into_iter().chain(joined).for_each(|frame| outbox.begin_with(frame));
        Self {
            person: new.person.as_ref().map(|author| author.id),
            place: Place::at(&arrived, since),
            joined_at: arrived.at,
            hub,
            hold,
            voice,
            outbox,
            news,
            has_left: false,
        }
    }

    /// Waits until there is something for this seat, and appends as many whole frames as make about 64 KiB.
    ///
    /// May be dropped at any point and called again; nothing is lost.
    pub async fn pending(&mut self, out: &mut BytesMut) -> Result<(), FellBehind> {
        loop {
            self.news.mark_unchanged();
            if self.take_page(out)? {
                return Ok(());
            }
            select! {
                _ = self.news.changed() => {}
                () = self.outbox.filled() => {}
                events = self.place.read() => self.read(&events),
            }
        }
    }

    /// Queues a frame for this seat alone, as [`Outbox::push`] does.
    pub fn push(&self, frame: Bytes) {
        self.outbox.push(frame);
    }

    /// The seat's private queue, to be kept by whoever answers its peer.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Gives the seat up: if it was their last, the person has left.
    pub fn leave(mut self) {
        self.has_left = true;
    }

    /// Appends what there is now, and says whether there was anything.
    pub(crate) fn take_page(&mut self, out: &mut BytesMut) -> Result<bool, FellBehind> {
        let mut page = Page::new(out);
        let result = self.fill(&mut page);
        self.hub.delivered.fetch_add(page.frames, Ordering::Relaxed);
        result.map(|()| page.frames > 0)
    }

    fn fill(&mut self, page: &mut Page<'_>) -> Result<(), FellBehind> {
        if self.outbox.queue().has_overflowed() {
            return Err(FellBehind);
        }
        self.catch_up(page)?;
        self.follow(page)
    }

    /// Gives what was read from the history; when nothing of it is left, goes on in the ring or reads more.
    fn catch_up(&mut self, page: &mut Page<'_>) -> Result<(), FellBehind> {
        let Place::Behind(behind) = &mut self.place else {
            return Ok(());
        };
        let all = Position::MAX;
        if behind.reading.is_some() {
            self.outbox.queue().give(all, page);
            return Ok(());
        }
        if !self.outbox.queue().give(all, page) || !behind.give(page) {
            return Ok(());
        }
        let after = behind.after;
        match self.hold.room.gate(after, self.joined_at, self.voice.encoder.presence()) {
            Gate::Open(cursor) => self.place = Place::Live { cursor, after },
            Gate::Read(id) => {
                let reading = read(Arc::clone(&self.hub), id, after);
                behind.reading = Some(Box::pin(reading));
            }
            Gate::Lost => return Err(FellBehind),
        }
        Ok(())
    }

    /// Gives what the ring has from the cursor on.
    fn follow(&mut self, page: &mut Page<'_>) -> Result<(), FellBehind> {
        let Place::Live { cursor, after } = &mut self.place else {
            return Ok(());
        };
        let state = self.hold.room.read();
        let mut private = self.outbox.queue();
        for (place, entry) in state.ring.from(*cursor).ok_or(FellBehind)? {
            if !private.give(place, page) {
                return Ok(());
            }
            let is_news = match entry.seq() {
                Some(seq) => seq > *after,
                None => place >= self.joined_at,
            };
            if is_news && !page.add(&state.ring.frame(entry, self.voice)) {
                return Ok(());
            }
            *cursor = place + 1;
        }
        private.give(Position::MAX, page);
        Ok(())
    }

    /// Takes a page of the history.
    fn read(&mut self, events: &[Event]) {
        let Place::Behind(behind) = &mut self.place else {
            return;
        };
        behind.reading = None;
        // An empty page means that the log keeps nothing there: there is nothing to wait for.
        behind.after = events.last().map_or_else(|| self.hold.room.last(), |event| event.seq);
        let encoder = self.voice.encoder;
        behind.frames.extend(events.iter().filter_map(|event| encoder.event(event)));
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
            room.leave(id, self.hub.clock.now());
            return;
        }
        let until = Instant::now() + self.hub.settings.leave_grace;
        if room.lose(id, until) {
            self.hub.wait_for(id, until, self.hold.clone());
        }
    }
}

impl Place {
    fn at(arrived: &Arrived, since: Option<Seq>) -> Self {
        match since {
            Some(after) if after < arrived.last => {
                Self::Behind(Behind { after, frames: VecDeque::new(), reading: None })
            }
            after => Self::Live { cursor: arrived.at, after: after.unwrap_or(0) },
        }
    }

    /// Resolves with the page that is being read, if one is.
    async fn read(&mut self) -> Vec<Event> {
        match self {
            Self::Behind(Behind { reading: Some(reading), .. }) => reading.await,
            _ => pending().await,
        }
    }
}

impl Behind {
    /// `false`: the page is full.
    fn give(&mut self, page: &mut Page<'_>) -> bool {
        while let Some(frame) = self.frames.front() {
            if !page.add(frame) {
                return false;
            }
            self.frames.pop_front();
        }
        true
    }
}

/// Reads a page, however often it has to be asked for.
async fn read(hub: Arc<Inner>, id: RoomId, after: Seq) -> Vec<Event> {
    loop {
        let page = {
            // The semaphore is never closed, and without a permit reading would still be right.
            let _permit = hub.reads.acquire().await;
            hub.history.after(id, after, PAGE).await
        };
        match page {
            Ok(events) => return events,
            Err(_) => sleep(RETRY).await,
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
