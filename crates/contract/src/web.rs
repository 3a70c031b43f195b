//! The web client: its files are in the binary, and a page of it costs a browser one small load.
//!
//! Everything it needs lies under `/assets/<digest>/`, where the digest is of all files together: an address
//! never means another text, so that browsers may keep it for ever. What is not in this digest is not there,
//! and a page of an older server loads itself anew. `/parlour.js` and what it imports have addresses without a digest,
//! for front-ends of others.

mod assets;

use std::sync::LazyLock;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;

use crate::caller::cookie;
use crate::desk::Desk;
use crate::reply;
use assets::{Asset, Shelf};

/// What a page of the client may do: load from here and speak to here, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
                      connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// The library changes with the server, and whoever uses it from elsewhere has no digest of it.
const FOR_MINUTES: &str = "public, max-age=300";

/// Built when the first page is asked for.
static SHELF: LazyLock<Shelf> = LazyLock::new(Shelf::fill);

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/", get(page))
        .route("/app", get(page))
        .route("/app/{*path}", get(page))
        .route("/assets/{digest}/{*path}", get(asset))
        .route("/parlour.js", get(async |headers: HeaderMap| library("parlour.js", &headers)))
        .route("/parlour/{name}", get(async |Path(name): Path<String>, headers: HeaderMap| {
            library(&format!("parlour/{name}"), &headers)
        }))
}

/// The client's only page: which of its own it shows, it reads from the address. It says whether the browser brought
/// a cookie, which scripts cannot see, so that nobody has to be refused to be known as a stranger.
async fn page(headers: HeaderMap) -> Response {
    let shelf = &*SHELF;
    let page = if cookie(&headers).is_some() { &shelf.page_with_cookie } else { &shelf.page };
    let mut response = send(page, &headers, "no-cache");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.append(header::VARY, HeaderValue::from_static("Cookie"));
    response
}

async fn asset(Path((digest, path)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let shelf = &*SHELF;
    match shelf.files.get(path.as_str()) {
        Some(asset) if digest == shelf.digest => send(asset, &headers, FOR_EVER),
        _ => reply::empty(StatusCode::NOT_FOUND),
    }
}

/// A file of the library, which pages of other origins may import.
fn library(path: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = SHELF.files.get(path) else { return reply::empty(StatusCode::NOT_FOUND) };
    let mut response = send(asset, headers, FOR_MINUTES);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    response
}

/// An asset as the client can take it: not at all if it has it, and small if it inflates.
fn send(asset: &'static Asset, asked: &HeaderMap, caching: &'static str) -> Response {
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let fresh = known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == asset.tag));
    let small = takes_gzip(asked);
    let mut response = Response::new(match (fresh, small) {
        (true, _) => Body::empty(),
        (false, true) => Body::from(Bytes::from_static(asset.small())),
        (false, false) => Body::from(Bytes::from_static(asset.bytes())),
    });
    if fresh {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if small && !fresh {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    // Weak, because the same text goes out in two shapes.
    if let Ok(tag) = HeaderValue::from_str(&format!("W/{}", asset.tag)) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// Whether `gzip` is among the codings that the client takes (RFC 9110 §12.5.3), and is not refused by a weight of zero.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let Some(accepted) = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()) else { return false };
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        named && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_only_to_who_takes_it() {
        let takes = |value: &'static str| {
            takes_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]))
        };
        assert!(takes("gzip") && takes("br, GZIP;q=0.5") && takes("deflate,gzip"));
        assert!(!takes("br") && !takes("gzip;q=0") && !takes("") && !takes_gzip(&HeaderMap::new()));
    }
}
