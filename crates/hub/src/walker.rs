//! Fan-out: walks along the seats of a room and writes to each what it has not read, straight into its socket.
//!
//! Seats that have read equally far share one page, so that what costs something is the socket alone. No task is woken
//! for a message; only where a socket is full its own task waits for room.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use tokio::runtime::Handle;
use tokio::task::yield_now;

use crate::bells::Bells;
use crate::encoder::Voice;
use crate::line::{Line, Visit};
use crate::lock::lock;
use crate::page::Page;
use crate::reading::{FellBehind, Reading};
use crate::ring::Position;
use crate::room::Room;
use crate::wheel::Tick;

/// How many seats are served before other tasks have their turn: a fraction of a millisecond.
pub(crate) const STRIDE: usize = 64;

/// How many pages are kept for seats that have read equally far.
const MOST_PAGES: usize = 8;

/// So many seats have one walker; in a larger room there is one for each bell.
const SEATS_OF_ONE: usize = 512;

/// The tasks that walk along the seats of one room, begun when there are seats for them.
pub(crate) struct Walkers {
    bells: Arc<Bells>,
    all: Box<[OnceLock<Arc<Walker>>]>,
    seats: AtomicUsize,
}

/// Where seats are left for one of them.
#[derive(Default)]
struct Walker {
    newcomers: Mutex<Vec<Arc<Line>>>,
    /// Seats given up since the last walk that saw to them.
    gone: AtomicUsize,
}

impl Walkers {
    pub(crate) fn new(room: &Room) -> Self {
        let bells = Arc::clone(room.bells());
        let all = (0..bells.len()).map(|_| OnceLock::new()).collect();
        Self { bells, all, seats: AtomicUsize::new(0) }
    }

    /// Has a line written to whenever something happens in `room`. Returns by which walker.
    pub(crate) fn attach(&self, line: &Arc<Line>, room: &Arc<Room>, runtime: &Handle) -> usize {
        let seats = self.seats.fetch_add(1, Ordering::Relaxed);
        let index = if seats < SEATS_OF_ONE { 0 } else { seats % self.all.len() };
        let walker = self.all[index].get_or_init(|| {
            let walker = Arc::new(Walker::default());
            runtime.spawn(walk(Arc::clone(&walker), Arc::clone(&self.bells), index, Arc::downgrade(room)));
            walker
        });
        lock(&walker.newcomers).push(Arc::clone(line));
        self.bells.ring(index);
        index
    }

    /// A line that was attached is closed. The row forgets it on its next walk; many are a reason to walk.
    pub(crate) fn detach(&self, index: usize) {
        let others = self.seats.fetch_sub(1, Ordering::Relaxed);
        let Some(walker) = self.all[index].get() else { return };
        let walkers = if others > SEATS_OF_ONE { self.all.len() } else { 1 };
        if walker.gone.fetch_add(1, Ordering::Relaxed) > others / walkers / 2 {
            self.bells.ring(index);
        }
    }
}

/// Walks for as long as there is the room.
async fn walk(walker: Arc<Walker>, bells: Arc<Bells>, index: usize, room: Weak<Room>) {
    let mut row = Row::default();
    loop {
        bells.rung(index).await;
        let Some(room) = room.upgrade() else {
            return;
        };
        while row.needs_walk(&walker, &room) {
            row.walk(&room).await;
        }
    }
}

/// The seats of one walker.
#[derive(Default)]
struct Row {
    lines: Vec<Arc<Line>>,
    /// Those before have been offered everything up to `offered`.
    served: usize,
    offered: Position,
}

impl Row {
    /// Takes in the newcomers and says whether there is anybody to visit.
    fn needs_walk(&mut self, walker: &Walker, room: &Room) -> bool {
        self.lines.append(&mut lock(&walker.newcomers));
        let end = room.end();
        let is_full_of_gone = walker.gone.load(Ordering::Relaxed) > self.lines.len() / 2;
        if end > self.offered || is_full_of_gone {
            self.served = 0;
            walker.gone.store(0, Ordering::Relaxed);
        }
        self.offered = end;
        self.served < self.lines.len()
    }

    /// Visits those who have not been served.
    async fn walk(&mut self, room: &Arc<Room>) {
        let mut pages = Pages::default();
        let mut given = 0;
        while self.served < self.lines.len() {
            pages.renew(room.end());
            given += self.stride(&mut pages);
            yield_now().await;
        }
        room.count(given);
        if pages.unfinished {
            // Whoever had more to read than a page is visited again.
            self.offered = 0;
        }
    }

    fn stride(&mut self, pages: &mut Pages) -> u64 {
        let mut given = 0;
        let mut visits = 0;
        let next = self.lines.iter().skip(self.served).take(STRIDE);
        black_box(next.fold(0, |all: Tick, line| all.wrapping_add(line.warm())));
        while visits < STRIDE && self.served < self.lines.len() {
            let (visit, frames) = self.lines[self.served].visit(|reading, cursor| pages.page(reading, cursor));
            given += u64::from(frames);
            visits += 1;
            pages.unfinished |= visit == Visit::Unfinished;
            if visit == Visit::Over {
                self.lines.swap_remove(self.served);
            } else {
                self.served += 1;
            }
        }
        given
    }
}

/// What is to be read from the few places at which seats are.
#[derive(Default)]
struct Pages {
    kept: Vec<Kept>,
    end: Position,
    unfinished: bool,
}

struct Kept {
    cursor: Position,
    voice: Voice,
    page: Page,
}

impl Pages {
    /// Pages that more could be added to are of no use: those who come later are given more at once.
    fn renew(&mut self, end: Position) {
        if self.end != end {
            self.end = end;
            self.kept.clear();
        }
    }

    fn page(&mut self, reading: &Reading, cursor: Position) -> Result<&Page, FellBehind> {
        let known = self.kept.iter().position(|kept| kept.cursor == cursor && kept.voice.is(reading.voice));
        let index = if let Some(index) = known {
            index
        } else {
            if self.kept.len() == MOST_PAGES {
                self.kept.pop();
            }
            let page = reading.shared_page(cursor)?;
            self.kept.push(Kept { cursor, voice: reading.voice, page });
            self.kept.len() - 1
        };
        Ok(&self.kept[index].page)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use parlour_model::{Epoch, Event, EventBody, RoomId, RoomName, Seq, Timestamp};
    use parlour_websocket::{Connection as Socket, Limits};
    use tokio::io::duplex;
    use tokio::time::timeout;

    use super::*;
    use crate::encoder::{Encoder, Framing, Here};
    use crate::page::Reached;
    use crate::places::Reach;
    use crate::settings::HubSettings;
    use crate::subscription::Log;
    use crate::wheel::Wheel;

    struct Numbers;

    impl Encoder for Numbers {
        fn event(&self, _: Here<'_>, event: &Event) -> Option<String> {
            Some(event.seq.to_string())
        }
    }

    const VOICE: Voice = Voice { encoder: &Numbers, framing: Framing::Plain, slot: Some(0) };
    const OTHER: Voice = Voice { slot: Some(1), ..VOICE };

    fn room() -> Arc<Room> {
        let room = Room::new(RoomName::parse("den").expect("a name"), &HubSettings::default(), Arc::default(), None);
        assert!(!room.start(None));
        Arc::new(room)
    }

    fn say(room: &Room, seq: Seq) {
        let event = Event { seq, at: Timestamp(0), body: EventBody::Erased };
        assert!(!room.take(Log { epoch: Epoch(0), id: RoomId(1) }, vec![event]));
    }

    /// Somebody who has everything up to now behind them.
    fn reading(room: &Arc<Room>, voice: Voice) -> Reading {
        let (arrived, _) = room.arrive(None, Timestamp(0), 0, Reach::Seat(Arc::default()));
        let mut reading = Reading::begin(Arc::clone(room), voice, None, &arrived, None);
        reading.reach(Reached::plain(room.end()));
        reading
    }

    #[test]
    fn who_has_read_equally_far_in_one_voice_shares_a_page() {
        let room = room();
        let readings = [reading(&room, VOICE), reading(&room, VOICE), reading(&room, OTHER)];
        say(&room, 1);
        let late = reading(&room, VOICE);
        say(&room, 2);
        let mut pages = Pages::default();
        pages.renew(room.end());
        for reading in readings.iter().chain([&late]) {
            let cursor = reading.plain_cursor().expect("all is news");
            let expected: &[u8] = if cursor == 0 { b"\x81\x011\x81\x012" } else { b"\x81\x012" };
            assert_eq!(pages.page(reading, cursor).expect("is there").bytes(), expected);
        }
        assert_eq!(pages.kept.len(), 3, "one for the first two");
        say(&room, 3);
        pages.renew(room.end());
        let page = pages.page(&late, 1).expect("is there");
        assert_eq!(page.bytes(), b"\x81\x012\x81\x013", "no page stays that more could be added to");
    }

    #[tokio::test]
    async fn nothing_is_left_of_a_room_that_was_walked() {
        let (room, settings) = (room(), HubSettings::default());
        let wheel = Arc::new(Wheel::new(&settings));
        let walkers = Walkers::new(&room);
        let mut lines = Vec::new();
        for _ in 0..3 {
            let (ours, _) = duplex(64);
            let writer = Socket::from_stream(ours, Limits { message_bytes: 1 }).writer;
            let reading = Some(reading(&room, VOICE));
            let line = Arc::new(Line::new(writer, Arc::default(), reading, &wheel, &settings));
            lines.push((walkers.attach(&line, &room, &Handle::current()), line));
        }
        say(&room, 1);
        yield_now().await;
        let mut weak = Vec::new();
        for (walker, line) in lines {
            line.close();
            walkers.detach(walker);
            weak.push(Arc::downgrade(&line));
        }
        let left = Arc::downgrade(&room);
        drop(room);
        let gone = async {
            while left.strong_count() > 0 || weak.iter().any(|line| line.strong_count() > 0) {
                yield_now().await;
            }
        };
        assert!(timeout(Duration::from_secs(10), gone).await.is_ok());
    }
}
