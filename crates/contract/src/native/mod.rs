//! `native`: everything the five published contracts leave out, in today's conventions, below `/api/v2`.
//!
//! `contracts/native/spec.md` is its text. A file is an area of it: routes, handlers in route order, shapes last. An
//! error is a problem of RFC 9457 (`problem`), whichever area it comes from.

mod accounts;
mod etag;
mod me;
mod member;
mod person;
mod problem;
mod sessions;
mod slashes;

pub(crate) use problem::{Kind, Native, Problem};

use axum::Router;
use axum::response::Response;

use crate::desk::Desk;

/// A page of somebody else's that uses our cookies.
pub(crate) fn foreign() -> Response {
    Problem::new(Kind::ForeignOrigin, "A page of another origin may not use this login.").response()
}

pub(crate) fn routes() -> Router<Desk> {
    Router::new().merge(accounts::routes()).merge(me::routes()).merge(sessions::routes())
}
