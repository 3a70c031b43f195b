//! `actions`: everything about users through one WebSocket.

use serde_json::{Value, json};

use crate::forge;
use crate::harness::{PASSWORD, Server};
use crate::replay::replay;
use crate::socket::Socket;

#[tokio::test]
async fn published_examples_replay() {
    replay("actions").await;
}

async fn guest(server: &Server) -> Socket {
    server.socket("/users/").connect().await
}

async fn member(server: &Server, username: &str) -> Socket {
    let member = server.member(username).await;
    server.socket("/users/").bearer(&member.token).connect().await
}

fn new(username: &str, password: &str) -> Value {
    let email = format!("{}@example.com", forge::digits(username));
    json!({"action": "new", "data": {"username": username, "email": email, "password": password}})
}

fn login(username: &str, password: &str) -> Value {
    json!({"action": "login", "data": {"username": username, "password": password}})
}

fn me() -> Value {
    json!({"action": "me"})
}

fn edit(changes: &Value) -> Value {
    json!({"action": "edit", "data": changes})
}

/// Proves: actions.route.bearer, actions.route.subprotocol
#[tokio::test]
async fn a_token_at_the_handshake_binds_the_connection() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let mut socket = server.socket("/users/").bearer(&ada.token).connect().await;
    assert_eq!(socket.ask(&me()).await["data"]["user_id"], ada.id.to_string());

    let handshake = server.socket("/users").subprotocols(&[&ada.token]);
    let (mut socket, head) = handshake.attempt().await.ok().unwrap();
    assert_eq!(head.header("sec-websocket-protocol"), Some(ada.token.as_str()));
    assert_eq!(socket.ask(&me()).await["data"]["user_id"], ada.id.to_string());
}

/// Proves: actions.new.any_password
#[tokio::test]
async fn any_password_is_taken_and_all_of_it_counts() {
    let server = Server::start().await;
    let mut socket = guest(&server).await;
    let long = "x".repeat(1024);
    for (username, password) in [("one", "1"), ("long", &long), ("spaces", " 🦉 two  ")] {
        let answer = socket.ask(&new(username, password)).await;
        assert_eq!(answer["data"]["username"], username);
        let cut = &password[..password.char_indices().last().unwrap().0];
        let wrong = socket.ask(&login(username, cut)).await;
        assert!(wrong["error"].is_string(), "{wrong}");
        let right = socket.ask(&login(username, password)).await;
        assert!(right["data"]["token"].is_string(), "{right}");
    }
    let refused = socket.ask(&new("longer", &"x".repeat(1025))).await;
    assert_eq!(refused["error"], "invalid_password");
}

/// Proves: actions.new.any_username
#[tokio::test]
async fn any_script_makes_a_username() {
    let server = Server::start().await;
    let mut socket = guest(&server).await;
    let long = "ü".repeat(150);
    for username in ["User Name", "Ада Лавлейс", "愛達", "عائدة", "ada.l-2_+", &long] {
        let answer = socket.ask(&new(username, PASSWORD)).await;
        assert_eq!(answer["data"]["username"], username, "{answer}");
    }
    for username in ["ü".repeat(151).as_str(), "a\u{0}b", "a\nb", "a\u{202e}b", "a\u{200b}b", "ada "] {
        let answer = socket.ask(&new(username, PASSWORD)).await;
        assert_eq!(answer["error"], "invalid_username", "{username:?}");
    }
}

/// Proves: actions.new.unique
#[tokio::test]
async fn two_names_that_look_alike_cannot_stand_side_by_side() {
    let server = Server::start().await;
    let mut socket = guest(&server).await;
    let first = socket.ask(&new("Alice", PASSWORD)).await;
    assert!(first["data"].is_object(), "{first}");
    for rival in ["ALICE", "\u{ff21}lice", "\u{410}lice"] {
        let answer = socket.ask(&new(rival, PASSWORD)).await;
        assert_eq!(answer["error"], "username_taken", "{rival}");
    }
    for neighbour in ["corn", "com"] {
        let answer = socket.ask(&new(neighbour, PASSWORD)).await;
        assert_eq!(answer["data"]["username"], neighbour);
    }
    let folded = socket.ask(&login("aLiCe", PASSWORD)).await;
    assert!(folded["data"]["token"].is_string(), "{folded}");
}

/// Proves: actions.new.privileged_ignored, actions.edit.privileged
#[tokio::test]
async fn nobody_makes_himself_an_admin() {
    let server = Server::start().await;
    let mut socket = guest(&server).await;
    let mut request = new("mallory", PASSWORD);
    request["data"]["admin_level"] = json!(2);
    request["data"]["adminLevel"] = json!(2);
    request["data"]["id"] = json!(77);
    let created = socket.ask(&request).await;
    assert_ne!(created["data"]["user_id"], "77");
    socket.ask(&login("mallory", PASSWORD)).await;
    let changes = json!({"admin_level": 2, "adminLevel": 2, "user_id": "77", "bio": "Meek."});
    let edited = socket.ask(&edit(&changes)).await;
    assert_eq!(edited["data"]["bio"], "Meek.");
    assert_eq!(edited["data"]["admin_level"], 0);
    assert_eq!(edited["data"]["user_id"], created["data"]["user_id"]);
}

/// Proves: actions.login.username_only
#[tokio::test]
async fn a_username_that_looks_like_an_address_stands_in_nobodys_way() {
    let server = Server::start().await;
    let mut socket = guest(&server).await;
    let mut owner = new("owner", "the owner's");
    owner["data"]["email"] = json!("ada@example.com");
    socket.ask(&owner).await;
    let refused = socket.ask(&login("ada@example.com", "the owner's")).await;
    assert!(refused["error"].is_string(), "{refused}");

    socket.ask(&new("ada@example.com", "the other's")).await;
    let by_email = json!({"email": "ada@example.com", "password": "the owner's"});
    let answer = socket.ask(&json!({"action": "login", "data": by_email})).await;
    let token = answer["data"]["token"].as_str().unwrap();
    assert_eq!(forge::claims(token)["username"], "owner");
}

/// Proves: actions.login.token_life
#[tokio::test]
async fn the_token_lives_a_day() {
    let server = Server::start().await;
    let mut socket = guest(&server).await;
    socket.ask(&new("ada", PASSWORD)).await;
    let answer = socket.ask(&login("ada", PASSWORD)).await;
    let token = answer["data"]["token"].as_str().unwrap();
    assert_eq!(forge::life(token), 24 * 3600);
    server.wait_minutes(24 * 60 + 1);
    assert!(!server.accepts(token).await);
}

/// Proves: actions.logout.foreign
#[tokio::test]
async fn a_bound_connection_ends_no_session_of_somebody_else() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let mut mallory = member(&server, "mallory").await;
    let logout = json!({"action": "logout", "data": {"token": ada.token}});
    let answer = mallory.ask(&logout).await;
    assert_eq!(answer["action"], "logout");
    assert!(answer["error"].is_string(), "{answer}");
    assert!(server.accepts(&ada.token).await);
}

/// Proves: actions.me.data_token
#[tokio::test]
async fn data_token_binds_in_me_details_and_edit() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    for action in ["me", "details", "edit"] {
        let mut socket = guest(&server).await;
        let request = json!({"action": action, "data": {"token": ada.token}});
        let answer = socket.ask(&request).await;
        assert_eq!(answer["data"]["username"], "ada", "{answer}");
        assert_eq!(socket.ask(&me()).await["data"]["username"], "ada");
    }
    let mut socket = guest(&server).await;
    let ping = json!({"action": "ping", "data": {"token": ada.token}});
    assert_eq!(socket.ask(&ping).await, json!({"action": "pong"}));
    assert!(socket.ask(&me()).await["error"].is_string(), "ping must bind nothing");
}

/// Proves: actions.me.bound_stays
#[tokio::test]
async fn data_token_moves_no_bound_connection() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let mut bob = member(&server, "bob").await;
    let request = json!({"action": "me", "data": {"token": ada.token}});
    let answer = bob.ask(&request).await;
    assert_ne!(answer["data"]["username"], "ada");
    assert_eq!(bob.ask(&me()).await["data"]["username"], "bob");
}

/// Proves: actions.edit.rename_taken
#[tokio::test]
async fn a_rename_obeys_the_rules_of_names() {
    let server = Server::start().await;
    server.member("ada").await;
    let mut bob = member(&server, "bob").await;
    let taken = bob.ask(&edit(&json!({"username": "ADA"}))).await;
    assert_eq!(taken, json!({"action": "edit", "error": "username_taken"}));
    let refused = bob.ask(&edit(&json!({"username": " bob"}))).await;
    assert_eq!(refused, json!({"action": "edit", "error": "invalid_username"}));
    let recased = bob.ask(&edit(&json!({"username": "Bob"}))).await;
    assert_eq!(recased["data"]["username"], "Bob");
}

/// Proves: actions.edit.email
#[tokio::test]
async fn a_new_address_needs_the_password_and_its_owners_consent() {
    let server = Server::start().await;
    let mut socket = guest(&server).await;
    let mut ada = new("ada", PASSWORD);
    ada["data"]["email"] = json!("old@example.com");
    socket.ask(&ada).await;
    let first = server.mail("old@example.com", 1).await.secret();
    server.get(&format!("/api/v1/user/verify/{first}")).send().await.expect(200);
    socket.ask(&login("ada", PASSWORD)).await;

    let without = socket.ask(&edit(&json!({"email": "new@example.com"}))).await;
    assert!(without["error"].is_string(), "{without}");
    let changes = json!({"email": "new@example.com", "password": PASSWORD});
    let pending = socket.ask(&edit(&changes)).await;
    assert_eq!(pending["data"]["email"], "old@example.com");
    assert_eq!(socket.ask(&me()).await["data"]["email"], "old@example.com");

    let secret = server.mail("new@example.com", 1).await.secret();
    server.get(&format!("/api/v1/user/verify/{secret}")).send().await.expect(200);
    assert_eq!(socket.ask(&me()).await["data"]["email"], "new@example.com");
    server.mail("old@example.com", 2).await;
}

/// Nobody can have a stranger flooded with mails: who asks again too soon is told so, and nothing of the edit is done.
#[tokio::test]
async fn an_edit_that_would_mail_too_often_changes_nothing() {
    let server = Server::start().await;
    let mut ada = member(&server, "ada").await;
    let edited = |bio| edit(&json!({"email": "new@example.com", "password": PASSWORD, "bio": bio}));
    assert_eq!(ada.ask(&edited("first")).await["data"]["bio"], "first");
    let refusal = ada.ask(&edited("second")).await;
    assert_eq!(refusal, json!({"action": "edit", "error": "Too many attempts; try again later."}));
    assert_eq!(ada.ask(&me()).await["data"]["bio"], "first");

    server.wait_minutes(16);
    assert_eq!(ada.ask(&edited("third")).await["data"]["bio"], "third");
    // Mails go out in their order: one of the refusal would lie before that of the third.
    server.mail("new@example.com", 2).await;
    assert_eq!(server.mails("new@example.com"), 2);
}
