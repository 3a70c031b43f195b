//! The web client: its files are in the binary, and a page of it costs a browser one small load.
//!
//! Everything it needs lies under `/assets/<digest>/`, where the digest is of all files together: an address
//! never means another text, so that browsers may keep it for ever. What is not in this digest is not there,
//! and a page of an older server loads itself anew. `/parlour.js` and what it imports have addresses without a digest,
//! for front-ends of others.

mod assets;

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use utoipa::IntoResponses;

use crate::asset::send;
use crate::caller::{SESSION_COOKIE, cookie};
use crate::describe::{Routes, Serve, routes};
use crate::reply;
use assets::Shelf;

/// What a page of the client may do: load from here and speak to here, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
                      connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// The library changes with the server, and whoever uses it from elsewhere has no digest of it.
const FOR_MINUTES: &str = "public, max-age=300";
const ASK_AGAIN: &str = "private, no-cache";

/// Filled when the first page is asked for.
static SHELF: LazyLock<Shelf> = LazyLock::new(Shelf::fill);

pub(crate) fn routes() -> Routes {
    let pages = Routes::default()
        .routes(routes!(page))
        .also("/app", get(page))
        .also("/app/", get(page))
        .also("/app/{*path}", get(page));
    let assets = Routes::default().routes(routes!(file)).routes(routes!(file_in_folder));
    pages.and(assets).routes(routes!(library)).routes(routes!(part_of_library))
}

/// The web client.
///
/// Its only page, at `/` and at everything below `/app`.
// Which of its own it shows, it reads from the address. It says whether the browser brought a cookie, which scripts
// cannot see, so that nobody has to be refused to be known as a stranger.
#[utoipa::path(get, path = "/", responses(
    (status = 200, description = "The page.", content_type = "text/html", body = str),
    (status = 304, description = "As the client has it."),
))]
async fn page(headers: HeaderMap) -> Response {
    let page = if cookie(&headers, SESSION_COOKIE).is_some() { &SHELF.page_with_cookie } else { &SHELF.page };
    let mut response = send(page, &headers, ASK_AGAIN);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// A file of the web client.
///
/// The digest is of all files: what stands at such an address never changes.
#[utoipa::path(get, path = "/assets/{digest}/{file}",
    params(("digest" = String, Path, description = "Of all files."), ("file" = String, Path, description = "Its name.")),
    responses(Files))]
async fn file(Path((digest, file)): Path<(String, String)>, headers: HeaderMap) -> Response {
    asset(&digest, &file, &headers)
}

/// A file of the web client, in a folder.
#[utoipa::path(get, path = "/assets/{digest}/{folder}/{file}",
    params(("digest" = String, Path, description = "Of all files."), ("folder" = String, Path, description = "Its folder."),
        ("file" = String, Path, description = "Its name.")),
    responses(Files))]
async fn file_in_folder(Path((digest, folder, file)): Path<(String, String, String)>, headers: HeaderMap) -> Response {
    asset(&digest, &format!("{folder}/{file}"), &headers)
}

fn asset(digest: &str, path: &str, headers: &HeaderMap) -> Response {
    match SHELF.files.get(path) {
        Some(asset) if digest == SHELF.digest => send(asset, headers, FOR_EVER),
        _ => reply::empty(StatusCode::NOT_FOUND),
    }
}

/// The client library.
///
/// An ES module for any front-end, with what it is and does written in it.
#[utoipa::path(get, path = "/parlour.js", responses(Files))]
async fn library(headers: HeaderMap) -> Response {
    shared("parlour.js", &headers)
}

/// A part of the client library, which it imports.
#[utoipa::path(get, path = "/parlour/{file}", params(("file" = String, Path, description = "Its name.")),
    responses(Files))]
async fn part_of_library(Path(file): Path<String>, headers: HeaderMap) -> Response {
    shared(&format!("parlour/{file}"), &headers)
}

/// What becomes of a request for a file.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "read by the description only")]
enum Files {
    /// The file.
    #[response(status = 200, content_type = "text/javascript")]
    There(String),
    /// As the client has it.
    #[response(status = 304)]
    Known,
    /// There is no such file, or it is of another version.
    #[response(status = 404)]
    Gone,
}

/// A file that pages of other origins may import.
fn shared(path: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = SHELF.library.get(path) else { return reply::empty(StatusCode::NOT_FOUND) };
    let mut response = send(asset, headers, FOR_MINUTES);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    response
}
