//! The server itself: how much there is, and the keys that sign.

use axum::extract::State;
use axum::http::StatusCode;
use parlour_service::administer::ListedKey;
use serde::Serialize;
use utoipa::ToSchema;

use super::Admin;
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::live::microseconds;
use crate::native::Native;
use crate::refusal::Answer;
use crate::reply;
use crate::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::default().serve::<Native>(routes!(statistics)).serve::<Native>(routes!(keys, rotate))
}

/// How much there is and how much moves.
#[utoipa::path(get, path = "/api/v2/admin/statistics", responses((status = 200, body = Statistics), (status = 403)))]
async fn statistics(State(desk): State<Desk>, Admin(_): Admin) -> Answer<Native> {
    let statistics = desk.app.statistics().await?;
    let (sums, counts) = (statistics.sums, statistics.counts);
    let body = Statistics {
        accounts: sums.accounts,
        sessions: sums.sessions,
        rooms: sums.rooms,
        messages: sums.events,
        connections: counts.connections,
        seats: counts.seats,
        active_rooms: counts.rooms,
        delivered: counts.delivered,
        mail_waiting: sums.mails,
        uptime: statistics.uptime.as_secs(),
        version: env!("CARGO_PKG_VERSION"),
    };
    Ok(reply::json(StatusCode::OK, &body))
}

/// The keys that sign access tokens, without their secrets.
#[utoipa::path(get, path = "/api/v2/admin/keys", responses((status = 200, body = Keys), (status = 403)))]
async fn keys(State(desk): State<Desk>, Admin(_): Admin) -> Answer<Native> {
    let items = desk.app.list_keys().await?.into_iter().map(Key::of).collect();
    Ok(reply::json(StatusCode::OK, &Keys { items }))
}

/// Makes a new key. It is published at once, and signs when everybody has had time to learn of it.
#[utoipa::path(post, path = "/api/v2/admin/keys", responses((status = 201, body = Key), (status = 403)))]
async fn rotate(State(desk): State<Desk>, Visitor(client): Visitor, Admin(admin): Admin) -> Answer<Native> {
    let made = desk.app.rotate_keys_by(&admin, &client).await?;
    Ok(reply::json(StatusCode::CREATED, &Key::of(made)))
}

/// How much there is and how much moves.
#[derive(Serialize, ToSchema)]
struct Statistics {
    accounts: i64,
    /// Logins that were not ended; some may have expired since.
    sessions: i64,
    rooms: i64,
    /// Events that were ever written into these rooms: the sum of how far their logs have come.
    messages: i64,
    /// Open sockets of this node.
    connections: usize,
    /// Seats in rooms.
    seats: usize,
    /// Rooms that somebody sits in.
    active_rooms: usize,
    /// Events given to seats since the start.
    delivered: u64,
    mail_waiting: i64,
    /// Seconds since the start.
    uptime: u64,
    version: &'static str,
}

/// Signing keys.
#[derive(Serialize, ToSchema)]
#[schema(as = SigningKeys)]
struct Keys {
    items: Vec<Key>,
}

/// A signing key without its secrets.
#[derive(Serialize, ToSchema)]
#[schema(as = SigningKey)]
struct Key {
    kid: String,
    algorithm: String,
    active_from: String,
    /// Until when it is published; `null` while no newer one takes its place.
    #[schema(required)]
    expires_at: Option<String>,
    signs_now: bool,
}

impl Key {
    fn of(key: ListedKey) -> Self {
        Self {
            kid: key.kid,
            algorithm: key.algorithm,
            active_from: microseconds(key.active_from),
            expires_at: key.expires_at.map(microseconds),
            signs_now: key.signs_now,
        }
    }
}
