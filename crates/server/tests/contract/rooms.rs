//! `rooms`: named chat rooms, their guests and their members.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cors;
use crate::forge;
use crate::harness::{Member, PASSWORD, Server};
use crate::replay::replay;
use crate::socket::{Socket, WAIT, frame};

const TEA: &str = "/api/v1/rooms/tea/messages/ws";

#[tokio::test]
async fn published_examples_replay() {
    replay("rooms").await;
}

pub(crate) async fn join(server: &Server, path: &str, member: &Member) -> Socket {
    server.socket(path).subprotocols(&[&member.token]).connect().await
}

/// The only message of a frame.
pub(crate) fn only(frame: &Value) -> &Value {
    let messages = frame.as_array().unwrap();
    assert_eq!(messages.len(), 1, "{frame}");
    &messages[0]
}

async fn log_in(server: &Server, username: &str, secret: &str) -> u16 {
    let credentials = json!({"username": username, "secret": secret});
    server.post("/api/v1/login", &credentials).send().await.status
}

/// Proves: rooms.cors.any, rooms.cors.preflight
#[tokio::test]
async fn pages_of_any_origin_may_call() {
    let server = Server::start().await;
    for path in ["/api/v1/users", "/api/v1/login"] {
        cors::assert_granted(&server, "POST", path, "Authorization, Content-Type").await;
        let refusal = server.post(path, &json!({})).header("Origin", cors::ELSEWHERE);
        cors::assert_readable(&refusal.send().await.expect(400));
    }
}

/// Proves: rooms.envelope.or_nothing
#[tokio::test]
async fn what_has_no_envelope_has_no_content() {
    let server = Server::start().await;
    for (method, path) in [("GET", "/api/v1/users"), ("PUT", "/api/v1/login"), ("POST", TEA)] {
        let answer = server.request(method, path).send().await;
        assert!(answer.status >= 400, "{answer:?}");
        if !answer.body.is_empty() {
            let body = answer.json();
            assert_eq!(body["data"], Value::Null);
            assert_eq!(body["error"]["type"], body["error"]["Type"]);
            assert!(body["error"]["type"].is_string(), "{body}");
        }
    }
}

/// Proves: rooms.create.any_username, rooms.login.folded
#[tokio::test]
async fn any_script_makes_a_username() {
    let server = Server::start().await;
    for username in ["User Name", "Ада Лавлейс", "愛達", "ada@example.com", "/etc/passwd"] {
        assert_eq!(server.member(username).await.username, username);
        let credentials = json!({"username": username.to_uppercase(), "secret": PASSWORD});
        let answer = server.post("/api/v1/login", &credentials).send().await.expect(200);
        assert_eq!(answer.json()["data"]["user"]["username"], username);
    }
}

/// Proves: rooms.create.any_secret
#[tokio::test]
async fn any_secret_is_taken_and_all_of_it_counts() {
    let server = Server::start().await;
    let long = "x".repeat(1024);
    for (username, secret) in [("one", "1"), ("long", &long), ("spaces", " 🦉 two  ")] {
        let account = json!({"username": username, "secret": secret});
        server.post("/api/v1/users", &account).send().await.expect(201);
        let cut = &secret[..secret.char_indices().last().unwrap().0];
        assert!(matches!(log_in(&server, username, cut).await, 400 | 401));
        assert_eq!(log_in(&server, username, &secret.to_uppercase()).await == 200, secret == "1");
        assert_eq!(log_in(&server, username, secret).await, 200);
    }
}

/// Proves: rooms.create.privileged_ignored
#[tokio::test]
async fn unknown_fields_grant_nothing() {
    let server = Server::start().await;
    let account = json!({"username": "mallory", "secret": PASSWORD, "id": 77, "admin_level": 2, "adminLevel": 2});
    let created = server.post("/api/v1/users", &account).send().await.expect(201);
    assert_ne!(created.json()["data"]["id"], 77);
    let mallory = server.log_in("mallory").await;
    assert_eq!(forge::claims(&mallory.token)["adminLevel"], 0);
}

/// Proves: rooms.login.username_only
#[tokio::test]
async fn an_address_is_no_username() {
    let server = Server::start().await;
    let account = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
    server.post("/createUser", &account).send().await.expect(200);
    assert_eq!(log_in(&server, "ada@example.com", PASSWORD).await, 400);
    assert_eq!(log_in(&server, "ada", PASSWORD).await, 200);
}

/// Proves: rooms.join.revoked_token, rooms.join.session_end
#[tokio::test]
async fn an_ended_session_has_no_sockets_and_opens_none() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let mut socket = join(&server, TEA, &ada).await;
    let end = server.delete("/api/sessions/").bearer(&ada.token);
    end.send().await.expect(200);
    assert!(socket.closed().await.code.is_some());
    let refusal = server.socket(TEA).subprotocols(&[&ada.token]).refused().await;
    assert_eq!(refusal.status, 401);
    assert_eq!(refusal.json()["error"]["type"], "INVALID_AUTH_TOKEN");
}

/// Proves: rooms.message.order
#[tokio::test]
async fn everybody_sees_one_order() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    let mut ada = join(&server, TEA, &ada).await;
    let mut bob = join(&server, TEA, &bob).await;
    let mut guest = server.socket(TEA).connect().await;
    for number in 0..50 {
        ada.send(&json!({"text": format!("ada {number}")})).await;
        bob.send(&json!({"text": format!("bob {number}")})).await;
    }
    let seen = log(&mut guest, 100).await;
    assert_eq!(log(&mut ada, 100).await, seen);
    assert_eq!(log(&mut bob, 100).await, seen);
    let ids: Vec<i64> = seen.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, (1..=100).collect::<Vec<i64>>());
    for name in ["ada", "bob"] {
        let said = seen.iter().filter(|(_, text)| text.starts_with(name));
        let said: Vec<&str> = said.map(|(_, text)| text.as_str()).collect();
        let sent: Vec<String> = (0..50).map(|number| format!("{name} {number}")).collect();
        assert_eq!(said, sent);
    }
}

async fn log(socket: &mut Socket, count: usize) -> Vec<(i64, String)> {
    let mut log = Vec::new();
    while log.len() < count {
        let frame = socket.receive().await;
        let message = only(&frame);
        let text = message["text"].as_str().unwrap().to_owned();
        log.push((message["id"].as_i64().unwrap(), text));
    }
    log
}

/// Proves: rooms.message.since
#[tokio::test]
async fn history_runs_into_what_is_live_without_gap_or_repeat() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let mut ada = join(&server, TEA, &ada).await;
    let talk = async {
        for number in 0..200 {
            ada.send(&json!({"text": number.to_string()})).await;
            ada.receive().await;
        }
    };
    let path = format!("{TEA}?since=0");
    let read = async {
        let mut readers = Vec::new();
        for _ in 0..10 {
            readers.push(server.socket(&path).connect().await);
        }
        for reader in &mut readers {
            let ids: Vec<i64> = log(reader, 200).await.into_iter().map(|(id, _)| id).collect();
            assert_eq!(ids, (1..=200).collect::<Vec<i64>>());
        }
    };
    tokio::join!(talk, read);
}

/// Proves: rooms.message.current_name
#[tokio::test]
async fn a_message_shows_the_name_that_its_author_has_now() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let mut room = join(&server, TEA, &ada).await;
    room.send(&json!({"text": "before"})).await;
    assert_eq!(only(&room.receive().await)["sender"]["username"], "ada");

    let mut users = server.socket("/users/").bearer(&ada.token).connect().await;
    let rename = json!({"action": "edit", "data": {"username": "countess"}});
    assert_eq!(users.ask(&rename).await["data"]["username"], "countess");

    room.send(&json!({"text": "after"})).await;
    assert_eq!(only(&room.receive().await)["sender"]["username"], "countess");
    let mut later = server.socket(&format!("{TEA}?since=0")).connect().await;
    for text in ["before", "after"] {
        let frame = later.receive().await;
        assert_eq!(only(&frame)["text"], text);
        assert_eq!(only(&frame)["sender"], json!({"id": ada.id, "username": "countess"}));
    }
}

/// Proves: rooms.close.invalid_utf8
#[tokio::test]
async fn text_that_is_no_text_closes() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let mut socket = join(&server, TEA, &ada).await;
    socket.send_raw(&frame(0x81, b"{\"text\":\"\xff\xfe\"}")).await;
    assert_eq!(socket.closed().await.code, Some(1007));
}

/// Proves: rooms.close.too_fast
#[tokio::test]
async fn who_talks_too_fast_is_put_out() {
    let server = Server::with(&[("limits.enabled", "true")]).await;
    let ada = server.member("ada").await;
    let mut socket = join(&server, TEA, &ada).await;
    for number in 0..2_000 {
        socket.send(&json!({"text": number.to_string()})).await;
    }
    let closed = socket.closed().await;
    assert_eq!(closed.code, Some(1008));
    assert_ne!(closed.reason, "");
}

/// A reader whose window stays shut is put out; nobody else notices, and it can take up where it stopped.
///
/// Proves: rooms.close.too_slow
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_put_out_and_resumes() {
    const MESSAGES: i64 = 6_000;
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let mut ada = join(&server, TEA, &ada).await;
    let mut slow = server.socket(TEA).connect().await;
    let text = "x".repeat(4_000);
    for id in (1..=MESSAGES).step_by(50) {
        for _ in 0..50 {
            ada.send(&json!({"text": text})).await;
        }
        for id in id..id + 50 {
            assert_eq!(only(&ada.receive().await)["id"], id);
        }
    }
    let (mut next, closed) = read_on(&mut slow, 1).await;
    assert_eq!((closed.code, closed.reason.as_str()), (Some(1013), "resume"));
    while next <= MESSAGES {
        let path = format!("{TEA}?since={}", next - 1);
        let mut resumed = server.socket(&path).connect().await;
        next = read_until(&mut resumed, next, MESSAGES).await;
    }
}

/// Reads messages numbered from `next` on until the socket closes.
async fn read_on(socket: &mut Socket, mut next: i64) -> (i64, crate::socket::Closed) {
    loop {
        match socket.next(Duration::from_secs(30)).await {
            Err(closed) => return (next, closed),
            Ok(text) => {
                let frame = serde_json::from_str(&text).unwrap();
                assert_eq!(only(&frame)["id"], next);
                next += 1;
            }
        }
    }
}

/// Reads until message `last` has come or the socket closes; gives back the number that comes next.
async fn read_until(socket: &mut Socket, mut next: i64, last: i64) -> i64 {
    while next <= last {
        let Ok(text) = socket.next(WAIT).await else {
            return next;
        };
        let frame = serde_json::from_str(&text).unwrap();
        assert_eq!(only(&frame)["id"], next);
        next += 1;
    }
    next
}

/// Proves: rooms.lobby.presence
#[tokio::test]
async fn the_lobby_has_a_second_door() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    let mut ada = server.socket("/join").bearer(&ada.token).connect().await;
    assert_eq!(ada.receive().await["type"], "users_online");
    assert_eq!(ada.receive().await["msg"]["username"], "ada");

    let mut bob = join(&server, "/api/v1/rooms/lobby/messages/ws", &bob).await;
    let joined = ada.receive().await;
    assert_eq!((&joined["type"], &joined["msg"]), (&json!("user_joined"), &json!({"username": "bob"})));
    bob.send(&json!({"text": "from the side door"})).await;
    assert_eq!(ada.receive().await["msg"]["from_user"], "bob");
    let frame = bob.receive().await;
    assert_eq!(only(&frame)["text"], "from the side door");
    bob.close().await;
    assert_eq!(ada.receive().await["type"], "user_left");
}
