//! Answers: JSON in an envelope, nothing else.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use crate::headers::usual;

/// Enough for most answers, so that their text is not moved while it is written.
const USUAL_BYTES: usize = 512;

/// `body` as JSON under `status`.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    match serde_json::to_writer(&mut bytes, body) {
        Ok(()) => whole(status, bytes),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// A page.
pub(crate) fn html(status: StatusCode, page: String) -> Response {
    with_type(status, "text/html; charset=utf-8", page.into_bytes())
}

/// A style sheet.
pub(crate) fn css(sheet: &'static str) -> Response {
    with_type(StatusCode::OK, "text/css; charset=utf-8", sheet.into())
}

/// A picture.
pub(crate) fn png(picture: Vec<u8>) -> Response {
    with_type(StatusCode::OK, "image/png", picture)
}

/// A drawing.
pub(crate) fn svg(drawing: &'static str) -> Response {
    with_type(StatusCode::OK, "image/svg+xml", drawing.into())
}

/// No content.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn with_type(status: StatusCode, content_type: &'static str, bytes: Vec<u8>) -> Response {
    let mut response = whole(status, bytes);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A JSON text that is there already.
pub(crate) fn whole(status: StatusCode, bytes: Vec<u8>) -> Response {
    let headers = usual(bytes.len());
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
