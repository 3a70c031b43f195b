//! Answers that are the same for everybody as long as the server runs, with an `ETag` (RFC 9110 §8.8.3).

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;

use crate::etag;
use crate::reply;

/// A text that does not change.
pub(crate) struct Fixed {
    content_type: &'static str,
    bytes: Bytes,
    tag: HeaderValue,
}

impl Fixed {
    /// A text of a type.
    pub(crate) fn new(content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self { content_type, tag: etag::tag(&bytes), bytes }
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// It, or 304 for whoever has it.
    pub(crate) fn answer(&self, request: &HeaderMap) -> Response {
        let mut response = if etag::has(request, &self.tag) {
            reply::empty(StatusCode::NOT_MODIFIED)
        } else {
            let mut response = Response::new(Body::from(self.bytes.clone()));
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(self.bytes.len()));
            response
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.tag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_it_is_told_so() {
        let text = Fixed::new("text/plain", "hello");
        let mut request = HeaderMap::new();
        assert_eq!(text.answer(&request).status(), StatusCode::OK);
        for known in ["\"other\", ".to_owned() + text.tag.to_str().expect("ASCII"), "*".to_owned()] {
            request.insert(header::IF_NONE_MATCH, known.parse().expect("a header value"));
            let answer = text.answer(&request);
            assert_eq!((answer.status(), &answer.headers()[header::ETAG]), (StatusCode::NOT_MODIFIED, &text.tag));
        }
        request.insert(header::IF_NONE_MATCH, "\"other\"".parse().expect("a header value"));
        assert_eq!(text.answer(&request).status(), StatusCode::OK);
    }
}
