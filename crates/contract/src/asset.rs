//! Texts that are the same for everybody as long as the server runs: with an `ETag`, and deflated when first sent so.

use std::io::Write as _;
use std::sync::OnceLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::etag;
use crate::reply;

/// For what changes with the server's version only, at an address that does not.
pub(crate) const ASK_AGAIN: &str = "no-cache";

/// A text as it is sent.
pub(crate) struct Asset {
    content_type: &'static str,
    tag: HeaderValue,
    pub(crate) whole: Bytes,
    small: OnceLock<Bytes>,
}

impl Asset {
    /// A text of a type.
    pub(crate) fn new(content_type: &'static str, whole: impl Into<Bytes>) -> Self {
        let whole = whole.into();
        Self { content_type, tag: etag::tag(&whole), whole, small: OnceLock::new() }
    }

    /// Its bytes as gzip (RFC 1952), made once.
    pub(crate) fn small(&self) -> Bytes {
        self.small.get_or_init(|| gzip(&self.whole)).clone()
    }
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Memory takes every write.
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.map(Bytes::from).unwrap_or_default()
}

/// An asset as the client can take it: not at all if it has it, and small if it inflates.
pub(crate) fn send(asset: &Asset, asked: &HeaderMap, caching: &'static str) -> Response {
    let fresh = etag::has(asked, &asset.tag);
    let small = !fresh && takes_gzip(asked);
    let mut response = match (fresh, small) {
        (true, _) => reply::empty(StatusCode::NOT_MODIFIED),
        (false, true) => Response::new(Body::from(asset.small())),
        (false, false) => Response::new(Body::from(asset.whole.clone())),
    };
    let headers = response.headers_mut();
    if !fresh {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    }
    if small {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(header::ETAG, asset.tag.clone());
    response
}

/// Whether `gzip` is among the codings that the client takes (RFC 9110 §12.5.3), and is not refused by a weight of zero.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let Some(accepted) = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()) else {
        return false;
    };
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

    #[test]
    fn whoever_has_it_is_told_so() {
        let text = Asset::new("text/plain", "hello");
        let mut asked = HeaderMap::new();
        assert_eq!(send(&text, &asked, ASK_AGAIN).status(), StatusCode::OK);
        asked.insert(header::IF_NONE_MATCH, text.tag.clone());
        let answer = send(&text, &asked, ASK_AGAIN);
        assert_eq!((answer.status(), &answer.headers()[header::ETAG]), (StatusCode::NOT_MODIFIED, &text.tag));
        assert!(!answer.headers().contains_key(header::CONTENT_TYPE));
    }
}
