//! What a client says on the live socket.

use std::borrow::Cow;

use parlour_model::Seq;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::native::{Kind, Problem};

/// The most characters of an id that is a text.
const MOST_ID_CHARACTERS: usize = 128;

/// The client's own name for a request, a number or a text: its answer bears it, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Id(Value);

impl PartialSchema for Id {
    fn schema() -> RefOr<Schema> {
        let either = SchemaType::from_iter([Type::Number, Type::String]);
        let described = "The client's own name for a request; a text has at most 128 characters.";
        ObjectBuilder::new().schema_type(either).description(Some(described)).into()
    }
}

impl ToSchema for Id {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("RequestId")
    }
}

/// A request. Any may have an `id`; what has none is answered only if it is refused.
#[derive(Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = LiveRequest)]
pub(crate) enum Said {
    /// Says who one is, or asks for it.
    Hello {
        /// An access token.
        token: Option<String>,
    },
    /// From now on, or after `since`, what happens in a room is told.
    Subscribe {
        /// The room's name.
        room: String,
        /// What one has.
        since: Option<Since>,
    },
    /// No more of a room.
    Unsubscribe {
        /// The room's name.
        room: String,
    },
    /// Writes a message. It is answered when it is durable.
    Post {
        /// The room's name.
        room: String,
        /// The text.
        text: String,
        /// One's own name for the message: the same key again is the same message.
        key: String,
        /// The message that it answers.
        reply_to: Option<Seq>,
    },
    /// Gives a message of one's own another text.
    Edit {
        /// The room's name.
        room: String,
        /// The message.
        seq: Seq,
        /// What it is to read.
        text: String,
    },
    /// Takes a message away.
    Delete {
        /// The room's name.
        room: String,
        /// The message.
        seq: Seq,
    },
    /// Reacts to a message.
    React {
        /// The room's name.
        room: String,
        /// The message.
        seq: Seq,
        /// 1 to 16 code points.
        emoji: String,
    },
    /// Takes a reaction back.
    Unreact {
        /// The room's name.
        room: String,
        /// The message.
        seq: Seq,
        /// The emoji.
        emoji: String,
    },
    /// One is writing: the others in the room are told.
    Typing {
        /// The room's name.
        room: String,
    },
    /// One has read so far.
    Read {
        /// The room's name.
        room: String,
        /// The last event that was read.
        seq: Seq,
    },
    /// Renews the credential without reconnecting.
    Token {
        /// An access token of the same account.
        access_token: String,
    },
    /// Asks for a sign of life.
    Ping,
}

/// What a client has of a room's log.
#[derive(Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = LiveSince)]
pub(crate) struct Since {
    /// Which life of the log.
    pub(crate) epoch: String,
    /// The last event.
    pub(crate) seq: Seq,
}

/// Every type of request.
const TYPES: [&str; 12] = [
    "hello",
    "subscribe",
    "unsubscribe",
    "post",
    "edit",
    "delete",
    "react",
    "unreact",
    "typing",
    "read",
    "token",
    "ping",
];

/// A request with its id, or what is wrong with it.
pub(super) fn read(text: &str) -> (Option<Id>, Result<Said, Problem>) {
    let Ok(mut fields) = serde_json::from_str::<Map<String, Value>>(text) else {
        return (None, Err(malformed("A frame is one JSON object.")));
    };
    let id = match fields.remove("id") {
        None | Some(Value::Null) => None,
        Some(id @ Value::Number(_)) => Some(Id(id)),
        Some(Value::String(text)) if text.chars().count() <= MOST_ID_CHARACTERS => Some(Id(text.into())),
        Some(_) => return (None, Err(malformed("An `id` is a number, or a text of at most 128 characters."))),
    };
    (id, Said::of(fields))
}

impl Said {
    fn of(fields: Map<String, Value>) -> Result<Self, Problem> {
        match fields.get("type").map(Value::as_str) {
            Some(Some(kind)) if TYPES.contains(&kind) => {}
            Some(Some(_)) => return Err(malformed("There is no request of this type.")),
            Some(None) | None => return Err(malformed("A frame has a `type`, which is a text.")),
        }
        Self::deserialize(Value::Object(fields)).map_err(|_| malformed("A field is missing or has the wrong type."))
    }
}

fn malformed(detail: &str) -> Problem {
    Problem::new(Kind::Malformed, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(text: &str) -> bool {
        read(text).1.is_err()
    }

    #[test]
    fn requests_are_read_with_their_ids() {
        assert_eq!(read("{\"type\":\"ping\"}").1.ok(), Some(Said::Ping));
        let (id, said) = read("{\"type\":\"subscribe\",\"id\":\"a\",\"room\":\"tea\",\"unknown\":1}");
        assert_eq!(id, Some(Id("a".into())));
        assert_eq!(said.ok(), Some(Said::Subscribe { room: "tea".to_owned(), since: None }));
        let (id, said) = read("{\"type\":\"post\",\"id\":7,\"room\":\"tea\"}");
        assert_eq!((id, said.is_err()), (Some(Id(7.into())), true), "the refusal bears the id");
        assert_eq!(read("{\"type\":\"ping\",\"id\":null}").0, None);
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for text in ["", "[]", "7", "{}", "{\"type\":1}", "{\"type\":\"dance\"}", "{\"type\":\"ping\",\"id\":[]}", "{"]
        {
            assert!(is_refused(text), "{text}");
        }
        let long = format!("{{\"type\":\"ping\",\"id\":\"{}\"}}", "x".repeat(129));
        assert!(is_refused(&long));
        assert!(is_refused("{\"type\":\"read\",\"room\":\"tea\",\"seq\":\"7\"}"));
    }

    #[test]
    fn every_type_is_known_by_its_name() {
        let fields = "\"room\":\"a\",\"text\":\"b\",\"key\":\"c\",\"seq\":1,\"emoji\":\"d\",\"access_token\":\"e\"";
        for kind in TYPES {
            assert!(!is_refused(&format!("{{\"type\":\"{kind}\",{fields}}}")), "{kind}");
        }
    }
}
