//! A room's newest entries, each with its frames: what seats have their cursors in.

use std::collections::VecDeque;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use parlour_model::{AccountId, Author, Event, EventBody, Seq, Timestamp};

use crate::encoder::{Here, MOST_VOICES, Voice};

/// An entry's place in its ring: ascending from 0 for as long as the room is active. Presence has places too,
/// so this is not the seq.
pub(crate) type Position = u64;

/// What a room has told, as far as it remembers that: places and times, in their order.
pub(crate) type Told = Vec<(Seq, Timestamp)>;

/// What an entry tells.
#[derive(Debug)]
pub(crate) enum What {
    Event(Event),
    Joined(Author, Timestamp),
    Left(Author, Timestamp),
    Typing(Author),
}

/// One thing that happened, written at most once per encoder.
pub(crate) struct Entry {
    what: What,
    frames: [OnceLock<Bytes>; MOST_VOICES],
}

/// The newest entries, bounded in number and in bytes.
pub(crate) struct Ring {
    entries: VecDeque<Entry>,
    first: Position,
    /// What the entries hold, their frames too. Those are written while the ring is only being read.
    bytes: AtomicUsize,
    most_entries: usize,
    most_bytes: usize,
    /// The place after the last presence entry that was let go.
    presence_lost: Position,
    /// The place after the last event that was let go.
    events_lost: Position,
    /// Where the log began that the entries are of.
    begun: Position,
}

impl Entry {
    fn new(what: What) -> Self {
        Self { what, frames: [const { OnceLock::new() }; MOST_VOICES] }
    }

    pub(crate) fn what(&self) -> &What {
        &self.what
    }

    /// The seq of an event; `None` for presence.
    pub(crate) fn seq(&self) -> Option<Seq> {
        match &self.what {
            What::Event(event) => Some(event.seq),
            What::Joined(..) | What::Left(..) | What::Typing(_) => None,
        }
    }

    fn weight(&self) -> usize {
        let frames = self.frames.iter().filter_map(OnceLock::get);
        self.what.weight() + frames.map(Bytes::len).sum::<usize>()
    }
}

impl What {
    fn weight(&self) -> usize {
        let text = match self {
            Self::Event(event) => event.body.text_bytes(),
            Self::Joined(author, _) | Self::Left(author, _) | Self::Typing(author) => author.username.len(),
        };
        size_of::<Entry>() + text
    }

    /// Who came or went, or is writing.
    pub(crate) fn person(&self) -> Option<AccountId> {
        match self {
            Self::Event(_) => None,
            Self::Joined(author, _) | Self::Left(author, _) | Self::Typing(author) => Some(author.id),
        }
    }

    fn is_presence(&self) -> bool {
        matches!(self, Self::Joined(..) | Self::Left(..))
    }

    fn sign(&mut self, account: AccountId, name: Option<&str>) -> bool {
        match self {
            Self::Event(event) => event.body.sign(account, name),
            Self::Joined(..) | Self::Left(..) | Self::Typing(_) => false,
        }
    }

    /// Has this read as it does after its message was edited or taken away. Whether it is about that message.
    fn amend(&mut self, target: Seq, by: &Event) -> bool {
        let Self::Event(Event { seq, body, .. }) = self else { return false };
        let is_about = match &body {
            EventBody::Message { .. } => *seq == target,
            EventBody::Edited { target: of, .. } => *of == target,
            _ => false,
        };
        if !is_about {
            return false;
        }
        match (&mut *body, &by.body) {
            (EventBody::Message { text, added, .. }, EventBody::Edited { text: new, .. }) => {
                new.clone_into(text);
                added.get_or_insert_default().edited_at = Some(by.at);
            }
            (EventBody::Edited { text, .. }, EventBody::Edited { text: new, .. }) => new.clone_into(text),
            _ => *body = EventBody::Erased,
        }
        true
    }

    /// In a contract's words; empty when that says nothing of it.
    fn written_by(&self, voice: Voice, here: Here<'_>) -> Bytes {
        let text = match self {
            Self::Event(event) => voice.encoder.event(here, event),
            Self::Joined(who, at) => voice.encoder.joined(here, who, *at),
            Self::Left(who, at) => voice.encoder.left(here, who, *at),
            Self::Typing(who) => voice.encoder.typing(here, who),
        };
        text.map_or_else(Bytes::new, |text| voice.frame(&text))
    }
}

impl Ring {
    pub(crate) fn new(most_entries: usize, most_bytes: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            first: 0,
            bytes: AtomicUsize::new(0),
            most_entries,
            most_bytes,
            presence_lost: 0,
            events_lost: 0,
            begun: 0,
        }
    }

    /// The place that the next entry will have.
    pub(crate) fn end(&self) -> Position {
        self.first + self.entries.len() as u64
    }

    /// Appends an entry and lets go of the oldest that are over a bound; the newest always stays.
    pub(crate) fn push(&mut self, what: What) {
        if let What::Event(event) = &what {
            self.amend(event);
        }
        *self.bytes.get_mut() += what.weight();
        self.entries.push_back(Entry::new(what));
        while self.entries.len() > 1 && self.is_over() {
            self.let_go();
        }
    }

    /// Everybody whom an event names that is still here, as often as they are named.
    pub(crate) fn people(&self) -> impl Iterator<Item = &Author> {
        self.logged().flat_map(|event| event.body.people())
    }

    /// Writes anew what an account wrote that is still here, for those who come to it later: under the name it
    /// has now, or not at all when it is gone.
    pub(crate) fn rewrite(&mut self, author: AccountId, name: Option<&str>) {
        for entry in &mut self.entries {
            let before = entry.weight();
            if !entry.what.sign(author, name) {
                continue;
            }
            *self.bytes.get_mut() -= before;
            entry.frames = [const { OnceLock::new() }; MOST_VOICES];
            *self.bytes.get_mut() += entry.weight();
        }
    }

    /// Has a message that is still here read as it does after an event, and its earlier edits with it: whoever comes to
    /// them later is not shown what was taken away.
    fn amend(&mut self, event: &Event) {
        let (EventBody::Edited { target, .. } | EventBody::Deleted { target, .. }) = event.body else { return };
        for entry in &mut self.entries {
            let before = entry.weight();
            if !entry.what.amend(target, event) {
                continue;
            }
            *self.bytes.get_mut() -= before;
            entry.frames = [const { OnceLock::new() }; MOST_VOICES];
            *self.bytes.get_mut() += entry.weight();
        }
    }

    /// Forgets everything in such a way that every cursor has fallen off.
    pub(crate) fn turn_over(&mut self) {
        while !self.entries.is_empty() {
            self.let_go();
        }
        self.first += 1;
        self.events_lost = self.first;
        self.begun = self.first;
    }

    /// Whether another log has begun since this place.
    pub(crate) fn turned_since(&self, place: Position) -> bool {
        self.begun > place
    }

    /// The entries from a place on; `None` if some of them are gone.
    pub(crate) fn from(&self, place: Position) -> Option<impl Iterator<Item = (Position, &Entry)>> {
        let skipped = usize::try_from(place.checked_sub(self.first)?).ok()?;
        Some((place..).zip(self.entries.iter().skip(skipped)))
    }

    /// Where whoever has read up to a place goes on: whoever hears of no presence misses nothing if that is all that is gone.
    pub(crate) fn next_for(&self, place: Position, presence: bool) -> Position {
        if presence || self.events_lost > place { place } else { place.max(self.first) }
    }

    /// The first place that is still there.
    pub(crate) fn first(&self) -> Position {
        self.first
    }

    /// The place of an event that is still there.
    pub(crate) fn position_of(&self, seq: Seq) -> Option<Position> {
        // The newest first, because that is where most readers come back to; an older event ends the search.
        let newest_first = self.entries.iter().enumerate().rev();
        let mut events = newest_first.filter_map(|(index, entry)| Some((index, entry.seq()?)));
        let (index, found) = events.find(|(_, one)| *one <= seq)?;
        (found == seq).then_some(self.first + index as Position)
    }

    /// The events that are still there: their places in the log, and their times.
    pub(crate) fn events(&self) -> impl Iterator<Item = (Seq, Timestamp)> {
        self.logged().map(|event| (event.seq, event.at))
    }

    fn logged(&self) -> impl Iterator<Item = &Event> {
        self.entries.iter().filter_map(|entry| match &entry.what {
            What::Event(event) => Some(event),
            What::Joined(..) | What::Left(..) | What::Typing(_) => None,
        })
    }

    /// Whether a presence entry at or after this place is gone.
    pub(crate) fn lost_presence_since(&self, place: Position) -> bool {
        self.presence_lost > place
    }

    /// An entry in a contract's words; empty when that says nothing of it.
    pub(crate) fn frame(&self, entry: &Entry, voice: Voice, here: Here<'_>) -> Bytes {
        let Some(slot) = voice.slot else {
            return entry.what.written_by(voice, here);
        };
        let frame = entry.frames[usize::from(slot)].get_or_init(|| {
            let frame = entry.what.written_by(voice, here);
            self.bytes.fetch_add(frame.len(), Ordering::Relaxed);
            frame
        });
        frame.clone()
    }

    fn is_over(&mut self) -> bool {
        self.entries.len() > self.most_entries || *self.bytes.get_mut() > self.most_bytes
    }

    fn let_go(&mut self) {
        let Some(entry) = self.entries.pop_front() else {
            return;
        };
        *self.bytes.get_mut() -= entry.weight();
        self.first += 1;
        if entry.what.is_presence() {
            self.presence_lost = self.first;
        } else if entry.seq().is_some() {
            self.events_lost = self.first;
        }
    }
}

#[cfg(test)]
mod tests {
    use parlour_model::Epoch;

    use super::*;
    use crate::encoder::{Encoder, Framing};

    const HERE: Here<'static> = Here { room: "den", epoch: Epoch(0) };

    struct Thousand;

    impl Encoder for Thousand {
        fn event(&self, _: Here<'_>, _: &Event) -> Option<String> {
            Some("7".repeat(996))
        }
    }

    fn event(seq: Seq) -> What {
        What::Event(Event { seq, at: Timestamp(0), body: EventBody::Erased })
    }

    fn joined() -> What {
        What::Joined(Author { id: AccountId(1), username: "ada".to_owned() }, Timestamp(0))
    }

    #[test]
    fn what_somebody_wrote_bears_their_name_of_now() {
        let by = |id, text: &str| {
            let author = Author { id: AccountId(id), username: "ada".to_owned() };
            let body = EventBody::message(author, text.to_owned(), None);
            What::Event(Event { seq: id, at: Timestamp(0), body })
        };
        let mut ring = Ring::new(10, usize::MAX);
        ring.push(by(1, "mine"));
        ring.push(by(2, "another's"));
        ring.rewrite(AccountId(1), Some("countess"));
        let bodies = |ring: &Ring| ring.entries.iter().map(|entry| format!("{:?}", entry.what)).collect::<Vec<_>>();
        assert!(bodies(&ring)[0].contains("countess") && bodies(&ring)[1].contains("\"ada\""));
        ring.rewrite(AccountId(1), None);
        assert!(bodies(&ring)[0].contains("Erased") && bodies(&ring)[1].contains("another's"));
        let weight: usize = ring.entries.iter().map(Entry::weight).sum();
        assert_eq!(*ring.bytes.get_mut(), weight);
    }

    #[test]
    fn what_was_taken_away_is_not_shown_and_what_was_changed_is_shown_changed() {
        let ada = || Author { id: AccountId(1), username: "ada".to_owned() };
        let mut ring = Ring::new(10, usize::MAX);
        let what = |seq, body| What::Event(Event { seq, at: Timestamp(seq), body });
        ring.push(what(1, EventBody::message(ada(), "first".to_owned(), None)));
        ring.push(what(2, EventBody::message(ada(), "second".to_owned(), None)));
        ring.push(what(3, EventBody::Edited { by: Some(ada()), target: 1, text: "changed".to_owned() }));
        ring.push(what(4, EventBody::Deleted { by: Some(ada()), target: 2 }));
        ring.push(what(5, EventBody::Deleted { by: Some(ada()), target: 99 }));
        let bodies: Vec<_> = ring.entries.iter().map(|entry| format!("{:?}", entry.what)).collect();
        assert!(bodies[0].contains("changed") && bodies[0].contains("Timestamp(3)"), "{}", bodies[0]);
        assert!(bodies[1].contains("Erased"), "{}", bodies[1]);
        let weight: usize = ring.entries.iter().map(Entry::weight).sum();
        assert_eq!(*ring.bytes.get_mut(), weight);
    }

    #[test]
    fn places_go_on_while_the_oldest_entries_go() {
        let mut ring = Ring::new(3, usize::MAX);
        for what in [joined(), event(5), joined(), event(6), event(7)] {
            ring.push(what);
        }
        assert_eq!((ring.first(), ring.end()), (2, 5));
        assert!(ring.from(1).is_none(), "fell off");
        let places: Vec<_> = ring.from(3).expect("is there").map(|(place, entry)| (place, entry.seq())).collect();
        assert_eq!(places, [(3, Some(6)), (4, Some(7))]);
        assert_eq!(ring.from(5).expect("the end").count(), 0);
        assert_eq!([5, 6, 7, 8].map(|seq| ring.position_of(seq)), [None, Some(3), Some(4), None]);
        assert!(ring.lost_presence_since(0) && !ring.lost_presence_since(1));
        assert_eq!([0, 1, 2].map(|place| ring.next_for(place, false)), [0, 1, 2], "an event is gone");
        ring.push(joined());
        assert_eq!((ring.first(), ring.next_for(2, false), ring.next_for(2, true)), (3, 3, 2), "a coming is gone");
    }

    #[test]
    fn frames_count_and_are_given_back() {
        let mut ring = Ring::new(100, 5_000);
        let voice = Voice { encoder: &Thousand, framing: Framing::Plain, slot: Some(0) };
        for seq in 1..=100 {
            ring.push(event(seq));
            let (_, newest) = ring.from(ring.end() - 1).expect("is there").next().expect("the newest");
            assert_eq!(ring.frame(newest, voice, HERE).len(), 1_000);
        }
        assert!((1..=5).contains(&ring.entries.len()));
        let kept: usize = ring.entries.iter().map(Entry::weight).sum();
        assert_eq!(kept, *ring.bytes.get_mut());
    }

    #[test]
    fn after_a_turn_every_cursor_has_fallen_off() {
        let mut ring = Ring::new(10, usize::MAX);
        ring.push(event(1));
        let live = ring.end();
        ring.turn_over();
        assert!(ring.from(live).is_none() && ring.turned_since(live));
        assert!(!ring.turned_since(ring.end()));
        assert_eq!(*ring.bytes.get_mut(), 0);
    }
}
