//! What the server says by itself: events and presence on the socket, and what concerns the connection.

use parlour_model::{Author, Epoch, Event, Timestamp};
use parlour_service::App;
use parlour_service::live::{Announcer, Encoder, Ended, Here, Note};
use parlour_websocket::CloseCode;

use super::Told;
use crate::live::{microseconds, text_of};
use crate::native::event::EventShape;

/// Writes what happens in a room for the socket.
pub(super) struct Frames;

impl Encoder for Frames {
    fn event(&self, here: Here<'_>, event: &Event) -> Option<String> {
        text_of(&Told::Event { room: here.room, event: EventShape::of(event) })
    }

    fn joined(&self, here: Here<'_>, who: &Author, _: Timestamp) -> Option<String> {
        text_of(&Told::joined(here.room, who))
    }

    fn left(&self, here: Here<'_>, who: &Author, _: Timestamp) -> Option<String> {
        text_of(&Told::left(here.room, who))
    }

    fn typing(&self, here: Here<'_>, who: &Author) -> Option<String> {
        text_of(&Told::typing(here.room, who))
    }
}

/// Says what concerns one connection.
pub(crate) struct Crier {
    /// How long this one is to wait before it comes back.
    after_ms: u64,
}

impl Crier {
    pub(crate) fn new(app: &App) -> Self {
        Self { after_ms: u64::try_from(app.come_back_after().as_millis()).unwrap_or(u64::MAX) }
    }
}

impl Announcer for Crier {
    fn ended(&self, room: &str, why: Ended) -> String {
        let reason = match why {
            Ended::PutOut(why) => why.word(),
            Ended::Resume => "resume",
        };
        written(&Told::Unsubscribed { id: None, room, reason: Some(reason) })
    }

    fn note(&self, note: &Note) -> String {
        let what = match note {
            Note::Me => "me",
            Note::Rooms => "rooms",
            Note::Invitations => "invitations",
            Note::Sessions => "sessions",
            Note::Read { room, seq } => return written(&Told::Read { room: room.as_str(), seq: *seq }),
        };
        written(&Told::Changed { what })
    }

    fn expiring(&self, at: Timestamp) -> String {
        written(&Told::Expiring { at: microseconds(at) })
    }

    fn goodbye(&self, code: CloseCode, reason: &str) -> Option<String> {
        // A peer that says goodbye itself is answered without a reason, and needs no words.
        let reconnect = match code {
            CloseCode::SERVICE_RESTART | CloseCode::TRY_AGAIN_LATER => true,
            CloseCode::POLICY => false,
            _ => return None,
        };
        let after_ms = if reconnect { self.after_ms } else { 0 };
        (!reason.is_empty()).then(|| written(&Told::Bye { reconnect, after_ms, reason }))
    }
}

/// A message that cannot fail to be written, since it has no keys but texts.
pub(super) fn written(told: &Told<'_>) -> String {
    text_of(told).unwrap_or_default()
}

/// An epoch as a client gave it back. It is opaque to them: a text that is none of ours is another log's.
pub(crate) fn named_epoch(text: &str) -> Epoch {
    Epoch(text.parse().unwrap_or(i64::MIN))
}
