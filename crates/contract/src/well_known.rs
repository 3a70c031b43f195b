//! What belongs to no contract: the key set, and whether the server lives and takes work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;
use serde_json::json;

use crate::desk::Desk;
use crate::reply;

pub(crate) fn routes() -> Router<Desk> {
    Router::new().route("/.well-known/jwks.json", get(keys)).route("/healthz", get(alive)).route("/readyz", get(ready))
}

/// Whether the server takes work. The server sets it; a load balancer asks for it.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// Says from now on whether work is taken.
    pub fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Release);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
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
        return reply::json(StatusCode::SERVICE_UNAVAILABLE, &json!({"status": "draining"}));
    }
    match desk.app.ready().await {
        Ok(()) => reply::json(StatusCode::OK, &json!({"status": "ok"})),
        Err(_) => reply::json(StatusCode::SERVICE_UNAVAILABLE, &json!({"status": "database away"})),
    }
}

/// There is nothing at this path, in any contract.
pub(crate) async fn not_found() -> Response {
    reply::json(StatusCode::NOT_FOUND, &json!({"detail": "Not found."}))
}
