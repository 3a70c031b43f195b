//! How far one connection has read in its room: in the history at first, then in the ring.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use parlour_model::{AccountId, Event, RoomId, Seq};

use crate::encoder::Voice;
use crate::page::{Page, Reached, Step};
use crate::queue::Queue;
use crate::ring::{Position, What};
use crate::room::{Arrived, Gate, Room};

/// This seat reads more slowly than the room speaks, and what it has not read is no longer kept. It is to be
/// closed with 1013; its peer resumes from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FellBehind;

/// About how many bytes of the history wait for one seat to take them.
const MOST_WAITING: usize = 128 * 1024;

/// How far a seat has read.
pub(crate) struct Reading {
    pub(crate) room: Arc<Room>,
    pub(crate) voice: Voice,
    person: Option<AccountId>,
    /// Presence entries before this are in the list of people that the seat began with.
    joined_at: Position,
    /// Its own coming has been told to the seat, but not yet to the room.
    awaits_own: bool,
    place: Place,
}

/// Where a seat reads. Events up to `after` it has.
enum Place {
    /// In the history, towards the ring, whose last event was `last` when the page was asked for.
    Behind { after: Seq, frames: VecDeque<Bytes>, last: Seq },
    /// In the ring. `plain`: all from the cursor on is news.
    Live { cursor: Position, after: Seq, plain: bool },
}

/// What a reader in the history needs next.
pub(crate) enum Need {
    /// Nothing: it reads in the ring.
    Nothing,
    /// It has come to the ring.
    Ring,
    /// The page of the history after this.
    Page(RoomId, Seq),
}

impl Reading {
    pub(crate) fn begin(
        room: Arc<Room>,
        voice: Voice,
        person: Option<AccountId>,
        arrived: &Arrived,
        since: Option<Seq>,
    ) -> Self {
        let place = match since {
            Some(after) if after < arrived.last => Place::Behind { after, frames: VecDeque::new(), last: arrived.last },
            after => Place::Live { cursor: arrived.at, after: after.unwrap_or(0), plain: false },
        };
        Self { room, voice, person, joined_at: arrived.at, awaits_own: arrived.untold, place }
    }

    /// The cursor, when all that the ring has from there on is news: then whoever has the same cursor and the
    /// same voice has the same page before them.
    pub(crate) fn plain_cursor(&self) -> Option<Position> {
        match self.place {
            Place::Live { cursor, plain: true, .. } => Some(cursor),
            _ => None,
        }
    }

    /// Whether it reads in the ring.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.place, Place::Live { .. })
    }

    /// Whether it has all that there is.
    pub(crate) fn is_up_to_date(&self) -> bool {
        match self.place {
            Place::Live { cursor, .. } => cursor == self.room.end(),
            Place::Behind { .. } => false,
        }
    }

    /// Whether what it has not read is gone.
    pub(crate) fn has_fallen_off(&self) -> bool {
        match self.place {
            // Without a look into the ring as long as nothing of it is gone.
            Place::Live { cursor, .. } if cursor >= self.room.first() => false,
            Place::Live { cursor, .. } => {
                let state = self.room.read();
                state.ring.next_for(cursor, self.voice.encoder.presence()) < state.ring.first()
            }
            Place::Behind { .. } => false,
        }
    }

    /// Adds what there is for this seat, merged with what is private to it.
    pub(crate) fn gather(&self, queue: &Queue, page: &mut Page) -> Result<(), FellBehind> {
        match &self.place {
            Place::Behind { frames, .. } => {
                if queue.give(Position::MAX, &mut 0, page) {
                    // What does not fit waits.
                    let _all = frames.iter().all(|frame| page.add(frame.clone(), Step::History));
                }
                Ok(())
            }
            Place::Live { cursor, after, .. } => self.follow(*cursor, *after, queue, page),
        }
    }

    fn follow(&self, cursor: Position, after: Seq, queue: &Queue, page: &mut Page) -> Result<(), FellBehind> {
        let state = self.room.read();
        let mut next = 0;
        let mut awaits_own = self.awaits_own;
        let cursor = state.ring.next_for(cursor, self.voice.encoder.presence());
        for (place, entry) in state.ring.from(cursor).ok_or(FellBehind)? {
            if !queue.give(place, &mut next, page) {
                return Ok(());
            }
            let is_typing = matches!(entry.what(), What::Typing(_));
            let is_own = (awaits_own || is_typing) && entry.what().person() == self.person;
            awaits_own &= !(is_own && matches!(entry.what(), What::Joined(..)));
            let is_news = match entry.seq() {
                Some(seq) => seq > after,
                None => place >= self.joined_at && !is_own,
            };
            let frame =
                if is_news { state.ring.frame(entry, self.voice, self.room.here(&state)) } else { Bytes::new() };
            let reached = Reached { cursor: place + 1, plain: false, awaits_own };
            if !frame.is_empty() && !page.add(frame, Step::Ring(reached)) {
                return Ok(());
            }
        }
        if queue.give(Position::MAX, &mut next, page) {
            let plain = state.last() >= after && !awaits_own;
            page.reached = Some(Reached { cursor: state.ring.end(), plain, awaits_own });
        }
        Ok(())
    }

    /// All that one page holds of the ring from a cursor on, for whom it is all news.
    pub(crate) fn shared_page(&self, cursor: Position) -> Result<Page, FellBehind> {
        let state = self.room.read();
        let mut page = Page::default();
        let cursor = state.ring.next_for(cursor, self.voice.encoder.presence());
        for (place, entry) in state.ring.from(cursor).ok_or(FellBehind)? {
            let frame = state.ring.frame(entry, self.voice, self.room.here(&state));
            if !frame.is_empty() && !page.add(frame, Step::Ring(Reached::plain(place + 1))) {
                return Ok(page);
            }
        }
        page.reached = Some(Reached::plain(state.ring.end()));
        Ok(page)
    }

    /// A step of a page was written.
    pub(crate) fn take(&mut self, step: Step) {
        match (step, &mut self.place) {
            (Step::Ring(reached), _) => self.reach(reached),
            (Step::History, Place::Behind { frames, .. }) => drop(frames.pop_front()),
            _ => {}
        }
    }

    /// All up to there was written.
    pub(crate) fn reach(&mut self, reached: Reached) {
        if let Place::Live { cursor, plain, .. } = &mut self.place {
            *cursor = reached.cursor;
            *plain = reached.plain;
            self.awaits_own = reached.awaits_own;
        }
    }

    /// Goes on in the ring if the history has given all before it, or says what to read.
    pub(crate) fn go_on(&mut self) -> Result<Need, FellBehind> {
        let Place::Behind { after, frames, last } = &mut self.place else {
            return Ok(Need::Nothing);
        };
        *last = self.room.last();
        debug_assert!(frames.is_empty(), "all that was read is written first");
        let after = *after;
        match self.room.gate(after, self.joined_at, self.voice.encoder.presence()) {
            Gate::Open(cursor) => {
                self.place = Place::Live { cursor, after, plain: false };
                Ok(Need::Ring)
            }
            Gate::Read(id) => Ok(Need::Page(id, after)),
            Gate::Lost => Err(FellBehind),
        }
    }

    /// Whether a page of the history does not begin where it should: what was there is no longer kept.
    pub(crate) fn has_gap_before(&self, events: &[Event]) -> bool {
        match &self.place {
            Place::Behind { after, .. } => events.first().is_none_or(|first| first.seq > after + 1),
            Place::Live { .. } => false,
        }
    }

    /// Takes a page of the history, or as much of it as may wait; the rest is read again.
    pub(crate) fn read(&mut self, events: &[Event]) {
        let Place::Behind { after, frames, last } = &mut self.place else {
            return;
        };
        if events.is_empty() {
            // The log keeps nothing there: there is nothing to wait for.
            *after = (*after).max(*last);
        }
        let mut bytes = 0;
        let here = self.room.here(&self.room.read());
        for event in events {
            *after = event.seq;
            let frame = self.voice.event(here, event);
            bytes += frame.as_ref().map_or(0, Bytes::len);
            frames.extend(frame);
            if bytes >= MOST_WAITING {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use parlour_model::{Author, Epoch, EventBody, RoomName, Timestamp};

    use super::*;
    use crate::encoder::{Encoder, Framing, Here};
    use crate::history::Head;
    use crate::places::Reach;
    use crate::settings::HubSettings;

    struct Texts;

    impl Encoder for Texts {
        fn event(&self, _: Here<'_>, event: &Event) -> Option<String> {
            let EventBody::Message { text, .. } = &event.body else { return None };
            Some(text.clone())
        }
    }

    #[test]
    fn of_a_long_page_only_so_much_waits_and_the_rest_is_asked_for_again() {
        const LAST: Seq = 20;
        let room = Room::new(RoomName::parse("den").expect("a name"), &HubSettings::default(), Arc::default(), None);
        let head = Head { id: RoomId(1), name: "den".to_owned(), epoch: Epoch(0), last_seq: LAST, last_at: None };
        assert!(!room.start(Some(&head)));
        let room = Arc::new(room);
        let (arrived, _) = room.arrive(None, Timestamp(0), 0, Reach::Seat(Arc::default()));
        let voice = Voice { encoder: &Texts, framing: Framing::Plain, slot: None };
        let mut reading = Reading::begin(room, voice, None, &arrived, Some(0));
        let long = |seq| {
            let author = Author { id: AccountId(1), username: "ada".to_owned() };
            let body = EventBody::message(author, "x".repeat(50_000), None);
            Event { seq, at: Timestamp(0), body }
        };
        assert!(matches!(reading.go_on(), Ok(Need::Page(_, 0))));
        reading.read(&(1..=LAST).map(long).collect::<Vec<_>>());
        let Place::Behind { after, frames, .. } = &reading.place else { panic!("it reads the history") };
        assert_eq!((*after, frames.len()), (3, 3), "what passes 128 KiB is the last");
        for _ in 0..3 {
            reading.take(Step::History);
        }
        assert!(matches!(reading.go_on(), Ok(Need::Page(_, 3))));
    }
}
