//! What a connection's task says besides what its seat is told and its conversation answers.

use std::task::{Context, Poll};

use parlour_websocket::CloseCode;

use crate::Parting;
use crate::ending::Ending;
use crate::follower::HistoryPage;
use crate::followers::Followers;
use crate::line::Line;

/// How many writes are made for one connection before others have their turn.
const MOST_WRITES: usize = 4;

/// For whom else a connection's task speaks. `()` is nobody, and costs nothing.
pub(crate) trait Company: Send + 'static {
    /// Says what there is to say, when all that was said before is written.
    fn speak(&mut self, line: &Line, cx: &mut Context<'_>) -> Result<(), Ending>;

    /// How much of what the peer has not taken was said here, and is no answer: whoever does not ask for it must still be
    /// listened to.
    fn unasked(&self) -> usize;

    /// The last word before this side ends the connection.
    fn last_word(&self, code: CloseCode, reason: &str) -> Option<String>;

    /// The connection has ended.
    fn part(&self, parting: Parting);
}

impl Company for () {
    fn speak(&mut self, _: &Line, _: &mut Context<'_>) -> Result<(), Ending> {
        Ok(())
    }

    fn unasked(&self) -> usize {
        0
    }

    fn last_word(&self, _: CloseCode, _: &str) -> Option<String> {
        None
    }

    fn part(&self, _: Parting) {}
}

/// The rooms that a connection follows, as its task sees them.
pub(crate) struct Followed {
    followers: Followers,
    /// The page of the history that is being read, and for whom.
    history: Option<(u64, HistoryPage)>,
    /// Whether the last that was said is not written yet.
    is_speaking: bool,
}

impl Followed {
    pub(crate) fn new(followers: Followers) -> Self {
        Self { followers, history: None, is_speaking: false }
    }

    fn poll_history(&mut self, cx: &mut Context<'_>) {
        let Some((number, page)) = &mut self.history else { return };
        if let Poll::Ready(events) = page.as_mut().poll(cx) {
            self.followers.read(*number, &events);
            self.history = None;
        }
    }
}

impl Company for Followed {
    fn speak(&mut self, line: &Line, cx: &mut Context<'_>) -> Result<(), Ending> {
        for _ in 0..MOST_WRITES {
            self.is_speaking = false;
            self.poll_history(cx);
            let round = self.followers.round(self.history.is_none());
            let is_reading = round.read.is_some();
            self.history = self.history.take().or(round.read);
            if round.bytes.is_empty() && !is_reading {
                return Ok(());
            }
            if !round.bytes.is_empty() {
                line.say(round.bytes.into());
                self.is_speaking = true;
            }
            if !line.poll_write(cx)? {
                return Ok(());
            }
        }
        self.is_speaking = false;
        // There may be more, but others have their turn first.
        cx.waker().wake_by_ref();
        Ok(())
    }

    fn unasked(&self) -> usize {
        usize::from(self.is_speaking)
    }

    fn last_word(&self, code: CloseCode, reason: &str) -> Option<String> {
        self.followers.words().goodbye(code, reason)
    }

    fn part(&self, parting: Parting) {
        self.followers.part(parting);
    }
}
