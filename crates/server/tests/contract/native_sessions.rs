//! `native`: one's sessions, and what ends them.

use serde_json::{Value, json};

use crate::harness::{PASSWORD, Server};
use crate::native_people::{ME, Person, SESSIONS, by, log_in, person, problem};

async fn list(server: &Server, person: &Person) -> Vec<Value> {
    by(server, person, "GET", SESSIONS).send().await.expect(200).json()["items"].as_array().unwrap().clone()
}

/// Proves: native.sessions.list
#[tokio::test]
async fn every_login_is_listed() {
    let server = Server::start().await;
    let ada = person(&server, "ada").await;
    let credentials = json!({"username": "ada", "password": PASSWORD});
    let login = server.post("/api/sessions/", &credentials).header("User-Agent", "a phone");
    login.send().await.expect(200);
    person(&server, "bob").await;
    let sessions = list(&server, &ada).await;
    assert_eq!(sessions.len(), 2);
    let of = |contract: &str| sessions.iter().find(|one| one["contract"] == contract).unwrap();
    assert_eq!((&of("native")["current"], &of("native")["id"]), (&json!(true), &json!(ada.session)));
    assert_eq!((&of("cookies")["current"], &of("cookies")["device"]), (&json!(false), &json!("a phone")));
    assert_eq!(of("cookies")["address"], "127.0.0.1");
    for time in ["created_at", "last_used_at", "expires_at"] {
        assert!(of("native")[time].as_str().unwrap().ends_with('Z'));
    }
}

/// Proves: native.sessions.list
#[tokio::test]
async fn many_logins_are_listed_page_by_page() {
    let server = Server::start().await;
    let ada = person(&server, "ada").await;
    for _ in 0..4 {
        log_in(&server, "ada", PASSWORD).await.expect(201);
    }
    let (mut path, mut seen) = (format!("{SESSIONS}?limit=2"), Vec::new());
    loop {
        let page = by(&server, &ada, "GET", &path).send().await.expect(200).json();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        seen.extend(items.iter().map(|session| session["id"].as_i64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{SESSIONS}?limit=2&after={next}");
    }
    assert_eq!(seen.len(), 5);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 5, "each once");
    by(&server, &ada, "GET", &format!("{SESSIONS}?limit=0")).send().await.expect(400);
}

/// Proves: native.sessions.end
#[tokio::test]
async fn sessions_end_one_by_one_or_all() {
    let server = Server::start().await;
    let ada = person(&server, "ada").await;
    let bob = person(&server, "bob").await;
    let again = async || Person::of(&log_in(&server, "ada", PASSWORD).await.expect(201).json());
    let (phone, tablet) = (again().await, again().await);
    let mut socket = server.socket("/users/").bearer(&phone.token).connect().await;
    let path = format!("{SESSIONS}/{}", phone.session);
    problem(&by(&server, &bob, "DELETE", &path).send().await.expect(404), "not_found");
    by(&server, &phone, "GET", ME).send().await.expect(200);
    by(&server, &ada, "DELETE", &path).send().await.expect(204);
    by(&server, &phone, "GET", ME).send().await.expect(401);
    socket.closed().await;
    by(&server, &ada, "DELETE", &path).send().await.expect(404);
    by(&server, &ada, "DELETE", &format!("{SESSIONS}/nonsense")).send().await.expect(404);

    by(&server, &ada, "DELETE", SESSIONS).send().await.expect(204);
    by(&server, &tablet, "GET", ME).send().await.expect(401);
    assert_eq!(list(&server, &ada).await.len(), 1);
    let out = by(&server, &ada, "DELETE", "/api/v2/sessions/current").send().await.expect(204);
    assert!(out.cookie("sessionid").unwrap().has("Max-Age=0"));
    by(&server, &ada, "GET", ME).send().await.expect(401);
    by(&server, &bob, "GET", ME).send().await.expect(200);
}

/// Proves: native.sessions.refresh
#[tokio::test]
async fn a_refresh_token_is_replaced_when_asked() {
    let server = Server::start().await;
    let ada = person(&server, "ada").await;
    let refresh = |token: &str, rotate: Value| {
        server.post("/api/v2/sessions/refresh", &json!({"refresh_token": token, "rotate": rotate})).send()
    };
    let plain = refresh(&ada.refresh, Value::Null).await.expect(200).json();
    assert_eq!((&plain["refresh_token"], &plain["token_type"]), (&Value::Null, &json!("Bearer")));
    server.get(ME).bearer(plain["access_token"].as_str().unwrap()).send().await.expect(200);
    let rotated = refresh(&ada.refresh, json!(true)).await.expect(200).json();
    let newer = rotated["refresh_token"].as_str().unwrap().to_owned();
    refresh(&newer, json!(false)).await.expect(200);
    problem(&refresh(&ada.refresh, json!(false)).await.expect(401), "unauthenticated");
    problem(&refresh(&newer, json!(false)).await.expect(401), "unauthenticated");
    by(&server, &ada, "GET", ME).send().await.expect(401);
}
