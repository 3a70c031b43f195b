//! What belongs to no contract: the key set, and whether the server lives and takes work.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::get;
use parlour_model::Contract;
use serde::Serialize;
use serde_json::json;

use crate::actions::Actions;
use crate::cookies::Cookies;
use crate::desk::Desk;
use crate::lobby::Lobby;
use crate::native::Native;
use crate::refusal::Words;
use crate::reply;
use crate::rooms::Rooms;
use crate::territory::contract_of;
use crate::tokens::Tokens;

pub(crate) fn routes() -> Router<Desk> {
    Router::new().route("/.well-known/jwks.json", get(keys)).route("/healthz", get(alive)).route("/readyz", get(ready))
}

/// The public keys (RFC 7517 §5). Others may keep them for as long as a new key is published before it signs.
async fn keys(State(desk): State<Desk>) -> Response {
    let mut response = reply::json(StatusCode::OK, &Keys { keys: desk.app.keyring.keys().public() });
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

#[derive(Serialize)]
struct Keys {
    keys: Vec<parlour_service::secret::keyring::Jwk>,
}

async fn alive() -> Response {
    reply::json(StatusCode::OK, &json!({"status": "ok"}))
}

async fn ready(State(desk): State<Desk>) -> Response {
    if !desk.readiness.get() {
        return not_ready("draining");
    }
    match desk.app.ready().await {
        Ok(()) => reply::json(StatusCode::OK, &json!({"status": "ok"})),
        Err(_) => not_ready("database away"),
    }
}

fn not_ready(why: &str) -> Response {
    let mut response = reply::json(StatusCode::SERVICE_UNAVAILABLE, &json!({"status": why}));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// There is nothing at this path: said in the words of the contract that it lies under.
pub(crate) async fn not_found(uri: Uri) -> Response {
    let (status, sentence) = (StatusCode::NOT_FOUND, "Not found.");
    match contract_of(uri.path()) {
        Some(Contract::Actions) => Actions::no_such_route(status, sentence),
        Some(Contract::Rooms) => Rooms::no_such_route(status, sentence),
        Some(Contract::Tokens) => Tokens::no_such_route(status, sentence),
        Some(Contract::Lobby) => Lobby::no_such_route(status, sentence),
        Some(Contract::Native) => Native::no_such_route(status, sentence),
        Some(Contract::Cookies | Contract::Console) | None => Cookies::no_such_route(status, sentence),
    }
}
