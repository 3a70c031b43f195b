//! `native`: who is on the live socket, and what is no request.

use serde_json::{Value, json};

use crate::harness::{PASSWORD, Server};
use crate::native_people::{person, problem};
use crate::native_socket::{LIVE, Live, ada_in, first_words, word};
use crate::socket::{Closed, frame};

async fn cookie(server: &Server, name: &str) -> String {
    let body = json!({"username": name, "password": PASSWORD, "grant": "cookie"});
    let login = server.post("/api/v2/sessions", &body).send().await.expect(201);
    login.cookie("sessionid").unwrap().value
}

/// Proves: native.live.credentials, native.live.welcome
#[tokio::test]
async fn every_credential_is_good_and_a_bad_one_makes_no_guest() {
    let server = Server::start().await;
    let ada = person(&server, "ada").await;
    let by_cookie = cookie(&server, "ada").await;
    let (socket, head) = server.socket(LIVE).subprotocols(&[&ada.token]).attempt().await.unwrap();
    assert_eq!(head.header("sec-websocket-protocol"), Some(ada.token.as_str()));
    let cookie_header = format!("sessionid={by_cookie}");
    let own = server.socket(LIVE).header("Cookie", &cookie_header).connect().await;
    let bearer = server.socket(LIVE).bearer(&ada.token).connect().await;
    for socket in [socket, own, bearer] {
        let welcome = Live::on(socket).next().await;
        assert_eq!((&welcome["type"], &welcome["account"]["username"]), (&json!("welcome"), &json!("ada")));
        assert!(welcome["session"].is_i64() && welcome["expires_at"].is_string(), "{welcome}");
        assert_eq!((&welcome["ping"], welcome.get("id")), (&json!(25), None));
    }
    problem(&server.socket(LIVE).bearer("nonsense").refused().await.expect(401), "unauthenticated");
    problem(&server.socket(LIVE).subprotocols(&["nonsense"]).refused().await.expect(401), "unauthenticated");
    let foreign = server.socket(LIVE).header("Cookie", &cookie_header).header("Origin", "https://evil.example");
    problem(&foreign.refused().await.expect(403), "foreign_origin");
    problem(&server.get(LIVE).send().await.expect(426), "upgrade_required");
}

/// Proves: native.live.hello, native.live.same_account
#[tokio::test]
async fn a_guest_says_hello_and_stays_who_they_are() {
    let server = Server::start().await;
    let (ada, bob) = (person(&server, "ada").await, person(&server, "bob").await);
    first_words(&server, &ada, "tea").await;
    let mut live = Live::guest(&server).await;
    let nobody = live.ask(json!({"type": "hello"})).await;
    assert_eq!(
        (&nobody["type"], &nobody["account"], &nobody["session"]),
        (&json!("welcome"), &Value::Null, &Value::Null)
    );
    live.subscribe("tea", None).await;
    assert_eq!(live.refused(json!({"type": "hello", "token": "nonsense"})).await, "unauthenticated");
    let welcome = live.ask(json!({"type": "hello", "token": ada.token})).await;
    assert_eq!(welcome["account"]["id"], ada.id);
    let over = live.told("unsubscribed").await;
    assert_eq!((&over["room"], &over["reason"]), (&json!("tea"), &json!("resume")), "as a guest no more");
    let subscribed = live.subscribe("tea", None).await;
    assert_eq!(subscribed["present"], json!({"count": 1, "people": [{"id": ada.id, "username": "ada"}]}));
    assert_eq!(live.refused(json!({"type": "token", "access_token": bob.token})).await, "forbidden");
    assert_eq!(live.ask(json!({"type": "hello"})).await["account"]["id"], ada.id);
}

/// Proves: native.live.ended, native.live.bye
#[tokio::test]
async fn an_ended_session_is_the_end_of_its_socket() {
    let server = Server::start().await;
    let (ada, mut live) = ada_in(&server, "tea").await;
    live.subscribe("tea", None).await;
    server.delete("/api/v2/sessions/current").bearer(&ada.token).send().await.expect(204);
    let (last, closed) = live.end().await;
    let bye = json!({"type": "bye", "reconnect": false, "after_ms": 0, "reason": "session ended"});
    assert_eq!((last.last(), closed), (Some(&bye), Closed { code: Some(1008), reason: "session ended".to_owned() }));
}

/// Proves: native.live.expiring, native.live.renewal
#[tokio::test]
async fn a_token_is_renewed_without_reconnecting() {
    let server = Server::start().await;
    let (ada, mut renewed) = ada_in(&server, "tea").await;
    let mut ends = Live::of(&server, &ada).await;
    renewed.subscribe("tea", None).await;
    server.wait_minutes(29);
    for live in [&mut renewed, &mut ends] {
        assert!(live.told("expiring").await["at"].is_string());
    }
    let body = json!({"refresh_token": ada.refresh});
    let new = server.post("/api/v2/sessions/refresh", &body).send().await.expect(200).json();
    let welcome = renewed.ask(json!({"type": "token", "access_token": new["access_token"]})).await;
    assert_eq!((&welcome["type"], &welcome["account"]["id"]), (&json!("welcome"), &json!(ada.id)));
    server.wait_minutes(2);
    let (last, closed) = ends.end().await;
    assert_eq!((&last.last().unwrap()["type"], closed.code), (&json!("bye"), Some(1008)));
    renewed.post("tea", "still here", "k1").await;
    assert_eq!(renewed.event().await["text"], "still here");
}

/// Proves: native.live.errors, native.live.ids
#[tokio::test]
async fn what_cannot_be_read_is_answered_and_the_connection_stays() {
    let server = Server::start().await;
    let mut live = Live::guest(&server).await;
    for bad in [
        "",
        "{",
        "[]",
        "7",
        "null",
        "{}",
        "{\"type\":7}",
        "{\"type\":\"dance\"}",
        "{\"type\":\"subscribe\"}",
        "{\"type\":\"subscribe\",\"room\":7}",
        "{\"type\":\"read\",\"room\":\"tea\",\"seq\":1.5}",
        "{\"type\":\"ping\",\"id\":{}}",
        "{\"type\":\"ping\",\"id\":true}",
        "{\"type\":\"subscribe\",\"room\":\"\"}",
    ] {
        live.socket.send_text(bad).await;
        let answer = live.next().await;
        assert_eq!((&answer["type"], &answer["id"]), (&json!("error"), &Value::Null), "{bad}: {answer}");
        assert!(["malformed", "invalid"].contains(&word(&answer).as_str()), "{bad}: {answer}");
        assert!(answer["problem"]["status"].is_i64() && answer["problem"]["title"].is_string(), "{answer}");
    }
    live.socket.send_binary(b"{\"type\":\"ping\"}").await;
    assert_eq!(word(&live.next().await), "malformed");
    for id in [json!(7), json!(-1.5), json!("seven"), json!("")] {
        live.socket.send(&json!({"type": "ping", "id": id})).await;
        assert_eq!(live.next().await, json!({"type": "pong", "id": id}));
        live.socket.send(&json!({"type": "dance", "id": id})).await;
        let answer = live.next().await;
        assert_eq!((&answer["id"], word(&answer).as_str()), (&id, "malformed"));
    }
    live.socket.send(&json!({"type": "ping", "id": null})).await;
    assert_eq!(live.next().await, json!({"type": "pong"}));
}

/// Proves: native.live.too_long
#[tokio::test]
async fn a_frame_over_the_limit_ends_the_connection() {
    let server = Server::start().await;
    let mut live = Live::guest(&server).await;
    live.socket.send_raw(&frame(0x81, &vec![b' '; 64 * 1024])).await;
    assert_eq!(live.socket.closed().await.code, Some(1009));
}

/// Proves: native.live.bye, native.stream.ended
#[tokio::test]
async fn a_restart_is_announced_and_who_follows_is_to_come_back() {
    let server = Server::start().await;
    let (_, mut live) = ada_in(&server, "tea").await;
    live.subscribe("tea", None).await;
    let mut stream = server.get("/api/v2/rooms/tea/stream").open().await;
    stream.head().await.unwrap();
    let stopping = tokio::spawn(server.stop());
    let (last, closed) = live.end().await;
    let bye = last.last().unwrap();
    assert_eq!((&bye["type"], &bye["reconnect"], &bye["reason"]), (&json!("bye"), &json!(true), &json!("restarting")));
    assert!(bye["after_ms"].as_u64().unwrap() >= 500, "{bye}");
    assert_eq!(closed, Closed { code: Some(1012), reason: "restarting".to_owned() });
    let mut told = String::new();
    while let Some(chunk) = stream.chunk().await {
        told.push_str(&chunk);
    }
    assert!(told.contains("event: bye\n"), "{told}");
    stopping.await.unwrap();
}

/// Proves: native.live.throttled
#[tokio::test]
async fn who_subscribes_too_often_is_told_to_wait() {
    let server = Server::with(&[("limits.enabled", "true"), ("limits.api_burst", "3")]).await;
    let (_, mut live) = ada_in(&server, "tea").await;
    let mut guest = Live::guest(&server).await;
    for live in [&mut live, &mut guest] {
        let mut answers = Vec::new();
        for _ in 0..5 {
            let answer = live.ask(json!({"type": "subscribe", "room": "tea"})).await;
            answers.push(answer.get("problem").map(|_| word(&answer)));
            live.ask(json!({"type": "unsubscribe", "room": "tea"})).await;
        }
        assert_eq!((answers[0].as_deref(), answers[4].as_deref()), (None, Some("throttled")), "{answers:?}");
        assert_eq!(live.ask(json!({"type": "ping"})).await["type"], "pong");
    }
}
