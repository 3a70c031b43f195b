//! The headers that every answer has.

use std::sync::LazyLock;

use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue};

use crate::settings::ContractSettings;

/// What every answer has that its handler did not set otherwise (OWASP HTTP Headers cheat sheet).
const ALWAYS: [(HeaderName, HeaderValue); 6] = [
    (MARK, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // Pages ask for `same-origin`: under `no-referrer` a browser hides even our own origin from our own forms.
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    // A page that we open, or that opens us, gets no hold of our window.
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    // Pages bring their own policy; what is no page may be framed, run and fetched from by nobody.
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    // Almost everything here is about one person; what is not says so itself.
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Of those the one that no handler sets: where it is, all are.
const MARK: HeaderName = header::X_CONTENT_TYPE_OPTIONS;

/// The head of an answer of ours. Copying it costs a fraction of looking up a place for each header.
static USUAL: LazyLock<HeaderMap> = LazyLock::new(|| {
    let of_the_body =
        [(header::CONTENT_TYPE, HeaderValue::from_static("application/json")), (header::CONTENT_LENGTH, 0.into())];
    of_the_body.into_iter().chain(ALWAYS).collect()
});

/// What an answer of ours starts with, for a body of `length` bytes that is JSON unless its `content-type` is changed.
pub(crate) fn usual(length: usize) -> HeaderMap {
    let mut headers = USUAL.clone();
    let length = HeaderValue::try_from(length.to_string()).expect("digits are a header value");
    headers.insert(header::CONTENT_LENGTH, length);
    headers
}

/// Puts on what every answer has. What a handler has set stays.
pub(crate) fn secure(headers: &mut HeaderMap, settings: &ContractSettings) {
    if !headers.contains_key(MARK) {
        for (name, value) in ALWAYS {
            headers.entry(name).or_insert(value);
        }
    }
    if settings.is_https() {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secured(mut headers: HeaderMap) -> HeaderMap {
        secure(&mut headers, &ContractSettings { public_url: "https://chat.example".to_owned(), ..Default::default() });
        headers
    }

    #[test]
    fn an_answer_is_as_secure_wherever_it_starts() {
        let mut ours = secured(usual(5));
        assert_eq!(ours.remove(header::CONTENT_TYPE), Some(HeaderValue::from_static("application/json")));
        assert_eq!(ours.remove(header::CONTENT_LENGTH), Some(HeaderValue::from_static("5")));
        assert_eq!(ours, secured(HeaderMap::new()));
        assert_eq!(ours.len(), ALWAYS.len() + 1);
    }

    #[test]
    fn what_a_handler_set_stays() {
        for mut headers in [usual(0), HeaderMap::new()] {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public"));
            assert_eq!(secured(headers)[header::CACHE_CONTROL], "public");
        }
    }
}
