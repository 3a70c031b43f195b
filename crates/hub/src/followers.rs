//! The rooms that one connection follows, and what else it is told without having asked.

use std::sync::{Arc, Mutex, Weak};

use parlour_model::{AccountId, RoomName, Seq, Timestamp};
use parlour_websocket::{CloseCode, frame};

use crate::bus::Hint;
use crate::encoder::Framing;
use crate::follower::{Ended, Follower, Step};
use crate::line::Line;
use crate::lock::lock;
use crate::note::{Concerned, Note};
use crate::signal::Signal;
use crate::{Connection, Hub, Parting};

/// The most rooms that one connection follows.
pub const MOST_ROOMS: usize = 200;

/// How many of the people in a room are listed for whoever begins to follow it.
pub const MOST_PEOPLE: usize = 200;

/// When a write has so many bytes, no other room is asked for more.
const ENOUGH_BYTES: usize = 32 * 1024;

/// How a contract says what concerns a connection and no room's log: each answer is the text of one message.
pub trait Announcer: Send + Sync + 'static {
    /// A room is followed no more.
    fn ended(&self, room: &str, why: Ended) -> String;

    /// Something about its owner.
    fn note(&self, note: &Note) -> String;

    /// Its token ends at this time.
    fn expiring(&self, at: Timestamp) -> String;

    /// This side ends the connection; the last word before that.
    fn goodbye(&self, code: CloseCode, reason: &str) -> Option<String>;
}

/// Why a follower was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotFollowed {
    /// The connection follows as many rooms as it may.
    Full,
    /// It follows this room already.
    Already,
    /// It is over.
    Over,
}

/// The rooms that one connection follows, and its voice. Cheap to clone: its conversation has it, and its task.
#[derive(Clone)]
pub struct Followers(Arc<Listener>);

/// What one connection is to be told.
pub(crate) struct Listener {
    signal: Arc<Signal>,
    words: Box<dyn Announcer>,
    book: Mutex<Book>,
}

struct Book {
    /// Boxed, because a list that grows makes room for more than it has.
    all: Vec<(u64, Box<Follower>)>,
    /// How many there have been.
    count: u64,
    /// Whose turn it is.
    turn: usize,
    framing: Framing,
    voice: Voice,
    pending: Pending,
}

/// By what something is said.
enum Voice {
    /// What was said before the line was there.
    Early(Vec<String>),
    Line(Weak<Line>),
    Over,
}

#[derive(Default)]
struct Pending {
    notes: Vec<Note>,
    expires: Option<Timestamp>,
    /// How far this connection itself has said that it has read, the last said last.
    own_reads: Vec<(RoomName, Seq)>,
}

/// What is said in one write, and what follows from it.
#[derive(Default)]
pub(crate) struct Round {
    /// Whole frames.
    pub(crate) bytes: Vec<u8>,
    /// Whose page of the history is to be read.
    pub(crate) read: Option<(u64, crate::follower::HistoryPage)>,
    /// To be dropped outside of every lock.
    over: Vec<Follower>,
}

impl Hub {
    /// Tells an account that something about it has changed, on all of its connections that listen, on every node.
    pub fn note(&self, account: AccountId, note: Note) {
        self.0.bus.tell(Hint::Noted { account, note });
    }
}

impl Followers {
    /// Of a connection, in the words of a contract.
    pub fn new(connection: &Connection, words: impl Announcer) -> Self {
        let book = Book {
            all: Vec::new(),
            count: 0,
            turn: 0,
            framing: Framing::Plain,
            voice: Voice::Early(Vec::new()),
            pending: Pending::default(),
        };
        let signal = Arc::clone(connection.signal());
        Self(Arc::new(Listener { signal, words: Box::new(words), book: Mutex::new(book) }))
    }

    /// Has a room followed. What it has is said after all that has been said so far.
    ///
    /// # Errors
    /// The follower is given up then.
    pub fn add(&self, mut follower: Follower) -> Result<(), NotFollowed> {
        let mut book = lock(&self.0.book);
        let refused = if matches!(book.voice, Voice::Over) {
            Some(NotFollowed::Over)
        } else if book.position(follower.room()).is_some() {
            Some(NotFollowed::Already)
        } else {
            (book.all.len() >= MOST_ROOMS).then_some(NotFollowed::Full)
        };
        if let Some(refused) = refused {
            drop(book);
            follower.leave();
            return Err(refused);
        }
        follower.speak_in(book.framing);
        book.count += 1;
        let number = book.count;
        book.all.push((number, Box::new(follower)));
        drop(book);
        self.0.signal.ring();
        Ok(())
    }

    /// Follows a room no more: if it was their last place there, the person has left. Says whether it was followed.
    pub fn remove(&self, room: &RoomName) -> bool {
        let gone = {
            let mut book = lock(&self.0.book);
            book.position(room).map(|index| book.all.swap_remove(index))
        };
        let was_followed = gone.is_some();
        leave(gone);
        was_followed
    }

    /// Follows nothing any more. Returns the names of the rooms that were followed.
    pub fn leave_all(&self) -> Vec<String> {
        let all = std::mem::take(&mut lock(&self.0.book).all);
        let rooms = all.iter().map(|(_, follower)| follower.title()).collect();
        leave(all);
        rooms
    }

    /// Whether a room is followed.
    pub fn follows(&self, room: &RoomName) -> bool {
        lock(&self.0.book).position(room).is_some()
    }

    /// How many rooms are followed.
    pub fn len(&self) -> usize {
        lock(&self.0.book).all.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Says something on the connection, at any time, after what was said so far. When more waits than may, it has
    /// fallen behind, and ends.
    pub fn say(&self, text: String) {
        let line = match &mut lock(&self.0.book).voice {
            // Only who opens a connection says something so early, and little.
            Voice::Early(early) => {
                early.push(text);
                return;
            }
            Voice::Line(line) => line.upgrade(),
            Voice::Over => None,
        };
        if let Some(line) = line {
            line.say(frame::text(&text));
        }
    }

    /// Ends the connection after what was said so far.
    pub fn close(&self, code: CloseCode, reason: &str) {
        let line = match &lock(&self.0.book).voice {
            Voice::Line(line) => line.upgrade(),
            Voice::Early(_) | Voice::Over => None,
        };
        if let Some(line) = line {
            line.end(code, reason.to_owned());
        }
    }

    /// This connection says itself how far its owner has read, so that it need not be told.
    pub fn has_read(&self, room: &RoomName, seq: Seq) {
        let pending = &mut lock(&self.0.book).pending;
        pending.own_reads.retain(|(one, _)| one.key() != room.key());
        if pending.own_reads.len() >= MOST_ROOMS {
            pending.own_reads.remove(0);
        }
        pending.own_reads.push((room.clone(), seq));
    }

    /// The line is there.
    pub(crate) fn open(&self, line: &Arc<Line>, connection: &Connection, deflate: bool) {
        let early = {
            let mut book = lock(&self.0.book);
            let framing = Framing::of_socket(deflate);
            book.framing = framing;
            book.all.iter_mut().for_each(|(_, follower)| follower.speak_in(framing));
            std::mem::replace(&mut book.voice, Voice::Line(Arc::downgrade(line)))
        };
        if let Voice::Early(texts) = early {
            for text in &texts {
                line.say(frame::text(text));
            }
        }
        let listener: Weak<Listener> = Arc::downgrade(&self.0);
        connection.listen(listener);
    }

    /// The connection has ended.
    pub(crate) fn part(&self, parting: Parting) {
        let all = {
            let mut book = lock(&self.0.book);
            book.voice = Voice::Over;
            std::mem::take(&mut book.all)
        };
        if parting == Parting::Clean {
            leave(all);
        }
    }

    pub(crate) fn words(&self) -> &dyn Announcer {
        &*self.0.words
    }

    /// What is to be said now. `may_read`: no page of the history is on its way.
    pub(crate) fn round(&self, may_read: bool) -> Round {
        let mut round = Round::default();
        let mut book = lock(&self.0.book);
        book.take_pending(&*self.0.words, &mut round.bytes);
        for _ in 0..book.all.len() {
            if round.bytes.len() >= ENOUGH_BYTES || book.all.is_empty() {
                break;
            }
            book.ask_next(may_read, &*self.0.words, &mut round);
        }
        drop(book);
        round
    }

    /// Hands a page of the history to whom it is for, if they are still there.
    pub(crate) fn read(&self, number: u64, events: &[parlour_model::Event]) {
        let mut book = lock(&self.0.book);
        if let Some((_, follower)) = book.all.iter_mut().find(|(one, _)| *one == number) {
            follower.read(events);
        }
    }
}

/// Outside of the lock, because leaving takes that of the room, and of the table of rooms.
fn leave(followers: impl IntoIterator<Item = (u64, Box<Follower>)>) {
    for (_, follower) in followers {
        follower.leave();
    }
}

impl Concerned for Listener {
    fn note(&self, note: Note) {
        lock(&self.book).pending.note(note);
        self.signal.ring();
    }

    fn expires(&self, at: Timestamp) {
        lock(&self.book).pending.expires = Some(at);
        self.signal.ring();
    }
}

impl Book {
    fn position(&self, room: &RoomName) -> Option<usize> {
        self.all.iter().position(|(_, follower)| follower.room().key() == room.key())
    }

    fn take_pending(&mut self, words: &dyn Announcer, bytes: &mut Vec<u8>) {
        let expiring = self.pending.expires.take().map(|at| words.expiring(at));
        let notes = std::mem::take(&mut self.pending.notes);
        for text in expiring.into_iter().chain(notes.iter().map(|note| words.note(note))) {
            bytes.extend_from_slice(&frame::text(&text));
        }
    }

    fn ask_next(&mut self, may_read: bool, words: &dyn Announcer, round: &mut Round) {
        let index = self.turn % self.all.len();
        self.turn = index + 1;
        let (number, follower) = &mut self.all[index];
        match follower.next() {
            Step::Say(page) => round.bytes.extend_from_slice(page.bytes()),
            Step::Read(id, after) if may_read && round.read.is_none() => {
                round.read = Some((*number, follower.history(id, after)));
            }
            // One reads the history at a time, so that what waits for one connection stays little.
            Step::Nothing | Step::Read(..) => {}
            Step::Over(ended) => {
                round.bytes.extend_from_slice(&frame::text(&words.ended(&follower.title(), ended)));
                let (_, follower) = self.all.swap_remove(index);
                self.turn = index;
                round.over.push(*follower);
            }
        }
    }
}

impl Pending {
    fn note(&mut self, note: Note) {
        if let Note::Read { room, seq } = &note {
            if self.own_reads.iter().any(|(one, own)| one.key() == room.key() && own >= seq) {
                return;
            }
            let is_of_room = |one: &Note| matches!(one, Note::Read { room: of, .. } if of.key() == room.key());
            self.notes.retain(|one| !is_of_room(one));
        }
        let has_place = self.notes.len() < MOST_ROOMS;
        if has_place && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}
