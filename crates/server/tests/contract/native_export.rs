//! `native`: everything that is kept about somebody.

use serde_json::{Value, json};

use crate::harness::Server;
use crate::native_people::{Person, by, person, problem};

const EXPORT: &str = "/api/v2/me/export";

/// Says so many things in a room.
async fn say(server: &Server, person: &Person, room: &str, count: usize) {
    let path = format!("/api/v1/rooms/{room}/messages/ws");
    let mut socket = server.socket(&path).bearer(&person.token).connect().await;
    for number in 0..count {
        socket.send(&json!({"text": format!("{room} {number}")})).await;
        while !socket.receive().await.to_string().contains(&format!("{room} {number}")) {}
    }
}

/// Proves: native.export.all, native.export.others
#[tokio::test]
async fn all_that_is_kept_comes_and_nothing_of_others() {
    let server = Server::start().await;
    let ada = person(&server, "ada").await;
    let bob = person(&server, "bob").await;
    // More than a page.
    say(&server, &ada, "tea", 120).await;
    say(&server, &bob, "tea", 1).await;
    say(&server, &ada, "coffee", 2).await;
    let answer = by(&server, &ada, "GET", EXPORT).send().await.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.header("content-disposition").unwrap().starts_with("attachment; filename="));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let all = answer.json();
    assert_eq!((&all["account"]["email"], &all["avatar"]), (&json!("ada@example.com"), &Value::Null));
    let list = |name: &str| all[name].as_array().unwrap_or_else(|| panic!("{name} is missing")).clone();
    let texts: Vec<String> = list("messages").iter().map(|one| one["text"].as_str().unwrap().to_owned()).collect();
    let expected =
        (0..120).map(|number| format!("tea {number}")).chain((0..2).map(|number| format!("coffee {number}")));
    assert_eq!(texts, expected.collect::<Vec<_>>());
    assert_eq!((&list("messages")[121]["room"], &list("messages")[121]["seq"]), (&json!("coffee"), &json!(2)));
    assert_eq!((list("sessions").len(), list("usernames").len(), list("emails").len()), (1, 1, 1));
    let actions: Vec<Value> = list("audit").iter().map(|line| line["action"].clone()).collect();
    assert_eq!(actions, ["export", "sign_up"]);
    for name in ["password_resets", "rooms", "bans", "mutes", "invitations", "read_positions", "reactions"] {
        assert_eq!(list(name), Vec::<Value>::new(), "{name}");
    }
    assert_eq!(list("known_sources")[0]["source"], "127.0.0.1");
    assert!(!answer.text().contains("bob"), "something of Bob's is in it");
    problem(&server.get(EXPORT).send().await.expect(401), "unauthenticated");
}

/// Proves: native.export.few
#[tokio::test]
async fn there_are_a_few_a_day() {
    let server = Server::alone(&[("limits.enabled", "true")]).await;
    let ada = person(&server, "ada").await;
    for _ in 0..3 {
        by(&server, &ada, "GET", EXPORT).send().await.expect(200);
    }
    problem(&by(&server, &ada, "GET", EXPORT).send().await.expect(429), "throttled");
    server.wait_minutes(8 * 60 + 1);
    let refreshed = server.post("/api/v2/sessions/refresh", &json!({"refresh_token": ada.refresh}));
    let token = refreshed.send().await.expect(200).json()["access_token"].as_str().unwrap().to_owned();
    server.get(EXPORT).bearer(&token).send().await.expect(200);
}
