//! Answers that are not sent twice (RFC 9110 §8.8.3, §13.1.2).

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use parlour_service::secret::digest;
use serde::Serialize;

use crate::reply;

/// `body` as JSON with its tag, or 304 when the client has it. The tag is weak: it says that nothing has changed, not
/// that the bytes are the same, and it outlives a restart.
pub(crate) fn tagged(asked: &HeaderMap, body: &impl Serialize) -> Response {
    let bytes = match serde_json::to_vec(body) {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            return reply::empty(StatusCode::INTERNAL_SERVER_ERROR);
        }
    };
    let tag = tag(&bytes);
    let mut response =
        if has(asked, &tag) { reply::empty(StatusCode::NOT_MODIFIED) } else { reply::whole(StatusCode::OK, bytes) };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag);
    // To be asked for again each time, and by nobody else.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// The tag of these bytes.
pub(crate) fn tag(bytes: &[u8]) -> HeaderValue {
    // 96 bits: two states of one thing never share a tag.
    let short = digest(bytes).iter().take(12).fold(0, |sum: u128, byte| sum << 8 | u128::from(*byte));
    HeaderValue::try_from(format!("W/\"{short:024x}\"")).expect("hex digits are a header value")
}

/// Whether the client says that it has what bears this tag (`If-None-Match`, compared weakly).
pub(crate) fn has(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let opaque = |text: &str| text.trim().trim_start_matches("W/").to_owned();
    let tag = tag.to_str().map(opaque).unwrap_or_default();
    let lines = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|one| one.trim() == "*" || opaque(one) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_client_has_is_known_by_its_tag() {
        let tag = tag(b"one");
        let asks = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, text.parse().expect("a header value"));
            has(&headers, &tag)
        };
        let text = tag.to_str().expect("text");
        assert!(asks(text) && asks("*") && asks(&format!("\"x\", {text}")) && asks(text.trim_start_matches("W/")));
        assert!(!asks("\"x\"") && !asks("") && !has(&HeaderMap::new(), &tag));
    }
}
