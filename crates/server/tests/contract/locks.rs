//! The lock on guessing at a name: it tells nobody whether the name is somebody's.

use serde_json::json;

use crate::harness::{PASSWORD, Server};
use crate::http::Response;
use crate::security::{assert_throttled, guess, somewhere};

/// Consecutive failures until a name is locked.
const FAILURES: usize = 5;

/// A server that locks after a few failures, behind a proxy, so that a guess can come from anywhere. Nothing else
/// throttles in these tests.
async fn locking_server() -> Server {
    let failures = FAILURES.to_string();
    Server::alone(&[
        ("limits.enabled", "true"),
        ("limits.failures", &failures),
        ("limits.account_burst", "1000"),
        ("limits.account_per_minute", "1000"),
        ("server.trusted_proxies", "[\"127.0.0.1\"]"),
    ])
    .await
}

/// Guesses as often as is let through, each time from elsewhere and in another spelling; then the answer is this.
async fn locked_out(server: &Server, name: &str) -> Response {
    let spellings = [name.to_owned(), name.to_uppercase()];
    for number in 0..FAILURES {
        guess(server, &spellings[number % 2], &somewhere(number)).await.expect(401);
    }
    guess(server, name, &somewhere(FAILURES)).await
}

/// Asserts that both were throttled, and that no more can be read from one than from the other.
fn assert_alike(known: &Response, unknown: &Response) {
    assert_throttled(known);
    assert_throttled(unknown);
    assert_eq!(known.body, unknown.body);
    assert_eq!(known.header("retry-after"), unknown.header("retry-after"));
}

#[tokio::test]
async fn a_name_that_is_nobodys_is_locked_like_one_that_is() {
    let server = locking_server().await;
    let account = json!({"username": "ada", "secret": PASSWORD});
    server.post("/api/v1/users", &account).send().await.expect(201);
    assert_alike(&locked_out(&server, "ada").await, &locked_out(&server, "nobody").await);

    // The right password would tell them apart, if it were looked at.
    let log_in = |name: &str| {
        let request = server.post("/api/v1/login", &json!({"username": name, "secret": PASSWORD}));
        request.header("X-Forwarded-For", "198.51.100.9").send()
    };
    assert_alike(&log_in("ada").await, &log_in("nobody").await);

    server.wait_minutes(60);
    let later = async |name| guess(&server, name, "198.51.100.10").await;
    assert_alike(&later("ada").await, &later("nobody").await);
}
