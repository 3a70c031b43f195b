//! `native`: requests that name themselves, and how often one may ask.

use serde_json::{Value, json};

use crate::harness::{PASSWORD, Server};
use crate::http::{Request, Response};
use crate::native_people::{ACCOUNTS, ME, by, person, problem};

const KEY: &str = "Idempotency-Key";

fn ada(password: &str, grant: &str) -> Value {
    json!({"username": "ada", "password": password, "email": "ada@example.com", "grant": grant})
}

fn sign_up(server: &Server, key: &str, body: &Value) -> Request {
    server.post(ACCOUNTS, body).header(KEY, key)
}

/// Proves: native.idempotency.sign_up
#[tokio::test]
async fn a_sign_up_that_is_sent_twice_is_one() {
    let server = Server::start().await;
    let first = sign_up(&server, "k1", &ada(PASSWORD, "tokens")).send().await.expect(201).json();
    let again = sign_up(&server, "k1", &ada(PASSWORD, "tokens")).send().await.expect(201).json();
    assert_eq!(again["account"], first["account"]);
    assert_ne!(again["session"]["id"], first["session"]["id"]);
    for answer in [&first, &again] {
        let token = answer["tokens"]["access_token"].as_str().unwrap();
        server.get(ME).bearer(token).send().await.expect(200);
    }
    let stranger = sign_up(&server, "k1", &ada("another long password", "tokens")).send().await.expect(201).json();
    assert_eq!((&stranger["session"], &stranger["tokens"]), (&Value::Null, &Value::Null));
    assert_eq!(server.mails("ada@example.com"), server.mails("ada@example.com").min(1));
    problem(&sign_up(&server, "k2", &ada(PASSWORD, "tokens")).send().await.expect(409), "taken");
}

/// Proves: native.idempotency.conflict
#[tokio::test]
async fn a_key_names_one_request() {
    let server = Server::start().await;
    sign_up(&server, "k1", &ada(PASSWORD, "none")).send().await.expect(201);
    let bob = json!({"username": "bob", "password": PASSWORD});
    problem(&sign_up(&server, "k1", &bob).send().await.expect(409), "conflict");
    server.wait_minutes(24 * 60 + 1);
    sign_up(&server, "k1", &bob).send().await.expect(201);
    let cleo = json!({"username": "cleo", "password": PASSWORD});
    for bad in ["", "two words", &"k".repeat(129)] {
        let refused = sign_up(&server, bad, &cleo).send().await.expect(422);
        assert_eq!(refused.json()["violations"][0]["field"], "Idempotency-Key");
    }
}

/// Proves: native.idempotency.refusal
#[tokio::test]
async fn a_refusal_is_repeated_and_a_throttle_is_not() {
    let server = Server::alone(&[("limits.enabled", "true"), ("limits.source_burst", "1")]).await;
    let weak = ada("12345", "none");
    let first = sign_up(&server, "k1", &weak).send().await.expect(422);
    let again = sign_up(&server, "k1", &weak).send().await.expect(422);
    assert_eq!((first.json(), again.header("content-type")), (again.json(), Some("application/problem+json")));
    sign_up(&server, "k2", &ada(PASSWORD, "none")).send().await.expect(201);
    let bob = json!({"username": "bob", "password": PASSWORD});
    sign_up(&server, "k3", &bob).send().await.expect(429);
    server.wait_minutes(2);
    sign_up(&server, "k3", &bob).send().await.expect(201);
}

/// Proves: native.idempotency.parallel
#[tokio::test]
async fn of_two_at_once_one_is_done() {
    let server = Server::start().await;
    let (one, other) = tokio::join!(
        sign_up(&server, "k1", &ada(PASSWORD, "none")).send(),
        sign_up(&server, "k1", &ada(PASSWORD, "none")).send()
    );
    // The second one meets the first under way, or finds it done.
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert!(matches!(statuses, [201, 201 | 409]), "{statuses:?}");
    if let Some(refused) = [&one, &other].into_iter().find(|answer| answer.status == 409) {
        problem(refused, "conflict");
    }
    sign_up(&server, "k1", &ada(PASSWORD, "none")).send().await.expect(201);
}

fn left(answer: &Response) -> u32 {
    let text = answer.header("ratelimit").unwrap();
    text.strip_prefix("\"api\";r=").unwrap().split(';').next().unwrap().parse().unwrap()
}

/// Proves: native.limits.headers, native.limits.throttled
#[tokio::test]
async fn whoever_is_logged_in_knows_what_is_left() {
    let settings = [("limits.enabled", "true"), ("limits.api_burst", "5"), ("limits.api_per_minute", "60")];
    let server = Server::alone(&settings).await;
    let ada = person(&server, "ada").await;
    let ask = async || by(&server, &ada, "GET", ME).send().await;
    let first = ask().await.expect(200);
    assert_eq!(first.header("ratelimit-policy"), Some("\"api\";q=5;w=60"));
    assert_eq!((left(&first), left(&ask().await)), (4, 3));
    for _ in 0..3 {
        ask().await.expect(200);
    }
    let refused = ask().await.expect(429);
    problem(&refused, "throttled");
    assert_eq!((left(&refused), refused.header("retry-after")), (0, Some("1")));
    assert!(server.accepts(&ada.token).await, "the other contracts count for themselves");
    server.wait_minutes(1);
    assert_eq!(left(&ask().await.expect(200)), 4);
    // A stranger is counted by where they come from, and told nothing.
    let mut stranger = server.get(&format!("{ACCOUNTS}/{}", ada.id)).send().await.expect(200);
    assert_eq!(stranger.header("ratelimit"), None);
    for _ in 0..5 {
        stranger = server.get(&format!("{ACCOUNTS}/{}", ada.id)).send().await;
    }
    problem(&stranger.expect(429), "throttled");
}

/// Proves: native.limits.off
#[tokio::test]
async fn without_limits_nothing_is_said() {
    let server = Server::start().await;
    let ada = person(&server, "ada").await;
    assert_eq!(by(&server, &ada, "GET", ME).send().await.expect(200).header("ratelimit"), None);
}
