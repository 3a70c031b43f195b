//! The descriptions of this server for programs.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::Native;
use crate::asset::{ASK_AGAIN, send};
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;

pub(super) fn routes() -> Routes {
    Routes::default().serve::<Native>(routes!(openapi)).serve::<Native>(routes!(asyncapi))
}

/// This document.
///
/// OpenAPI 3.1 of every HTTP route of this server. It has an `ETag`, and changes only with the server's version.
#[utoipa::path(get, path = "/api/v2/openapi.json", security(()), responses(
    (status = 200, description = "The document.", content_type = "application/json", body = Object),
    (status = 304),
))]
async fn openapi(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    send((desk.descriptions.openapi)(), &headers, ASK_AGAIN)
}

/// The sockets.
///
/// AsyncAPI 3 of every WebSocket of this server. It has an `ETag`, and changes only with the server's version.
#[utoipa::path(get, path = "/api/v2/asyncapi.json", security(()), responses(
    (status = 200, description = "The document.", content_type = "application/json", body = Object),
    (status = 304),
))]
async fn asyncapi(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    send((desk.descriptions.asyncapi)(), &headers, ASK_AGAIN)
}
