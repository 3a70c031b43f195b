//! What stands in a path: a room's name, an account, a message, an emoji.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use parlour_model::{AccountId, RoomName, Seq};
use parlour_service::Error;

use super::Native;
use crate::desk::Desk;
use crate::refusal::Refusal;

/// The room that a path names. What can name no room names none.
pub(super) struct Place(pub(super) RoomName);

/// The account that a path numbers.
pub(super) struct Who(pub(super) AccountId);

/// The message that a path numbers.
pub(super) struct Which(pub(super) Seq);

/// The emoji that a path ends with.
pub(super) struct With(pub(super) String);

/// What stands in the path under a name, percent-decoded.
async fn part(head: &mut Parts, desk: &Desk, key: &str) -> Option<String> {
    let parts = RawPathParams::from_request_parts(head, desk).await.ok()?;
    parts.iter().find(|(name, _)| *name == key).map(|(_, value)| value.to_owned())
}

impl FromRequestParts<Desk> for Place {
    type Rejection = Refusal<Native>;

    async fn from_request_parts(head: &mut Parts, desk: &Desk) -> Result<Self, Refusal<Native>> {
        let name = part(head, desk, "name").await.and_then(|name| RoomName::parse(&name).ok());
        Ok(Self(name.ok_or(Error::UnknownRoom)?))
    }
}

impl FromRequestParts<Desk> for Who {
    type Rejection = Refusal<Native>;

    async fn from_request_parts(head: &mut Parts, desk: &Desk) -> Result<Self, Refusal<Native>> {
        let id = part(head, desk, "id").await.and_then(|id| id.parse().ok());
        Ok(Self(AccountId(id.ok_or(Error::UnknownAccount)?)))
    }
}

impl FromRequestParts<Desk> for Which {
    type Rejection = Refusal<Native>;

    async fn from_request_parts(head: &mut Parts, desk: &Desk) -> Result<Self, Refusal<Native>> {
        let seq = part(head, desk, "seq").await.and_then(|seq| seq.parse().ok());
        Ok(Self(seq.ok_or(Error::UnknownMessage)?))
    }
}

impl FromRequestParts<Desk> for With {
    type Rejection = Refusal<Native>;

    async fn from_request_parts(head: &mut Parts, desk: &Desk) -> Result<Self, Refusal<Native>> {
        Ok(Self(part(head, desk, "emoji").await.unwrap_or_default()))
    }
}
