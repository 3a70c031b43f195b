//! An open loop: requests leave at times fixed beforehand, whether or not the ones before are answered.
//!
//! Latency counts from the time at which a request was meant to leave. A server that stalls for a second is so charged
//! with every request that should have been served in that second, not with the one that happened to be on its way.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::request::Request;
use super::visitor::Visitor;
use crate::Result;
use crate::process::pause;

/// Threads that share the requests, each with a connection of its own, so that one slow answer does not hold up the
/// next request. They block: the kernel wakes them more precisely than a runtime's timer does.
const THREADS: u32 = 4;

/// How an open loop runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    /// Requests a second, all threads together.
    pub(crate) rate: u32,
    /// How long.
    pub(crate) window: Duration,
}

/// Sends `request` on schedule and takes nothing but 200 for an answer. The latencies, milliseconds.
pub(crate) fn latencies(address: SocketAddr, request: &Request, schedule: Schedule) -> Result<Vec<f64>> {
    let visitors: Vec<Visitor> = (0..THREADS).map(|_| Visitor::open(address)).collect::<std::io::Result<_>>()?;
    let start = Instant::now();
    std::thread::scope(|scope| {
        let ask = |(place, visitor)| scope.spawn(move || of_one_thread(visitor, request, schedule, start, place));
        let threads: Vec<_> = (0..).zip(visitors).map(ask).collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().map_err(|_panic| "a probing thread panicked")??);
        }
        Ok(all)
    })
}

fn of_one_thread(
    mut visitor: Visitor,
    request: &Request,
    schedule: Schedule,
    start: Instant,
    place: u32,
) -> Result<Vec<f64>> {
    let mut latencies = Vec::new();
    for offset in offsets(schedule, place) {
        let meant = start + offset;
        pause(meant.saturating_duration_since(Instant::now()));
        visitor.expect(request, 200)?;
        latencies.push(meant.elapsed().as_secs_f64() * 1e3);
    }
    Ok(latencies)
}

/// When the thread at `place` sends, from the start on.
fn offsets(schedule: Schedule, place: u32) -> impl Iterator<Item = Duration> {
    let interval = Duration::from_secs(1) / schedule.rate;
    let turns = (0..).map(move |turn| interval * (turn * THREADS + place));
    turns.take_while(move |offset| *offset < schedule.window)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threads_together_keep_the_rate() {
        let schedule = Schedule { rate: 200, window: Duration::from_secs(1) };
        let mut all: Vec<Duration> = (0..THREADS).flat_map(|place| offsets(schedule, place)).collect();
        all.sort();
        let expected: Vec<Duration> = (0..200).map(|turn| Duration::from_millis(5) * turn).collect();
        assert_eq!(all, expected);
    }
}
