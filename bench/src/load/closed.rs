//! A closed loop: every connection asks again as soon as it is answered, so that the server is never without work.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::lane::Lane;
use super::request::Request;
use crate::Result;

/// How a closed loop runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Connections, each with one request on its way at any time.
    pub(crate) connections: usize,
    /// How long it runs before it counts.
    pub(crate) warm_up: Duration,
    /// How long it counts.
    pub(crate) window: Duration,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    answers: u32,
    /// When the first and the last of them came.
    span: Option<(Instant, Instant)>,
}

/// Asks for each of `requests` by turns, and takes nothing but 200 for an answer. Answers a second.
pub(crate) async fn answers_a_second(address: SocketAddr, requests: &[Request], pace: Pace) -> Result<f64> {
    let mut lanes = Vec::with_capacity(pace.connections);
    for _ in 0..pace.connections {
        lanes.push(Lane::open(address).await?);
    }
    let from = Instant::now() + pace.warm_up;
    let mut tasks = JoinSet::new();
    for (place, lane) in lanes.into_iter().enumerate() {
        let own: Vec<Request> =
            requests.iter().skip(place % requests.len()).step_by(pace.connections).cloned().collect();
        tasks.spawn(ask(lane, own, from, from + pace.window));
    }
    let mut total = Tally::default();
    while let Some(done) = tasks.join_next().await {
        total = total.and(done??);
    }
    total.a_second().ok_or_else(|| "too few answers to count".into())
}

async fn ask(mut lane: Lane, requests: Vec<Request>, from: Instant, until: Instant) -> Result<Tally> {
    let mut tally = Tally::default();
    for request in requests.iter().cycle() {
        let status = lane.exchange(request).await?.status;
        if status != 200 {
            return Err(format!("an answer of {status}").into());
        }
        let now = Instant::now();
        if now >= until {
            break;
        }
        if now >= from {
            tally.count(now);
        }
    }
    Ok(tally)
}

impl Tally {
    fn count(&mut self, now: Instant) {
        self.answers += 1;
        self.span = Some((self.span.map_or(now, |(first, _)| first), now));
    }

    fn and(self, other: Self) -> Self {
        let span = match (self.span, other.span) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (one, other) => one.or(other),
        };
        Self { answers: self.answers + other.answers, span }
    }

    /// Between the first and the last answer, which leaves out the broken pieces at either end of the window.
    fn a_second(&self) -> Option<f64> {
        let (first, last) = self.span?;
        let between = self.answers.checked_sub(1).filter(|count| *count > 0)?;
        Some(f64::from(between) / last.duration_since(first).as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_between_the_first_and_the_last_answer() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let (mut one, mut other) = (Tally::default(), Tally::default());
        one.count(at(100));
        one.count(at(300));
        assert_eq!(other.a_second(), None);
        other.count(at(600));
        assert_eq!(other.a_second(), None, "one answer has no rate");
        let rate = one.and(other).and(Tally::default()).a_second().expect("a rate");
        assert!((rate - 4.0).abs() < 1e-9, "{rate}");
    }
}
