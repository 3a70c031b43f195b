//! A room's newest entries, each with its frames: what seats have their cursors in.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use parlour_model::{Author, Event, EventBody, Seq, Timestamp};

use crate::encoder::{MOST_ENCODERS, Voice};

/// An entry's place in its ring: ascending from 0 for as long as the room is active. Presence has places too,
/// so this is not the seq.
pub(crate) type Position = u64;

/// What an entry tells.
#[derive(Debug)]
pub(crate) enum What {
    Event(Event),
    Joined(Author, Timestamp),
    Left(Author, Timestamp),
}

/// One thing that happened, written at most once per encoder.
pub(crate) struct Entry {
    what: What,
    frames: [OnceLock<Option<Bytes>>; MOST_ENCODERS],
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
    /// Where the log began that the entries are of.
    begun: Position,
}

impl Entry {
    fn new(what: What) -> Self {
        Self { what, frames: [const { OnceLock::new() }; MOST_ENCODERS] }
    }

    /// The seq of an event; `None` for presence.
    pub(crate) fn seq(&self) -> Option<Seq> {
        match &self.what {
            What::Event(event) => Some(event.seq),
            What::Joined(..) | What::Left(..) => None,
        }
    }

    fn weight(&self) -> usize {
        let frames = self.frames.iter().filter_map(OnceLock::get).flatten();
        self.what.weight() + frames.map(Bytes::len).sum::<usize>()
    }
}

impl What {
    fn weight(&self) -> usize {
        let text = match self {
            Self::Event(event) => match &event.body {
                EventBody::Message { author, text, key } => {
                    author.username.len() + text.len() + key.as_ref().map_or(0, String::len)
                }
                EventBody::Erased => 0,
            },
            Self::Joined(author, _) | Self::Left(author, _) => author.username.len(),
        };
        size_of::<Entry>() + text
    }

    pub(crate) fn written_by(&self, voice: Voice) -> Option<Bytes> {
        match self {
            Self::Event(event) => voice.encoder.event(event),
            Self::Joined(who, at) => voice.encoder.joined(who, *at),
            Self::Left(who, at) => voice.encoder.left(who, *at),
        }
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
            begun: 0,
        }
    }

    /// The place that the next entry will have.
    pub(crate) fn end(&self) -> Position {
        self.first + self.entries.len() as u64
    }

    /// Appends an entry and lets go of the oldest that are over a bound; the newest always stays.
    pub(crate) fn push(&mut self, what: What) {
        *self.bytes.get_mut() += what.weight();
        self.entries.push_back(Entry::new(what));
        while self.entries.len() > 1 && self.is_over() {
            self.let_go();
        }
    }

    /// Forgets everything in such a way that every cursor has fallen off.
    pub(crate) fn turn_over(&mut self) {
        while !self.entries.is_empty() {
            self.let_go();
        }
        self.first += 1;
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

    /// Whether a presence entry at or after this place is gone.
    pub(crate) fn lost_presence_since(&self, place: Position) -> bool {
        self.presence_lost > place
    }

    /// An entry in a contract's words; empty when that says nothing of it.
    pub(crate) fn frame<'a>(&self, entry: &'a Entry, voice: Voice) -> Cow<'a, [u8]> {
        let Some(slot) = voice.slot else {
            return Cow::Owned(entry.what.written_by(voice).unwrap_or_default().into());
        };
        let frame = entry.frames[slot].get_or_init(|| {
            let frame = entry.what.written_by(voice);
            self.bytes.fetch_add(frame.as_ref().map_or(0, Bytes::len), Ordering::Relaxed);
            frame
        });
        Cow::Borrowed(frame.as_deref().unwrap_or_default())
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
        if entry.seq().is_none() {
            self.presence_lost = self.first;
        }
    }
}
