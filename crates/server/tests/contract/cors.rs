//! What a browser asks before it lets a page of another origin read an answer.

use crate::harness::Server;
use crate::http::Response;

/// An origin that no test configures.
pub(crate) const ELSEWHERE: &str = "https://elsewhere.example";

/// The answer to the question whether a page of `origin` may send `method` with `headers`.
pub(crate) async fn preflight(server: &Server, origin: &str, method: &str, path: &str, headers: &str) -> Response {
    server
        .request("OPTIONS", path)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", method)
        .header("Access-Control-Request-Headers", headers)
        .send()
        .await
}

/// A page of any origin may send such a request.
pub(crate) async fn assert_granted(server: &Server, method: &str, path: &str, headers: &str) {
    let answer = preflight(server, ELSEWHERE, method, path, headers).await;
    assert!(matches!(answer.status, 200 | 204), "{answer:?}");
    assert_open(&answer);
    assert!(lists(&answer, "access-control-allow-methods", method), "{answer:?}");
    for header in headers.split(", ") {
        assert!(lists(&answer, "access-control-allow-headers", header), "{answer:?}");
    }
}

/// A page of any origin may read the answer and its headers, but never as the person whose cookies the browser holds.
pub(crate) fn assert_readable(answer: &Response) {
    assert_open(answer);
    assert!(answer.header("access-control-expose-headers").is_some(), "{answer:?}");
}

fn assert_open(answer: &Response) {
    assert_eq!(answer.all("access-control-allow-origin"), ["*"], "{answer:?}");
    assert_eq!(answer.header("access-control-allow-credentials"), None);
}

fn lists(answer: &Response, header: &str, item: &str) -> bool {
    let all = answer.all(header).join(",");
    all.split(',')
        .map(str::trim)
        .any(|known| known == "*" && item != "Authorization" || known.eq_ignore_ascii_case(item))
}
