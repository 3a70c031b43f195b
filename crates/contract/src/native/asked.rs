//! What a query asks for.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::{Kind, Native, Problem};
use crate::desk::Desk;
use crate::refusal::Refusal;

/// A query of shape `T`.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Desk> for Asked<T> {
    type Rejection = Refusal<Native>;

    async fn from_request_parts(head: &mut Parts, _desk: &Desk) -> Result<Self, Refusal<Native>> {
        match Query::try_from_uri(&head.uri) {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(_unreadable) => Err(malformed("The query cannot be read.")),
        }
    }
}

/// What was asked for cannot be read.
pub(super) fn malformed(sentence: &str) -> Refusal<Native> {
    Refusal::of(Problem::new(Kind::Malformed, sentence).response())
}
