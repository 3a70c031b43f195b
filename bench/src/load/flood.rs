//! A flood: many clients at once, each of which begins again when it is served and comes back when it is told to wait.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::lane::Lane;
use super::request::Request;
use crate::Result;

/// How long a client waits that was let down: long enough not to become a second flood.
const PAUSE: Duration = Duration::from_millis(100);

/// How the clients fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fates {
    /// Answers of 200.
    pub(crate) served: u32,
    /// Answers of 503 that said how long to wait.
    pub(crate) told_to_wait: u32,
    /// Any other answer, and connections that broke.
    pub(crate) let_down: u32,
}

/// Sends each of `requests` from a connection of its own, all at once, again and again for `window`.
pub(crate) async fn flood(address: SocketAddr, requests: &[Request], window: Duration) -> Result<Fates> {
    let mut lanes = Vec::with_capacity(requests.len());
    for request in requests {
        lanes.push((Lane::open(address).await?, Request::clone(request)));
    }
    let until = Instant::now() + window;
    let mut clients = JoinSet::new();
    for (lane, request) in lanes {
        clients.spawn(insist(address, lane, request, until));
    }
    let mut all = Fates::default();
    while let Some(fates) = clients.join_next().await {
        all = all.and(fates??);
    }
    Ok(all)
}

async fn insist(address: SocketAddr, mut lane: Lane, request: Request, until: Instant) -> Result<Fates> {
    let mut fates = Fates::default();
    while Instant::now() < until {
        let wait = fates.note(&lane.exchange(&request).await.map(|answer| (answer.status, answer.retry_after())));
        if wait.is_none() {
            lane = Lane::open(address).await?;
        }
        let left = until.saturating_duration_since(Instant::now());
        tokio::time::sleep(wait.unwrap_or(PAUSE).min(left)).await;
    }
    Ok(fates)
}

impl Fates {
    /// Counts an answer, its status with its `Retry-After`. How long to wait before the next; `None` when the connection is of no more use.
    fn note(&mut self, answer: &io::Result<(u16, Option<Duration>)>) -> Option<Duration> {
        match answer {
            Ok((200, _)) => {
                self.served += 1;
                Some(Duration::ZERO)
            }
            Ok((503, Some(wait))) => {
                self.told_to_wait += 1;
                Some(*wait)
            }
            Ok(_) | Err(_) => {
                self.let_down += 1;
                None
            }
        }
    }

    /// The fates of both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            served: self.served + other.served,
            told_to_wait: self.told_to_wait + other.told_to_wait,
            let_down: self.let_down + other.let_down,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_that_says_how_long_to_wait_is_a_good_one() {
        let mut fates = Fates::default();
        let wait = Duration::from_secs(2);
        assert_eq!(fates.note(&Ok((200, None))), Some(Duration::ZERO));
        assert_eq!(fates.note(&Ok((503, Some(wait)))), Some(wait));
        assert_eq!(fates.note(&Ok((503, None))), None);
        assert_eq!(fates.note(&Ok((429, Some(wait)))), None);
        assert_eq!(fates.note(&Err(io::ErrorKind::UnexpectedEof.into())), None);
        assert_eq!(fates, Fates { served: 1, told_to_wait: 1, let_down: 3 });
    }
}
