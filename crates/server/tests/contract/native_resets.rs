//! `native`: a forgotten password.

use serde_json::json;

use crate::harness::{PASSWORD, Server, record_log};
use crate::http::Response;
use crate::native_people::{ME, by, log_in, person, problem};

const NEW: &str = "another long password";

async fn ask(server: &Server, email: &str) -> Response {
    server.post("/api/v2/password-resets", &json!({"email": email})).send().await
}

async fn confirm(server: &Server, secret: &str, password: &str) -> Response {
    let body = json!({"secret": secret, "password": password});
    server.post("/api/v2/password-resets/confirm", &body).send().await
}

/// The secret of the reset that was mailed to somebody's address after `others` other mails.
async fn secret(server: &Server, name: &str, others: usize) -> String {
    server.mail(&format!("{name}@example.com"), others + 1).await.reset_secret()
}

/// Proves: native.resets.alike, native.resets.few
#[tokio::test]
async fn nobody_learns_who_has_an_address() {
    let server = Server::start().await;
    person(&server, "ada").await;
    let known = ask(&server, "ADA@example.com").await.expect(202);
    let unknown = ask(&server, "nobody@example.com").await.expect(202);
    assert_eq!((known.text(), unknown.text()), ("", ""));
    let without_date =
        |answer: &Response| answer.headers.iter().filter(|(name, _)| name != "date").cloned().collect::<Vec<_>>();
    assert_eq!(without_date(&known), without_date(&unknown));
    secret(&server, "ada", 1).await;
    ask(&server, "ada@example.com").await.expect(202);
    server.wait_minutes(16);
    ask(&server, "ada@example.com").await.expect(202);
    secret(&server, "ada", 2).await;
    assert_eq!(server.mails("ada@example.com"), 3, "a quarter of an hour had not passed");
    assert_eq!(server.mails("nobody@example.com"), 0);
}

/// Proves: native.resets.confirm, native.resets.rules
#[tokio::test]
async fn a_mailed_secret_sets_a_password() {
    let server = Server::with(&[("limits.enabled", "true"), ("limits.failures", "2")]).await;
    let ada = person(&server, "ada").await;
    let mut socket = server.socket("/users/").bearer(&ada.token).connect().await;
    for _ in 0..2 {
        log_in(&server, "ada", "wrong").await.expect(401);
    }
    log_in(&server, "ada", PASSWORD).await.expect(429);
    ask(&server, "ada@example.com").await.expect(202);
    let mail = server.mail("ada@example.com", 2).await;
    let own = format!("http://{}/app/reset#", server.public());
    assert!(mail.body.contains(&own), "{}", mail.body);
    let secret = mail.reset_secret();
    assert!(secret.len() >= 43, "fewer than 256 bits");
    for weak in ["1234567", "password", ""] {
        let refused = confirm(&server, &secret, weak).await.expect(422);
        assert_eq!(refused.json()["violations"][0]["field"], "password");
    }
    by(&server, &ada, "GET", ME).send().await.expect(200);
    confirm(&server, &secret, NEW).await.expect(204);
    by(&server, &ada, "GET", ME).send().await.expect(401);
    socket.closed().await;
    let login = log_in(&server, "ada", NEW).await.expect(201).json();
    assert_eq!(login["account"]["email_verified"], true);
    log_in(&server, "ada", PASSWORD).await.expect(401);
}

/// Proves: native.resets.once
#[tokio::test]
async fn a_secret_works_once_and_for_an_hour() {
    let server = Server::start().await;
    person(&server, "ada").await;
    problem(&confirm(&server, "nonsense", NEW).await.expect(410), "gone");
    ask(&server, "ada@example.com").await.expect(202);
    let first = secret(&server, "ada", 1).await;
    let (one, other) = tokio::join!(confirm(&server, &first, NEW), confirm(&server, &first, "a third password"));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 410]);
    let (right, wrong) = if one.status == 204 { (NEW, "a third password") } else { ("a third password", NEW) };
    log_in(&server, "ada", right).await.expect(201);
    log_in(&server, "ada", wrong).await.expect(401);

    server.wait_minutes(20);
    ask(&server, "ada@example.com").await.expect(202);
    let second = secret(&server, "ada", 2).await;
    server.wait_minutes(61);
    problem(&confirm(&server, &second, NEW).await.expect(410), "gone");
    ask(&server, "ada@example.com").await.expect(202);
    let third = secret(&server, "ada", 3).await;
    let token = log_in(&server, "ada", right).await.expect(201).json();
    let token = token["tokens"]["access_token"].as_str().unwrap();
    let change = json!({"current": right, "new": PASSWORD});
    server.post("/api/v2/me/password", &change).bearer(token).send().await.expect(200);
    problem(&confirm(&server, &third, NEW).await.expect(410), "gone");
}

/// Proves: native.resets.secret
#[tokio::test]
async fn no_secret_of_a_reset_is_written_down() {
    let log = record_log();
    let server = Server::start().await;
    let ada = person(&server, "ada").await;
    ask(&server, "ada@example.com").await.expect(202);
    let secret = secret(&server, "ada", 1).await;
    let new = "a password that nobody may read 9e4b";
    confirm(&server, &secret, new).await.expect(204);
    let key = json!({"username": "bob", "password": new, "grant": "tokens"});
    let named = server.post("/api/v2/accounts", &key).header("Idempotency-Key", "k1");
    let bob = named.send().await.expect(201).json();
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    let tokens = [&ada.token, &ada.refresh, bob["tokens"]["refresh_token"].as_str().unwrap()].map(signature);
    let text = log.text();
    assert!(!text.contains(&secret), "the mailed secret is in the log");
    // The database has the letter until it is sent, and so for a while the secret in it.
    for secret in [new.to_owned()].into_iter().chain(tokens) {
        assert!(!text.contains(&secret), "{secret} is in the log");
        for (place, bytes) in server.everything_kept().await {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} is in {place}");
        }
    }
}
