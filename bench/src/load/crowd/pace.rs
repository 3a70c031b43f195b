//! How a crowd sends, and what is seen of it meanwhile.

use std::time::{Duration, Instant};

use super::{Crowd, Histogram, PATIENCE};
use crate::Result;
use crate::measure::real;
use crate::process::{Process, Worker, computed_here};

/// When the next message leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// Every sender has so many under way: when one came back to it, it sends the next.
    Each(u32),
    /// All senders together have so many under way: when one came back, it is the next one's turn.
    Together(u32),
    /// So many a second, the senders by turns, whatever has come back. Latencies count from the time at which a message was meant to leave.
    Rate(u32),
}

/// What a crowd does in one round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drive {
    /// How it sends.
    pub(crate) pace: Pace,
    /// How long before it counts.
    pub(crate) warm_up: Duration,
    /// How long it counts.
    pub(crate) window: Duration,
}

/// Whose time is looked at while a crowd talks.
pub(crate) struct Watched<'a> {
    /// The servers that it is connected to.
    pub(crate) servers: &'a [&'a Process],
    /// What they stand on, each for itself.
    pub(crate) below: &'a [&'a dyn Worker],
}

/// What was seen in the window of a round.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    deliveries: f64,
    seconds: f64,
    /// Seconds of processor that the server and the load took.
    server: f64,
    load: f64,
    /// Seconds that the server's threads waited for their core.
    waited: f64,
    /// Seconds of processor that each of what the servers stand on took.
    below: Vec<f64>,
    latencies: Histogram,
    crossed: Histogram,
}

impl Tally {
    /// Messages that reached a seat, a second.
    pub(crate) fn rate(&self) -> f64 {
        self.deliveries / self.seconds
    }

    /// Microseconds of the server's processor a delivery.
    pub(crate) fn cost(&self) -> f64 {
        self.server * 1e6 / self.deliveries
    }

    /// The latency that this share of the deliveries (0 to 1) did not exceed, milliseconds.
    pub(crate) fn latency(&self, share: f64) -> f64 {
        f64::from(self.latencies.quantile(share)) / 1e3
    }

    /// The same of those that went from one server to another.
    pub(crate) fn crossing(&self, share: f64) -> f64 {
        f64::from(self.crossed.quantile(share)) / 1e3
    }

    /// Microseconds of processor a delivery, of each of what the servers stand on.
    pub(crate) fn costs_below(&self) -> Vec<f64> {
        self.below.iter().map(|seconds| seconds * 1e6 / self.deliveries).collect()
    }

    /// The shares of one core that the server and the load took, and the time that the server's threads waited for
    /// theirs, in the same unit: because of each other, or of strangers.
    pub(crate) fn shares(&self) -> [f64; 3] {
        [self.server, self.load, self.waited].map(|seconds| seconds / self.seconds)
    }
}

/// What clocks and counters said when a window began.
struct Mark {
    at: Instant,
    server: f64,
    load: f64,
    waited: f64,
    below: Vec<f64>,
}

impl Mark {
    fn now(watched: &Watched<'_>) -> Result<Self> {
        let (mut server, mut waited) = (0.0, 0.0);
        for each in watched.servers {
            server += each.computed()?;
            waited += each.waited()?;
        }
        let below = watched.below.iter().map(|each| each.computed()).collect::<Result<_>>()?;
        Ok(Self { server, load: computed_here()?, waited, below, at: Instant::now() })
    }
}

impl Crowd {
    /// Sends at the pace of `drive`, then waits until everybody has got everything: that it came once and in one order
    /// for all is verified at every seat.
    pub(crate) fn run(&mut self, watched: &Watched<'_>, drive: &Drive) -> Result<Tally> {
        (self.pace, self.sending) = (drive.pace, true);
        self.begin()?;
        let start = Instant::now();
        self.send_until(start, start + drive.warm_up)?;
        (self.score.deliveries, self.score.latencies, self.score.crossed) = Default::default();
        let before = Mark::now(watched)?;
        self.send_until(start, before.at + drive.window)?;
        let after = Mark::now(watched)?;
        let tally = Tally {
            deliveries: real(self.score.deliveries),
            seconds: after.at.duration_since(before.at).as_secs_f64(),
            server: after.server - before.server,
            load: after.load - before.load,
            waited: after.waited - before.waited,
            below: after.below.iter().zip(&before.below).map(|(after, before)| after - before).collect(),
            latencies: std::mem::take(&mut self.score.latencies),
            crossed: std::mem::take(&mut self.score.crossed),
        };
        self.sending = false;
        self.settle()?;
        if tally.deliveries > 0.0 { Ok(tally) } else { Err("nothing was delivered".into()) }
    }

    fn begin(&mut self) -> Result<()> {
        match self.pace {
            Pace::Each(count) => (0..self.senders.len()).try_for_each(|sender| self.send(sender, count)),
            Pace::Together(count) => (0..count).try_for_each(|_| self.next_sends(self.now())),
            Pace::Rate(_) => Ok(()),
        }
    }

    /// Some of a sender's own messages came back.
    pub(super) fn go_on(&mut self, sender: usize, came_back: u32) -> Result<()> {
        match self.pace {
            Pace::Each(_) => self.send(sender, came_back),
            Pace::Together(_) => (0..came_back).try_for_each(|_| self.next_sends(self.now())),
            Pace::Rate(_) => Ok(()),
        }
    }

    fn send_until(&mut self, start: Instant, until: Instant) -> Result<()> {
        let Pace::Rate(rate) = self.pace else {
            while Instant::now() < until {
                self.look(Some(Duration::from_millis(100)))?;
            }
            return Ok(());
        };
        let interval = Duration::from_secs(1) / rate;
        let mut due = start + interval * u32::try_from(start.elapsed().as_nanos() / interval.as_nanos())?;
        while due < until {
            while due <= Instant::now() {
                let meant = u32::try_from(due.saturating_duration_since(self.began).as_micros())?;
                self.next_sends(meant)?;
                due += interval;
            }
            // The system's timers are too coarse for these intervals, and the core has nothing else to do.
            self.look(Some(Duration::ZERO))?;
        }
        Ok(())
    }

    fn next_sends(&mut self, at: u32) -> Result<()> {
        let sender = self.turn;
        self.turn = (sender + 1) % self.senders.len();
        self.senders[sender].append_next(u32::try_from(sender)?, at);
        self.flush(sender)
    }

    fn send(&mut self, sender: usize, count: u32) -> Result<()> {
        let (number, now) = (u32::try_from(sender)?, self.now());
        for _ in 0..count {
            self.senders[sender].append_next(number, now);
        }
        self.flush(sender)
    }

    pub(super) fn flush(&mut self, sender: usize) -> Result<()> {
        let sender = &mut self.senders[sender];
        sender.flush(&mut self.lines[sender.line])
    }

    /// Waits until every seat has got every message of its room.
    fn settle(&mut self) -> Result<()> {
        let mut sent = vec![0; self.ledgers.len()];
        for sender in &self.senders {
            sent[self.lines[sender.line].room as usize] += sender.sent;
        }
        let mut last = (Instant::now(), self.score.deliveries);
        while let Some(line) = self.lines.iter().position(|line| line.place < sent[line.room as usize]) {
            self.look(Some(Duration::from_millis(20)))?;
            if self.score.deliveries > last.1 {
                last = (Instant::now(), self.score.deliveries);
            } else if last.0.elapsed() > PATIENCE {
                let (place, sent) = (self.lines[line].place, sent[self.lines[line].room as usize]);
                return Err(format!("connection {line} got {place} of {sent} messages").into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Dialect, Layout};
    use super::*;
    use crate::floor::chat::{Way, open_for_test};
    use crate::floor::store::{Log, committed};
    use crate::folder::Folder;

    const LAYOUT: Layout<'static> =
        Layout { dialect: Dialect::Rooms, name: "test", rooms: 3, seats: 4, senders: 2, tokens: &[] };

    /// Opens a crowd and lets it talk at `pace` until `deliveries` have come, then waits until all have everything.
    fn talk(way: Way, log: Option<Log>, pace: Pace, deliveries: u64) -> Crowd {
        let mut crowd = Crowd::open(&[open_for_test(way, log, None)], &LAYOUT).expect("a crowd");
        (crowd.pace, crowd.sending) = (pace, true);
        crowd.begin().expect("messages");
        let start = Instant::now();
        while crowd.score.deliveries < deliveries {
            assert!(start.elapsed() < PATIENCE, "{} came", crowd.score.deliveries);
            crowd.look(Some(Duration::from_secs(1))).expect("deliveries in order");
        }
        crowd.sending = false;
        crowd.settle().expect("the rest");
        crowd
    }

    #[test]
    fn every_seat_gets_everything_once() {
        for way in [Way::Send1, Way::Batch] {
            for pace in [Pace::Each(3), Pace::Together(5)] {
                let crowd = talk(way, None, pace, 5_000);
                let sent: u32 = crowd.senders.iter().map(|sender| sender.sent).sum();
                assert_eq!(crowd.score.deliveries, u64::from(sent) * LAYOUT.seats as u64, "{way:?}, {pace:?}");
                assert!(crowd.senders.iter().all(|sender| sender.sent > 10), "everybody had their turns");
            }
        }
    }

    #[test]
    fn the_floor_with_the_store_delivers_what_is_committed() {
        let folder = Folder::new().expect("a folder");
        let database = folder.path().join("floor.db");
        let log = Log::open(&database).expect("a log");
        let crowd = talk(Way::Logged, Some(log), Pace::Each(3), 500);
        let sent: u32 = crowd.senders.iter().map(|sender| sender.sent).sum();
        assert_eq!(crowd.score.deliveries, u64::from(sent) * LAYOUT.seats as u64);
        // The probes, one a room at least, were committed as well.
        let probes = committed(&database, LAYOUT.rooms).expect("the log") - i64::from(sent);
        assert!(probes >= LAYOUT.rooms.cast_signed() as i64, "{probes}");
    }

    #[test]
    fn listeners_stay_through_pings_and_get_nothing_else() {
        let address = open_for_test(Way::Send1, None, Some(Duration::from_millis(1)));
        let listeners = Layout { senders: 0, ..LAYOUT };
        let mut crowd = Crowd::open(&[address], &listeners).expect("a crowd");
        crowd.wait(Duration::from_millis(20)).expect("pings");
        assert_eq!((crowd.len(), crowd.score.deliveries), (12, 0));
    }
}
