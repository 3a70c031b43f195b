//! The people of the native contract's stories, and what they are told.

use serde_json::{Value, json};

use crate::harness::{PASSWORD, Server};
use crate::http::{Request, Response};

pub(crate) const ACCOUNTS: &str = "/api/v2/accounts";
pub(crate) const SESSIONS: &str = "/api/v2/sessions";
pub(crate) const ME: &str = "/api/v2/me";

/// Somebody who signed up here, with tokens.
pub(crate) struct Person {
    pub(crate) id: i64,
    pub(crate) token: String,
    pub(crate) refresh: String,
    pub(crate) session: i64,
}

impl Person {
    /// Of an answer that grants tokens.
    pub(crate) fn of(answer: &Value) -> Self {
        let text = |name: &str| answer["tokens"][name].as_str().unwrap().to_owned();
        Self {
            id: answer["account"]["id"].as_i64().unwrap(),
            token: text("access_token"),
            refresh: text("refresh_token"),
            session: answer["session"]["id"].as_i64().unwrap(),
        }
    }
}

/// Signs somebody up under `name@example.com`.
pub(crate) async fn person(server: &Server, name: &str) -> Person {
    let email = format!("{name}@example.com");
    let body = json!({"username": name, "password": PASSWORD, "email": email, "grant": "tokens"});
    Person::of(&server.post(ACCOUNTS, &body).send().await.expect(201).json())
}

/// One more login of somebody.
pub(crate) async fn log_in(server: &Server, name: &str, password: &str) -> Response {
    let body = json!({"username": name, "password": password, "grant": "tokens"});
    server.post(SESSIONS, &body).send().await
}

/// A request that changes something, by somebody.
pub(crate) fn by(server: &Server, person: &Person, method: &str, path: &str) -> Request {
    server.request(method, path).bearer(&person.token)
}

/// Fails unless the answer is a problem of that type.
pub(crate) fn problem(answer: &Response, word: &str) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
    assert_eq!(answer.json()["type"], format!("/docs#{word}"), "{answer:?}");
}
