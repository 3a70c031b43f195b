//! `lobby`: one lobby, the people in it, and what they say.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cors;
use crate::forge;
use crate::harness::{Member, PASSWORD, Server};
use crate::replay::replay;
use crate::socket::Socket;

#[tokio::test]
async fn published_examples_replay() {
    replay("lobby").await;
}

/// Joins and reads over the list of people and one's own arrival.
pub(crate) async fn join(server: &Server, member: &Member) -> Socket {
    let mut socket = server.socket("/join").bearer(&member.token).connect().await;
    greeted(&mut socket, &member.username).await;
    socket
}

/// The names in the first message; the second must be one's own arrival.
pub(crate) async fn greeted(socket: &mut Socket, username: &str) -> Value {
    let online = socket.receive().await;
    assert_eq!(online["type"], "users_online");
    assert_event(&socket.receive().await, "user_joined", username);
    online["msg"]["list"].clone()
}

pub(crate) fn assert_event(event: &Value, kind: &str, username: &str) {
    assert_eq!(event["type"], kind, "{event}");
    assert_eq!(event["msg"], json!({"username": username}));
}

pub(crate) fn say(text: &str) -> Value {
    json!({"type": "chat_message", "msg": {"text": text}})
}

fn assert_said(event: &Value, username: &str, text: &str) {
    assert_eq!(event["type"], "chat_message", "{event}");
    assert_eq!(event["msg"]["from_user"], username);
    assert_eq!(event["msg"]["text"], text);
}

async fn sign_up(server: &Server, username: &str, password: &str) -> String {
    let email = format!("{}@example.com", forge::digits(username));
    let account = json!({"email": email, "username": username, "password": password, "admin_level": 2, "id": "77"});
    let created = server.post("/createUser", &account).send().await.expect(200);
    assert_ne!(created.json()["id"], "77");
    let login = server.post("/login", &account).send().await.expect(200);
    login.json()["token"].as_str().unwrap().to_owned()
}

/// Proves: lobby.cors.any, lobby.cors.preflight
#[tokio::test]
async fn pages_of_any_origin_may_call() {
    let server = Server::start().await;
    for path in ["/createUser", "/login"] {
        cors::assert_granted(&server, "POST", path, "Authorization, Content-Type").await;
        let refusal = server.post(path, &json!({})).header("Origin", cors::ELSEWHERE);
        cors::assert_readable(&refusal.send().await);
    }
}

/// Proves: lobby.create.any_password, lobby.create.privileged_ignored, lobby.login.claims, lobby.login.issuer
/// Proves: lobby.login.token_life
#[tokio::test]
async fn any_password_is_taken_and_the_token_says_who() {
    let url = "https://parlour.example";
    let server = Server::with(&[("server.public_url", url)]).await;
    let long = "x".repeat(1024);
    for (username, password) in [("User Name", "1"), ("Igor", " 🦉 "), ("Bob", long.as_str())] {
        let token = sign_up(&server, username, password).await;
        let claims = forge::claims(&token);
        assert_eq!(claims["username"], username);
        assert_eq!(claims["iss"], url);
        assert_eq!(claims["adminLevel"], 0);
        assert!(claims["id"].as_str().unwrap().parse::<i64>().is_ok());
        assert_eq!(forge::life(&token), 24 * 3600);
    }
}

/// Proves: lobby.join.cookie, lobby.join.foreign_origin
#[tokio::test]
async fn a_cookie_opens_the_lobby_to_its_own_pages_only() {
    let server = Server::alone(&[]).await;
    server.member("ada").await;
    let credentials = json!({"username": "ada", "password": PASSWORD});
    let login = server.post("/api/sessions/", &credentials).send().await;
    let session = login.expect(200).cookie("sessionid").unwrap().value;
    let cookie = format!("sessionid={session}");
    let own = format!("http://{}", server.address());

    let handshake = server.socket("/join").header("Cookie", &cookie);
    let mut socket = handshake.header("Origin", &own).connect().await;
    greeted(&mut socket, "ada").await;
    let handshake = server.socket("/join").header("Cookie", &cookie);
    let refusal = handshake.header("Origin", cors::ELSEWHERE).refused().await;
    assert!(matches!(refusal.status, 401 | 403), "{refusal:?}");
}

/// Proves: lobby.join.session_end, lobby.join.unauthenticated
#[tokio::test]
async fn an_ended_session_leaves_the_lobby() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    let mut watcher = join(&server, &bob).await;
    let mut socket = join(&server, &ada).await;
    assert_event(&watcher.receive().await, "user_joined", "ada");
    let end = server.delete("/api/sessions/").bearer(&ada.token);
    end.send().await.expect(200);
    assert!(socket.closed().await.code.is_some());
    assert_event(&watcher.receive().await, "user_left", "ada");
    let again = server.socket("/join").bearer(&ada.token).refused().await;
    assert_eq!(again.status, 401);
}

/// Proves: lobby.presence.rename
#[tokio::test]
async fn a_rename_leaves_and_rejoins() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    let mut watcher = join(&server, &bob).await;
    let mut socket = join(&server, &ada).await;
    assert_event(&watcher.receive().await, "user_joined", "ada");
    let mut users = server.socket("/users/").bearer(&ada.token).connect().await;
    let rename = json!({"action": "edit", "data": {"username": "countess"}});
    assert_eq!(users.ask(&rename).await["data"]["username"], "countess");
    assert_event(&watcher.receive().await, "user_left", "ada");
    assert_event(&watcher.receive().await, "user_joined", "countess");
    socket.send(&say("Good evening.")).await;
    assert_said(&watcher.receive().await, "countess", "Good evening.");
}

/// Proves: lobby.user_left.grace
#[tokio::test]
async fn who_is_cut_off_is_missed_only_after_a_while() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    let mut watcher = join(&server, &bob).await;
    let socket = join(&server, &ada).await;
    assert_event(&watcher.receive().await, "user_joined", "ada");
    socket.vanish();
    let carol = server.member("carol").await;
    let mut newcomer = server.socket("/join").bearer(&carol.token).connect().await;
    let mut present: Vec<String> = serde_json::from_value(greeted(&mut newcomer, "carol").await).unwrap();
    present.sort_unstable();
    assert_eq!(present, ["ada", "bob"]);
    assert_event(&watcher.receive().await, "user_joined", "carol");
    let left = watcher.receive_within(Duration::from_mins(1)).await;
    assert_event(&left, "user_left", "ada");
}

/// Proves: lobby.user_left.reload
#[tokio::test]
async fn a_reload_is_no_news() {
    let server = Server::with(&[("chat.leave_grace_seconds", "60")]).await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    let mut watcher = join(&server, &bob).await;
    let mut socket = join(&server, &ada).await;
    assert_event(&watcher.receive().await, "user_joined", "ada");
    for _ in 0..5 {
        socket.vanish();
        socket = join(&server, &ada).await;
    }
    socket.send(&say("Back.")).await;
    assert_said(&watcher.receive().await, "ada", "Back.");
}

/// Proves: lobby.chat_message.since
#[tokio::test]
async fn what_was_missed_is_told() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    let mut ada = join(&server, &ada).await;
    for text in ["one", "two", "three"] {
        ada.send(&say(text)).await;
        assert_said(&ada.receive().await, "ada", text);
    }
    let mut late = server.socket("/join?since=1").bearer(&bob.token).connect().await;
    greeted(&mut late, "bob").await;
    for text in ["two", "three"] {
        assert_said(&late.receive().await, "ada", text);
    }
    ada.send(&say("four")).await;
    assert_said(&late.receive().await, "ada", "four");
}

/// Proves: lobby.chat_message.key
#[tokio::test]
async fn a_repeated_key_says_nothing_twice() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    let mut watcher = join(&server, &bob).await;
    let mut ada = join(&server, &ada).await;
    assert_event(&watcher.receive().await, "user_joined", "ada");
    let keyed = json!({"type": "chat_message", "msg": {"text": "once", "key": "k1"}});
    ada.send(&keyed).await;
    ada.send(&keyed).await;
    ada.send(&say("done")).await;
    assert_said(&watcher.receive().await, "ada", "once");
    assert_said(&watcher.receive().await, "ada", "done");
}
