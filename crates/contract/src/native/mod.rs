//! `native`: everything the five published contracts leave out, in today's conventions, below `/api/v2`.
//!
//! `contracts/native/spec.md` is its text. A file is an area of it: routes, handlers in route order, shapes last. An
//! error is a problem of RFC 9457 (`problem`), whichever area it comes from.

mod accounts;
mod admin;
mod asked;
mod avatars;
pub(crate) mod event;
mod export;
mod invitations;
pub(crate) mod kinds;
mod limits;
mod live;
mod me;
mod member;
mod members;
mod messages;
mod once;
mod own_account;
mod paging;
mod person;
mod place;
mod problem;
mod rooms;
mod search;
mod secrets;
mod sessions;
mod specification;
mod stream;

pub(crate) use limits::count;
pub(crate) use live::channel;
pub(crate) use problem::{Kind, Native, Problem};

use axum::response::Response;

use crate::describe::{Routes, Serve};
use crate::etag;

/// A page of somebody else's that uses our cookies.
pub(crate) fn foreign() -> Response {
    Problem::new(Kind::ForeignOrigin, "A page of another origin may not use this login.").response()
}

pub(crate) fn routes() -> Routes {
    Routes::default()
        .and(accounts::routes())
        .and(admin::routes())
        .and(avatars::routes())
        .and(export::routes())
        .and(me::routes())
        .and(secrets::routes())
        .and(sessions::routes())
        .and(live::routes())
        .and(stream::routes())
        .and(rooms::routes())
        .and(members::routes())
        .and(invitations::routes())
        .and(messages::routes())
        .and(search::routes())
        .and(specification::routes())
}
