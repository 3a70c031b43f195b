//! The descriptions of this server for programs.

use axum::http::HeaderMap;
use axum::response::Response;

use super::Native;
use crate::asset::{ASK_AGAIN, send};
use crate::describe::sockets::sockets;
use crate::describe::{Routes, Serve, document, routes};

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
async fn openapi(headers: HeaderMap) -> Response {
    send(document(), &headers, ASK_AGAIN)
}

/// The sockets.
///
/// AsyncAPI 3 of every WebSocket of this server. It has an `ETag`, and changes only with the server's version.
#[utoipa::path(get, path = "/api/v2/asyncapi.json", security(()), responses(
    (status = 200, description = "The document.", content_type = "application/json", body = Object),
    (status = 304),
))]
async fn asyncapi(headers: HeaderMap) -> Response {
    send(sockets(), &headers, ASK_AGAIN)
}
