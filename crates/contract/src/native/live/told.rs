//! What a client is told on the live socket, and in a stream.

use parlour_model::{Author, Seq};
use parlour_service::live::Found;
use serde::Serialize;
use utoipa::ToSchema;

use super::said::Id;
use crate::native::Problem;
use crate::native::event::{EventShape, Name};
use crate::native::person::Person;

/// A message of the server: an answer, which bears the `id` of its request, or something that it says by itself.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = LiveMessage)]
pub(crate) enum Told<'a> {
    /// Whom the connection speaks for.
    Welcome {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<Id>,
        /// Nobody, for a guest.
        #[schema(required)]
        account: Option<Person>,
        /// The number of the login.
        #[schema(required)]
        session: Option<i64>,
        /// When the credential ends.
        #[schema(required)]
        expires_at: Option<String>,
        /// Every so many seconds the server pings.
        ping: u64,
    },
    /// A room is told of from here on.
    Subscribed {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<Id>,
        /// Its name, as everything that follows says it.
        room: &'a str,
        /// Which life of its log.
        epoch: String,
        /// The last event there is.
        seq: Seq,
        /// Whether everything after `since` will come. If not, what comes begins after `seq`.
        recovered: bool,
        present: People<'a>,
    },
    /// A room is told of no more.
    Unsubscribed {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<Id>,
        room: &'a str,
        /// `banned`, `removed`, `private`, `deleted` or `resume`, if the server said so.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'static str>,
    },
    /// A message is durable.
    Posted {
        id: Id,
        room: &'a str,
        /// Its place.
        seq: Seq,
        at: String,
    },
    /// Done.
    Done {
        id: Id,
        /// The event of it; null when nothing changed.
        #[schema(required)]
        seq: Option<Seq>,
    },
    /// A sign of life.
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<Id>,
    },
    /// A request was refused.
    Error {
        #[schema(required)]
        id: Option<Id>,
        problem: &'a Problem,
    },
    /// Something happened in a room.
    Event { room: &'a str, event: EventShape<'a> },
    /// Somebody is there who was not.
    Joined { room: &'a str, person: Name<'a> },
    /// Somebody is there no more.
    Left { room: &'a str, person: Name<'a> },
    /// Somebody is writing.
    Typing { room: &'a str, person: Name<'a> },
    /// Something about oneself is to be read anew.
    Changed {
        /// `me`, `rooms`, `invitations` or `sessions`.
        what: &'static str,
    },
    /// One's own read marker moved, by another connection or by HTTP.
    Read { room: &'a str, seq: Seq },
    /// The token ends soon.
    Expiring { at: String },
    /// The server ends the connection.
    Bye {
        /// Whether to come back with the same credential.
        reconnect: bool,
        /// After so many milliseconds.
        after_ms: u64,
        reason: &'a str,
    },
}

/// Who is in a room.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LivePresent)]
pub(crate) struct People<'a> {
    /// How many people.
    count: usize,
    /// At most 200 of them.
    people: Vec<Name<'a>>,
}

impl<'a> People<'a> {
    pub(crate) fn of(found: &'a Found) -> Self {
        Self { count: found.count, people: found.people.iter().map(Name::of).collect() }
    }
}

impl<'a> Told<'a> {
    /// The answer of a room that was found.
    pub(crate) fn subscribed(id: Option<Id>, found: &'a Found) -> Self {
        Self::Subscribed {
            id,
            room: &found.room,
            epoch: found.epoch.0.to_string(),
            seq: found.seq,
            recovered: found.recovered,
            present: People::of(found),
        }
    }

    /// Who is there.
    pub(crate) fn joined(room: &'a str, who: &'a Author) -> Self {
        Self::Joined { room, person: Name::of(who) }
    }

    /// Who is there no more.
    pub(crate) fn left(room: &'a str, who: &'a Author) -> Self {
        Self::Left { room, person: Name::of(who) }
    }

    /// Who is writing.
    pub(crate) fn typing(room: &'a str, who: &'a Author) -> Self {
        Self::Typing { room, person: Name::of(who) }
    }
}
