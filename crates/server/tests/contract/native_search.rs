//! `native`: searching what was said.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Member, Server};
use crate::http::percent_encoded;
use crate::native_rooms::room;

async fn search(server: &Server, who: &Member, q: &str, rest: &str) -> Value {
    let path = format!("/api/v2/search?q={}{rest}", percent_encoded(q));
    server.ask(who, "GET", &path, None).await.expect(200).json()
}

fn texts(found: &Value) -> Vec<&str> {
    found["items"].as_array().unwrap().iter().map(|item| item["message"]["text"].as_str().unwrap()).collect()
}

/// Searches until so many are found: what was said a moment ago may not be known yet.
async fn until(server: &Server, who: &Member, q: &str, count: usize) -> Value {
    let patience = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let found = search(server, who, q, "").await;
        if texts(&found).len() == count {
            return found;
        }
        assert!(tokio::time::Instant::now() < patience, "{q}: {found}");
        // sleep: nothing tells when the search knows more.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Proves: native.search.words, native.search.any_text
#[tokio::test]
async fn words_are_found_by_their_beginnings() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    server.make(&ada, "tea", "public").await;
    for text in ["Un CAFÉ crème", "cafeteria \"closed\" NEAR here", "Привет мир", "お茶の時間", "nothing of it"]
    {
        server.say(&ada, "tea", text).await;
    }
    let found = until(&server, &ada, "cafe", 2).await;
    assert_eq!(texts(&found), ["cafeteria \"closed\" NEAR here", "Un CAFÉ crème"], "the newest first");
    assert_eq!((&found["items"][0]["room"], &found["items"][1]["snippet"]), (&json!("tea"), &json!("Un CAFÉ crème")));
    for (q, count) in [
        ("CREME café", 1),
        ("crem caf", 1),
        ("afe", 0),
        ("привет", 1),
        ("茶", 1),
        ("時間 お茶", 1),
        ("cafe nothing", 0),
        ("!!!", 0),
        ("\"closed\"", 1),
        ("cafe* OR nothing", 0),
        ("NEAR(cafeteria here)", 1),
        ("-cafe", 2),
        ("words:cafe", 0),
        ("' ; DROP TABLE event; --", 0),
        ("a:* & b | !c \\ '", 0),
        ("\u{e000}1", 0),
        ("a b c d e f g h i j k", 0),
    ] {
        assert_eq!(texts(&search(&server, &ada, q, "").await).len(), count, "{q}");
    }
    let first = search(&server, &ada, "cafe", "&limit=1").await;
    let second = search(&server, &ada, "cafe", &format!("&limit=1&after={}", first["next"].as_str().unwrap())).await;
    assert_eq!((texts(&second), &second["next"]), (vec!["Un CAFÉ crème"], &Value::Null));
    for bad in ["/api/v2/search", "/api/v2/search?q=a&after=x", &format!("/api/v2/search?q={}", "x".repeat(201))] {
        assert_eq!(server.ask(&ada, "GET", bad, None).await.status, 400);
    }
    assert_eq!(server.get("/api/v2/search?q=cafe").send().await.status, 401);
}

/// Proves: native.search.allowed
#[tokio::test]
async fn nothing_is_found_that_one_may_not_read() {
    let server = Server::start().await;
    let (ada, bob, eve) = (server.member("ada").await, server.member("bob").await, server.member("eve").await);
    server.make(&ada, "tea", "public").await;
    server.make(&ada, "den", "private").await;
    server.let_in(&ada, &bob, "den").await;
    let with = server.ask(&ada, "POST", "/api/v2/rooms", Some(json!({"with": bob.id}))).await.expect(201).json();
    for name in ["tea", "den", with["name"].as_str().unwrap()] {
        server.say(&ada, name, &format!("treasure in {}", name.len())).await;
    }
    until(&server, &bob, "treasure", 3).await;
    until(&server, &ada, "treasure", 3).await;
    until(&server, &eve, "treasure", 1).await;
    assert_eq!(texts(&search(&server, &bob, "treasure", "&room=den").await).len(), 1);
    assert_eq!(texts(&search(&server, &bob, "treasure", "&room=tea").await), ["treasure in 3"]);
    assert_eq!(server.ask(&eve, "GET", "/api/v2/search?q=treasure&room=den", None).await.status, 404);
    let admin = server.admin("root").await;
    assert_eq!(texts(&search(&server, &admin, "treasure", "").await).len(), 1);
    assert_eq!(texts(&search(&server, &admin, "treasure", "&room=den").await).len(), 1);
    server.ask(&ada, "PUT", &room("tea", &format!("/bans/{}", eve.id)), Some(json!({}))).await.expect(204);
    assert_eq!(texts(&search(&server, &eve, "treasure", "").await).len(), 0);
    server.ask(&ada, "DELETE", &room("den", &format!("/members/{}", bob.id)), None).await.expect(204);
    assert_eq!(texts(&search(&server, &bob, "treasure", "").await).len(), 2);
    server.ask(&ada, "DELETE", &room("tea", ""), None).await.expect(204);
    assert_eq!(texts(&search(&server, &bob, "treasure", "").await).len(), 1);
}

/// Proves: native.search.current
#[tokio::test]
async fn what_was_changed_or_taken_away_is_not_found() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    server.make(&ada, "tea", "public").await;
    let one = server.say(&ada, "tea", "alpha beta").await;
    let two = server.say(&ada, "tea", "alpha gamma").await;
    until(&server, &ada, "alpha", 2).await;
    server.ask(&ada, "DELETE", &room("tea", &format!("/messages/{one}")), None).await.expect(200);
    assert_eq!(texts(&search(&server, &ada, "alpha", "").await), ["alpha gamma"]);
    let edit = Some(json!({"text": "delta"}));
    server.ask(&ada, "PATCH", &room("tea", &format!("/messages/{two}")), edit).await.expect(200);
    assert_eq!(texts(&search(&server, &ada, "alpha", "").await), Vec::<&str>::new());
    until(&server, &ada, "delta", 1).await;
    assert_eq!(texts(&search(&server, &ada, "gamma", "").await), Vec::<&str>::new());
}
