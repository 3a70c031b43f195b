//! Which pages may speak with a visitor's cookie.
//!
//! A browser says where a page is from: `Sec-Fetch-Site` (Fetch Metadata) and `Origin` (RFC 6454). An origin is
//! foreign when it is neither the request's own host nor one that the operator named. A client that says
//! nothing is no browser, and nobody else's cookies are in it.

use axum::http::{HeaderMap, header};

/// Whether the request comes from a page that may not use this server's cookies.
pub(crate) fn is_foreign(headers: &HeaderMap, allowed: &[String]) -> bool {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    match text(header::ORIGIN.as_str()) {
        Some(origin) => !(is_allowed(origin, allowed) || is_own(origin, text(header::HOST.as_str()))),
        // An unreadable origin is nobody's own.
        None if headers.contains_key(header::ORIGIN) => true,
        None => matches!(text("sec-fetch-site"), Some("cross-site" | "same-site")),
    }
}

/// Whether the operator named this origin.
pub(crate) fn is_allowed(origin: &str, allowed: &[String]) -> bool {
    allowed.iter().any(|one| one.trim_end_matches('/').eq_ignore_ascii_case(origin))
}

/// Whether a page of this origin was served under the host that the request names. The scheme is not compared:
/// behind a proxy the server does not see it.
fn is_own(origin: &str, host: Option<&str>) -> bool {
    let (Some((scheme, authority)), Some(host)) = (origin.split_once("://"), host) else { return false };
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let bare = |text: &str| text.strip_suffix(default_port).unwrap_or(text).to_ascii_lowercase();
    bare(authority) == bare(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(given: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.insert(*name, value.parse().expect("a header value"));
        }
        is_foreign(&headers, &["https://app.example".to_owned()])
    }

    #[test]
    fn a_page_of_this_host_is_no_stranger() {
        assert!(!foreign(&[("host", "127.0.0.1:8080")]));
        assert!(!foreign(&[("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")]));
        assert!(!foreign(&[("host", "chat.example"), ("origin", "https://chat.example:443")]));
        assert!(!foreign(&[("host", "chat.example"), ("origin", "https://app.example")]));
        assert!(!foreign(&[("host", "chat.example"), ("sec-fetch-site", "same-origin")]));
        assert!(!foreign(&[("host", "chat.example"), ("sec-fetch-site", "none")]));
    }

    #[test]
    fn every_other_page_is() {
        assert!(foreign(&[("host", "chat.example"), ("origin", "https://evil.example")]));
        assert!(foreign(&[("host", "chat.example"), ("origin", "null")]));
        assert!(foreign(&[("host", "chat.example"), ("origin", "https://chat.example.evil.example")]));
        assert!(foreign(&[("host", "chat.example:8080"), ("origin", "http://chat.example:9090")]));
        assert!(foreign(&[("host", "chat.example"), ("sec-fetch-site", "cross-site")]));
    }
}
