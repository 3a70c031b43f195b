//! Following a room from a connection that does more than that: a place in it that is asked for what it has not read.

use std::sync::Arc;

use parlour_model::{Author, Epoch, Event, RoomId, RoomName, Seq};

use crate::ears;
use crate::encoder::{Encoder, Framing};
use crate::farewell::PutOut;
use crate::history::BoxFuture;
use crate::node::Inner;
use crate::page::Page;
use crate::places::{Ear, Reach};
use crate::queue::Queue;
use crate::reading::{Need, Reading};
use crate::room::{Arrived, Room};
use crate::stay::Stay;
use crate::{Connection, Hub, JoinError};

/// What a connection wants of a room that it follows.
#[derive(Clone)]
pub struct NewFollower {
    /// Who follows; `None` is a guest, who does not count as present.
    pub person: Option<Author>,
    /// How it is spoken to.
    pub encoder: &'static dyn Encoder,
    /// In which log, after which seq everything is wanted; `None`: only what happens from now on.
    pub since: Option<(Epoch, Seq)>,
    /// Of the people who are there so many are listed at most.
    pub most_people: usize,
}

/// What whoever begins to follow a room finds there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The room's name, as it was first written.
    pub room: String,
    /// Which life of its log; 0 before anybody has written.
    pub epoch: Epoch,
    /// The seq of the last event.
    pub seq: Seq,
    /// Whether everything wanted will come: not if it is of another log, or no longer kept. Then what comes begins
    /// after `seq`.
    pub recovered: bool,
    /// How many people are there, whoever follows among them.
    pub count: usize,
    /// Some of them, or all.
    pub people: Vec<Author>,
}

/// Why a follower has nothing more to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its owner may no longer read the room.
    PutOut(PutOut),
    /// What it has not read is no longer at hand, or the log is another one: begin anew, with `since`.
    Resume,
}

/// One connection's place in one of many rooms. Dropping it means that the line broke; [`Follower::leave`] that its
/// person has gone.
pub struct Follower {
    reading: Reading,
    ear: Arc<Ear>,
    /// Whether the history did not have what comes next.
    has_lost: bool,
    stay: Stay,
}

/// What a follower says next.
pub(crate) enum Step {
    /// It has no more.
    Nothing,
    /// Whole frames.
    Say(Page),
    /// After the page of the history after this.
    Read(RoomId, Seq),
    /// It is over.
    Over(Ended),
}

/// A page of the history on its way.
pub(crate) type HistoryPage = BoxFuture<'static, Vec<Event>>;

impl Hub {
    /// Begins to follow a room.
    ///
    /// In one step it becomes known to the room and finds out who else is there; from then on it has everything after
    /// `since`, without gap or repeat, then what happens. The others are told when somebody comes who was not there.
    ///
    /// # Errors
    /// [`JoinError::HistoryAway`].
    pub async fn follow(
        &self,
        room: &RoomName,
        connection: &Connection,
        new: NewFollower,
    ) -> Result<(Follower, Found), JoinError> {
        let hub = Arc::clone(&self.0);
        let hold = hub.rooms.hold(room, || hub.new_room(room));
        hub.activate(&hold.room).await?;
        ears::begin(&hold.room, &hub.runtime);
        let recovers = match new.since {
            Some((epoch, after)) => hub.has_all_since(&hold.room, epoch, after).await?,
            None => true,
        };
        let ear = Arc::new(Ear::new(new.person.as_ref().map(|author| author.id), connection.signal()));
        let reach = Reach::Ear(Arc::clone(&ear));
        let (stay, arrived) = Stay::begin(hub, hold, new.person.as_ref(), new.most_people, reach);
        Ok(Follower::begin(stay, arrived, new, ear, recovers))
    }
}

impl Inner {
    /// Whether all that a log has after a seq can be told.
    async fn has_all_since(&self, room: &Room, epoch: Epoch, after: Seq) -> Result<bool, JoinError> {
        let Some(log) = room.read().log().filter(|log| log.epoch == epoch && after >= 0) else {
            return Ok(false);
        };
        if after > room.last() {
            // This node may be behind the log.
            let head = self.head_of(room).await?;
            return Ok(head.is_some_and(|head| head.epoch == epoch && after <= head.last_seq));
        }
        if after == room.last() || room.read().ring.position_of(after + 1).is_some() {
            return Ok(true);
        }
        let _permit = self.may_read().await;
        let next = self.history.after(log.id, after, 1).await.map_err(|_| JoinError::HistoryAway)?;
        Ok(next.first().is_some_and(|next| next.seq == after + 1))
    }
}

impl Follower {
    fn begin(stay: Stay, arrived: Arrived, new: NewFollower, ear: Arc<Ear>, recovers: bool) -> (Self, Found) {
        let voice = stay.hub.voices.voice(new.encoder, Framing::Plain);
        let epoch = arrived.log.map_or_else(Epoch::default, |log| log.epoch);
        // The log may have become another one since it was asked.
        let recovered = recovers && new.since.is_none_or(|(since, _)| since == epoch);
        let since = new.since.filter(|_| recovered).map(|(_, seq)| seq);
        let reading = Reading::begin(Arc::clone(stay.room()), voice, stay.person(), &arrived, since);
        let here = stay.room().here(&stay.room().read());
        let mut people: Vec<_> = new.person.into_iter().chain(arrived.others).collect();
        people.truncate(new.most_people);
        let (room, count) = (here.room.to_owned(), arrived.count);
        let found = Found { room, epoch, seq: arrived.last, recovered, count, people };
        (Self { reading, ear, has_lost: false, stay }, found)
    }

    /// The room that it follows.
    pub fn room(&self) -> &RoomName {
        &self.stay.room().name
    }

    /// The room's name, as it was first written.
    pub(crate) fn title(&self) -> String {
        let room = self.stay.room();
        room.here(&room.read()).room.to_owned()
    }

    /// From now on it is written in frames of this kind.
    pub(crate) fn speak_in(&mut self, framing: Framing) {
        self.reading.voice = self.stay.hub.voices.voice(self.reading.voice.encoder, framing);
    }

    /// What it says next. What is given out counts as told.
    pub(crate) fn next(&mut self) -> Step {
        if let Some(why) = self.ear.put_out() {
            return Step::Over(Ended::PutOut(why));
        }
        if self.has_lost {
            return Step::Over(Ended::Resume);
        }
        if self.reading.is_up_to_date() {
            return Step::Nothing;
        }
        loop {
            let mut page = Page::share();
            if self.reading.gather(&Queue::default(), &mut page).is_err() {
                return Step::Over(Ended::Resume);
            }
            page.pieces().iter().for_each(|piece| self.reading.take(piece.step));
            if let Some(reached) = page.reached {
                self.reading.reach(reached);
            }
            if !page.bytes().is_empty() {
                self.stay.room().count(page.pieces().len() as u64);
                return Step::Say(page);
            }
            match self.reading.go_on() {
                Ok(Need::Nothing) => return Step::Nothing,
                Ok(Need::Ring) => {}
                Ok(Need::Page(id, after)) => return Step::Read(id, after),
                Err(_behind) => return Step::Over(Ended::Resume),
            }
        }
    }

    /// Takes the page of the history that it asked for.
    pub(crate) fn read(&mut self, events: &[Event]) {
        if self.reading.has_gap_before(events) {
            self.has_lost = true;
        } else {
            self.reading.read(events);
        }
    }

    /// Begins to read the page of the history that it needs.
    pub(crate) fn history(&self, id: RoomId, after: Seq) -> HistoryPage {
        Box::pin(Arc::clone(&self.stay.hub).page(id, after))
    }

    /// Gives the place up: if it was their last, the person has left.
    pub fn leave(mut self) {
        self.stay.leave();
    }
}
