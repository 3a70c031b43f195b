//! A conversation that leaves each message on a desk, where the test settles it when and in what order it likes.

use bytes::Bytes;
use parlour_hub::{Conversation, Flow, Turn};
use tokio::sync::mpsc;

/// Takes messages at once, and settles none.
pub(crate) struct Clerk(mpsc::Sender<(String, Turn)>);

/// Where they lie.
pub(crate) struct Desk(mpsc::Receiver<(String, Turn)>);

impl Clerk {
    pub(crate) fn new() -> (Self, Desk) {
        // More than may be under way, so that the desk is not what bounds it.
        let (put, take) = mpsc::channel(1_000);
        (Self(put), Desk(take))
    }

    pub(crate) fn reply(turn: Turn, text: &str) {
        turn.settle(Flow::Reply(text.to_owned()));
    }
}

impl Desk {
    pub(crate) async fn next(&mut self) -> (String, Turn) {
        self.0.recv().await.expect("the conversation goes on")
    }

    /// What lies there now.
    pub(crate) fn all(&mut self) -> Vec<(String, Turn)> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }
}

impl Conversation for Clerk {
    async fn text(&mut self, text: String, turn: Turn) {
        assert!(self.0.try_send((text, turn)).is_ok(), "the desk has room");
    }

    async fn binary(&mut self, _: Bytes, turn: Turn) {
        drop(turn);
    }
}
