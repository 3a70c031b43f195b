//! Requests as the bytes that go over the line.

use std::sync::Arc;

use serde_json::Value;

/// One request, whole; copies share the bytes.
pub(crate) type Request = Arc<[u8]>;

/// A request without a body. `headers` are lines such as `Cookie: a=b`.
pub(crate) fn get(path: &str, headers: &[&str]) -> Request {
    bare("GET", path, headers)
}

/// A request with a JSON body.
pub(crate) fn post(path: &str, body: &Value) -> Request {
    let body = body.to_string();
    let length = format!("Content-Length: {}", body.len());
    let head = bare("POST", path, &["Content-Type: application/json", &length]);
    [&head, body.as_bytes()].concat().into()
}

/// A request of any method without a body.
pub(crate) fn bare(method: &str, path: &str, headers: &[&str]) -> Request {
    let headers: String = headers.iter().flat_map(|line| [line, "\r\n"]).collect();
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").into_bytes().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn requests_are_as_rfc_9112_writes_them() {
        let text = |request: Request| String::from_utf8(request.to_vec()).expect("text");
        assert_eq!(text(get("/a", &["X: y"])), "GET /a HTTP/1.1\r\nHost: localhost\r\nX: y\r\n\r\n");
        let head = "POST /b HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n";
        assert_eq!(text(post("/b", &json!({"a": 1}))), format!("{head}{{\"a\":1}}"));
    }
}
