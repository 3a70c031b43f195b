//! `native`: what the server says of its sockets, held against what is said on them.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::harness::{PASSWORD, Server};
use crate::lobby;
use crate::schema;

const ASYNCAPI: &str = "/api/v2/asyncapi.json";

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_slice(parlour_contract::asyncapi()).unwrap());

/// Fails unless a frame is one that a channel is described to have, `told` or `said`.
///
/// # Panics
/// Then.
pub(crate) fn check(channel: &str, direction: &str, frame: &Value) {
    let messages = DOCUMENT["channels"][channel]["messages"].as_object().unwrap();
    let named = messages.keys().filter(|name| name.starts_with(direction));
    let payloads = named.map(|name| &DOCUMENT["components"]["messages"][format!("{channel}.{name}")]["payload"]);
    let payloads: Vec<&Value> = payloads.collect();
    if let Err(what) = schema::check(&DOCUMENT, &json!({"anyOf": payloads}), frame) {
        panic!("{channel} is not described to have {frame}: {what}");
    }
}

/// Proves: native.specifications.asyncapi
#[tokio::test]
async fn the_description_of_the_sockets_is_served() {
    let server = Server::start().await;
    let answer = server.get(ASYNCAPI).send().await.expect(200);
    assert_eq!(answer.json(), *DOCUMENT);
    assert_eq!(DOCUMENT["asyncapi"], "3.0.0");
    let tag = answer.header("etag").unwrap();
    server.get(ASYNCAPI).header("If-None-Match", tag).send().await.expect(304);
    let channels: Vec<&String> = DOCUMENT["channels"].as_object().unwrap().keys().collect();
    assert_eq!(channels, ["actions", "live", "lobby", "rooms"]);
}

/// Proves: native.specifications.sockets
#[tokio::test]
async fn what_the_published_contracts_say_is_as_described() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let mut room = server.socket("/api/v1/rooms/tea/messages/ws").bearer(&ada.token).connect().await;
    let said = json!({"text": "hello", "key": "k1"});
    check("rooms", "said", &said);
    check("rooms", "told", &room.ask(&said).await);
    let mut lobby = server.socket("/join").bearer(&ada.token).connect().await;
    check("lobby", "said", &lobby::say("hello"));
    lobby.send(&lobby::say("hello")).await;
    lobby.send(&json!({"type": "dance"})).await;
    let kinds = ["users_online", "user_joined", "chat_message", "error"];
    let mut told = Vec::new();
    for _ in kinds {
        let frame = lobby.receive().await;
        check("lobby", "told", &frame);
        told.push(frame["type"].as_str().unwrap().to_owned());
    }
    told.sort_unstable();
    assert_eq!(told, ["chat_message", "error", "user_joined", "users_online"]);
    let mut users = server.socket("/users/").connect().await;
    let bob = json!({"username": "bob", "email": "bob@example.com", "password": PASSWORD});
    for (action, data) in [
        ("ping", json!(null)),
        ("me", json!({})),
        ("new", bob.clone()),
        ("login", json!({"username": "bob", "password": PASSWORD})),
        ("me", json!({})),
        ("details", json!({"user_id": "1"})),
        ("edit", json!({"bio": "Builds."})),
        ("logout", json!({})),
        ("dance", json!({})),
    ] {
        let mut said = json!({"action": action});
        if !data.is_null() {
            said["data"] = data;
        }
        if action != "dance" {
            check("actions", "said", &said);
        }
        check("actions", "told", &users.ask(&said).await);
    }
    users.send_text("nonsense").await;
    check("actions", "told", &users.receive().await);
}
