//! A peer's message from its arrival to what became of it.

use std::sync::Arc;

use parlour_websocket::{CloseCode, frame};

use crate::line::Line;

/// What follows a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Nothing in particular.
    Go,
    /// This text. Until it is written, nothing more is read from a peer that does not read.
    Reply(String),
    /// The end, after what was said so far.
    Close(CloseCode, String),
}

/// A message that is under way: the right to say what became of it, now or later, from wherever that is known.
///
/// While many are under way, nothing more is read from the peer.
pub struct Turn(Option<Arc<Line>>);

impl Turn {
    pub(crate) fn begin(line: &Arc<Line>) -> Self {
        line.begin_message();
        Self(Some(Arc::clone(line)))
    }

    /// Says what became of it. The connection may be over by now; then nobody hears it.
    pub fn settle(mut self, flow: Flow) {
        let Some(line) = self.0.take() else { return };
        match flow {
            Flow::Go => {}
            Flow::Reply(text) => line.say(frame::text(&text)),
            Flow::Close(code, reason) => line.end(code, reason),
        }
        line.end_message();
    }
}

impl Drop for Turn {
    /// A message that was dropped is never silently gone.
    fn drop(&mut self) {
        if let Some(line) = self.0.take() {
            line.end(CloseCode::INTERNAL_ERROR, String::new());
            line.end_message();
        }
    }
}
