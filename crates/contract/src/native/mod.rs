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

/// The group of routes that a path belongs to, for whoever reads their description.
pub(crate) fn tag_of(path: &str) -> &'static str {
    let mut parts = path.trim_start_matches("/api/v2/").split('/');
    match (parts.next().unwrap_or_default(), parts.nth(1)) {
        ("sessions", _) => "native/sessions",
        ("admin", _) => "native/admin",
        ("live", _) | ("rooms", Some("stream")) => "native/live",
        ("search", _) | ("rooms", Some("messages" | "events" | "read")) => "native/messages",
        ("rooms" | "invitations", _) => "native/rooms",
        ("openapi.json" | "asyncapi.json", _) => "native/specifications",
        _ => "native/accounts",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_area_has_its_group() {
        for (path, tag) in [
            ("/api/v2/me/password", "native/accounts"),
            ("/api/v2/sessions/{id}", "native/sessions"),
            ("/api/v2/rooms/{name}", "native/rooms"),
            ("/api/v2/rooms/{name}/messages/{seq}", "native/messages"),
            ("/api/v2/rooms/{name}/stream", "native/live"),
            ("/api/v2/admin/rooms", "native/admin"),
        ] {
            assert_eq!(tag_of(path), tag, "{path}");
        }
    }
}
