//! What belongs to no contract: the key set, and whether the server lives and takes work.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use parlour_model::Contract;
use serde::Serialize;
use utoipa::ToSchema;

use crate::actions::Actions;
use crate::cookies::Cookies;
use crate::describe::{Routes, routes};
use crate::desk::Desk;
use crate::lobby::Lobby;
use crate::native::Native;
use crate::refusal::Words;
use crate::reply;
use crate::rooms::Rooms;
use crate::territory::contract_of;
use crate::tokens::Tokens;

pub(crate) fn routes() -> Routes {
    Routes::default().routes(routes!(keys)).routes(routes!(alive)).routes(routes!(ready))
}

/// The public keys that tokens are checked with (RFC 7517 §5).
///
/// Others may keep them for five minutes: a new key is published for longer than that before it signs.
#[utoipa::path(get, path = "/.well-known/jwks.json",
    responses((status = 200, description = "The key set.", body = Keys)))]
async fn keys(State(desk): State<Desk>) -> Response {
    let mut response = reply::json(StatusCode::OK, &Keys { keys: desk.app.keyring.keys().public() });
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

#[derive(Serialize, ToSchema)]
struct Keys {
    #[schema(value_type = Vec<Object>)]
    keys: Vec<parlour_service::secret::keyring::Jwk>,
}

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", responses((status = 200, description = "It lives.", body = Condition)))]
async fn alive() -> Response {
    reply::json(StatusCode::OK, &Condition { status: "ok", bus: None })
}

/// Whether the server takes work.
#[utoipa::path(get, path = "/readyz", responses(
    (status = 200, description = "It does.", body = Condition),
    (status = 503, description = "It starts or drains, or its database is away.", body = Condition),
))]
async fn ready(State(desk): State<Desk>) -> Response {
    if let Some(why) = desk.readiness.refusal() {
        return not_ready(why);
    }
    match desk.app.ready().await {
        Ok(()) => {
            let bus = desk.app.is_bus_away().then_some("away");
            reply::json(StatusCode::OK, &Condition { status: "ok", bus })
        }
        Err(_) => not_ready("database away"),
    }
}

fn not_ready(why: &str) -> Response {
    let mut response = reply::json(StatusCode::SERVICE_UNAVAILABLE, &Condition { status: why, bus: None });
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// How the server is.
#[derive(Serialize, ToSchema)]
struct Condition<'a> {
    #[schema(examples("ok"))]
    status: &'a str,
    /// `away` when other servers of the cluster are heard only through the database, which takes a moment longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    bus: Option<&'a str>,
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
