//! What each kind of problem means, for whoever follows its `type` to `/docs`.

use serde_json::{Value, json};

use super::Kind;

impl Kind {
    /// Every kind, in the order of their statuses.
    const ALL: [Self; 22] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::BadCredentials,
        Self::Forbidden,
        Self::Banned,
        Self::Muted,
        Self::ForeignOrigin,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Taken,
        Self::Conflict,
        Self::LastOwner,
        Self::Gone,
        Self::TooLong,
        Self::UnsupportedMediaType,
        Self::Invalid,
        Self::UpgradeRequired,
        Self::Throttled,
        Self::SlowMode,
        Self::TooManyConnections,
        Self::Internal,
        Self::Busy,
    ];

    /// When it comes, and what to do then.
    const fn when(self) -> &'static str {
        match self {
            Self::Malformed => {
                "The body is no JSON object, a field is missing or of the wrong type, or a query cannot be read. \
                 Sending the same again brings the same answer."
            }
            Self::Unauthenticated => {
                "There is no credential, or one that is bad, has expired or belongs to a session that was ended. Refresh \
                 the token, or log in."
            }
            Self::BadCredentials => "The account is unknown or its password another; the answer is alike for both.",
            Self::Forbidden => {
                "The caller is known, but may not do this: it is for an owner, a moderator or an administrator."
            }
            Self::Banned => "The room's moderators keep the caller out of it.",
            Self::Muted => "The caller may read the room, but not write in it; `until` says until when.",
            Self::ForeignOrigin => {
                "A page of another origin used a cookie to change something. The operator's settings name the origins that may."
            }
            Self::NotFound => "There is no such thing, or none that the caller may know of.",
            Self::MethodNotAllowed => "There is such a path, but not with this method.",
            Self::Taken => {
                "The username, the e-mail address or the name of the room belongs to somebody else; `violations` says which."
            }
            Self::Conflict => {
                "It contradicts what is. Where an idempotency key was sent: it came with another request before, or the \
                 first one is still under way."
            }
            Self::LastOwner => "A room must keep an owner: make somebody else one first.",
            Self::Gone => "A link or a secret was used up, has expired, or something newer took its place.",
            Self::TooLong => "A body or a text is over its limit.",
            Self::UnsupportedMediaType => "The body is not `application/json`, or no image that is read here.",
            Self::UpgradeRequired => "This is a WebSocket, and the request did not ask for one.",
            Self::Invalid => {
                "Fields break the rules; `violations` names each, with its rule and a sentence for a person."
            }
            Self::Throttled => "It was asked too often. `Retry-After` says how many seconds to wait.",
            Self::SlowMode => {
                "The room lets everybody write once in so many seconds. `Retry-After` says how many are left."
            }
            Self::TooManyConnections => {
                "There are too many connections of this account, this source, or in all. Close one."
            }
            Self::Internal => "A fault of the server. It was written down.",
            Self::Busy => {
                "More has come than fits, or the database is away. The same request may be sent again after `Retry-After`."
            }
        }
    }
}

/// All kinds as the description lists them.
pub(crate) fn described() -> Value {
    let one = |kind: Kind| {
        let (word, status, title) = kind.words();
        json!({"word": word, "status": status.as_u16(), "title": title, "when": kind.when()})
    };
    Kind::ALL.into_iter().map(one).collect()
}
