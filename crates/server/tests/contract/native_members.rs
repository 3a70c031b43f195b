//! `native`: members of rooms, and what keeps order among them. It holds in every contract.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Member, Server};
use crate::native_rooms::{kind, room};

async fn role(server: &Server, who: &Member, name: &str, of: &Member, role: &str) -> u16 {
    let path = room(name, &format!("/members/{}", of.id));
    server.ask(who, "PATCH", &path, Some(json!({"role": role}))).await.status
}

/// Proves: native.members.join, native.members.list, native.members.leave, native.members.last_owner
#[tokio::test]
async fn people_come_and_go() {
    let server = Server::alone(&[]).await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    server.make(&ada, "tea", "public").await;
    let joined = server.ask(&bob, "PUT", &room("tea", "/members/me"), None).await.expect(200).json();
    assert_eq!((&joined["me"]["role"], &joined["members"]), (&json!("member"), &json!(2)));
    server.ask(&bob, "PUT", &room("tea", "/members/me"), None).await.expect(200);
    let socket = server.enter(&bob, "tea").await;
    let list = server.get(&room("tea", "/members")).send().await.expect(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert_eq!((&list["items"][0]["person"]["username"], &list["items"][0]["role"]), (&json!("ada"), &json!("owner")));
    assert_eq!((&list["items"][0]["present"], &list["items"][1]["present"]), (&json!(false), &json!(true)));
    let first = server.get(&room("tea", "/members?limit=1")).send().await.expect(200).json();
    let after = format!("/members?limit=1&after={}", first["next"].as_str().unwrap());
    let second = server.get(&room("tea", &after)).send().await.expect(200).json();
    assert_eq!((&second["items"][0]["person"]["id"], &second["next"]), (&json!(bob.id), &Value::Null));
    let found = server.get(&room("tea", "/members?q=BO")).send().await.expect(200).json();
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let everybody = server.ask(&bob, "GET", &room("lobby", "/members?q=a"), None).await.expect(200).json();
    assert_eq!(everybody["items"][0]["person"]["username"], "ada");
    drop(socket);

    let owner_leaves = server.ask(&ada, "DELETE", &room("tea", "/members/me"), None).await.expect(409);
    assert_eq!(kind(&owner_leaves), "last_owner");
    assert_eq!(role(&server, &ada, "tea", &ada, "member").await, 409);
    assert_eq!(role(&server, &ada, "tea", &bob, "owner").await, 200);
    server.ask(&ada, "DELETE", &room("tea", "/members/me"), None).await.expect(204);
    assert_eq!(server.ask(&ada, "DELETE", &room("tea", "/members/me"), None).await.status, 404);
    let log = server.get(&room("tea", "/events")).send().await.expect(200).json();
    let told: Vec<_> = log["items"].as_array().unwrap().iter().map(|event| event["change"].clone()).collect();
    assert_eq!(told, ["joined", "role", "left"]);
    assert_eq!(server.ask(&bob, "DELETE", &room("lobby", "/members/me"), None).await.status, 403);
}

/// Proves: native.members.invitation, native.members.invitations, native.members.declined
#[tokio::test]
async fn a_private_room_is_entered_by_invitation() {
    let server = Server::start().await;
    let (ada, bob, eve) = (server.member("ada").await, server.member("bob").await, server.member("eve").await);
    server.make(&ada, "den", "private").await;
    assert_eq!(server.ask(&bob, "PUT", &room("den", "/members/me"), None).await.status, 404);
    let invite = |who: &Member| Some(json!({"account": who.id}));
    let made = server.ask(&ada, "POST", &room("den", "/invitations"), invite(&bob)).await.expect(201).json();
    assert_eq!((&made["room"]["name"], &made["by"]["username"]), (&json!("den"), &json!("ada")));
    let waiting = server.ask(&bob, "GET", "/api/v2/invitations", None).await.expect(200).json();
    assert_eq!(waiting["items"], json!([made]));
    assert_eq!(server.ask(&bob, "GET", &room("den", ""), None).await.status, 404, "not before joining");
    server.ask(&bob, "PUT", &room("den", "/members/me"), None).await.expect(200);
    server.enter(&bob, "den").await;
    assert_eq!(server.ask(&ada, "POST", &room("den", "/invitations"), invite(&bob)).await.status, 409);
    assert_eq!(server.ask(&bob, "POST", &room("den", "/invitations"), invite(&eve)).await.status, 403);
    server.ask(&ada, "POST", &room("den", "/invitations"), invite(&eve)).await.expect(201);
    server.ask(&eve, "DELETE", "/api/v2/invitations/den", None).await.expect(204);
    assert_eq!(server.ask(&eve, "PUT", &room("den", "/members/me"), None).await.status, 404);
    server.ask(&ada, "POST", &room("den", "/invitations"), invite(&eve)).await.expect(201);
    let back = room("den", &format!("/invitations/{}", eve.id));
    assert_eq!(server.ask(&bob, "DELETE", &back, None).await.status, 403);
    server.ask(&ada, "DELETE", &back, None).await.expect(204);
    assert_eq!(server.ask(&eve, "GET", "/api/v2/invitations", None).await.expect(200).json()["items"], json!([]));
    assert_eq!(
        server.ask(&ada, "POST", &room("den", "/invitations"), Some(json!({"account": 4_242}))).await.status,
        404
    );

    // The last who leaves takes a private room with them.
    let mut bobs = server.enter(&bob, "den").await;
    server.ask(&bob, "DELETE", &room("den", "/members/me"), None).await.expect(204);
    bobs.closed().await;
    server.ask(&ada, "DELETE", &room("den", "/members/me"), None).await.expect(204);
    assert_eq!(server.ask(&ada, "GET", &room("den", ""), None).await.status, 404);
}

/// Proves: native.ban.everywhere, native.ban.at_once, native.ban.list, native.ban.lifted
#[tokio::test]
async fn a_ban_holds_in_every_contract() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    server.make(&ada, "tea", "public").await;
    server.ask(&bob, "PUT", &room("tea", "/members/me"), None).await.expect(200);
    let mut socket = server.enter(&bob, "tea").await;
    let ban = room("tea", &format!("/bans/{}", bob.id));
    server.ask(&ada, "PUT", &ban, Some(json!({"reason": "spam", "seconds": 3_600}))).await.expect(204);
    assert_eq!(socket.closed().await.code, Some(1008));
    for (method, rest, body) in [
        ("GET", "/messages", None),
        ("POST", "/messages", Some(json!({"text": "hi"}))),
        ("GET", "", None),
        ("PUT", "/members/me", None),
    ] {
        let refused = server.ask(&bob, method, &room("tea", rest), body).await.expect(403);
        assert_eq!(kind(&refused), "banned", "{method} {rest}");
    }
    assert_eq!(server.door("tea").subprotocols(&[&bob.token]).refused().await.status, 403);
    server.get(&room("tea", "/messages")).send().await.expect(200);
    server.door("tea").connect().await;
    let list = server.ask(&ada, "GET", &room("tea", "/bans"), None).await.expect(200).json();
    let one = &list["items"][0];
    assert_eq!(
        (&one["person"]["username"], &one["by"]["username"], &one["reason"]),
        (&json!("bob"), &json!("ada"), &json!("spam"))
    );
    assert!(one["until"].is_string());
    let mine = server.ask(&bob, "GET", "/api/v2/rooms", None).await.expect(200);
    assert!(!mine.text().contains("tea"));
    server.clock().advance(Duration::from_secs(3_601));
    server.enter(&bob, "tea").await;
    server.ask(&ada, "PUT", &ban, Some(json!({}))).await.expect(204);
    server.clock().advance(Duration::from_hours(24 * 9));
    let (ada, bob) = (server.log_in("ada").await, server.log_in("bob").await);
    assert_eq!(server.ask(&bob, "GET", &room("tea", ""), None).await.status, 403);
    server.ask(&ada, "DELETE", &ban, None).await.expect(204);
    server.ask(&ada, "DELETE", &ban, None).await.expect(204);
    server.enter(&bob, "tea").await;
}

/// Proves: native.lobby.moderated, native.lobby.kept
#[tokio::test]
async fn administrators_moderate_the_lobby() {
    let server = Server::start().await;
    let (bob, admin) = (server.member("bob").await, server.admin("root").await);
    let lobby = server.ask(&bob, "GET", &room("lobby", ""), None).await.expect(200).json();
    assert_eq!((&lobby["me"]["role"], &lobby["visibility"]), (&json!("member"), &json!("public")));
    assert_eq!(server.get(&room("lobby", "")).send().await.status, 401);
    let ban = room("lobby", &format!("/bans/{}", bob.id));
    assert_eq!(
        server.ask(&bob, "PUT", &room("lobby", &format!("/bans/{}", admin.id)), Some(json!({}))).await.status,
        403
    );
    server.say(&admin, "lobby", "among us").await;
    let mut joined = server.socket("/join").bearer(&bob.token).connect().await;
    let mute = room("lobby", &format!("/mutes/{}", bob.id));
    server.ask(&admin, "PUT", &mute, Some(json!({"seconds": 60}))).await.expect(204);
    joined.send(&json!({"type": "chat_message", "msg": {"text": "hi"}})).await;
    while joined.receive().await["type"] != "error" {}
    server.ask(&admin, "PUT", &ban, Some(json!({"reason": ""}))).await.expect(204);
    joined.closed().await;
    assert_eq!(server.socket("/join").bearer(&bob.token).refused().await.status, 403);
    assert_eq!(server.door("lobby").subprotocols(&[&bob.token]).refused().await.status, 403);
    assert_eq!(kind(&server.ask(&bob, "GET", &room("lobby", "/messages"), None).await.expect(403)), "banned");
    for list in ["/api/v2/rooms", "/api/v2/rooms?scope=public&q=lobby"] {
        let listed = server.ask(&bob, "GET", list, None).await.expect(200).json();
        assert_eq!((&listed["items"][0]["name"], &listed["items"][0]["last_message"]), (&json!("lobby"), &Value::Null));
    }
    server.ask(&admin, "DELETE", &ban, None).await.expect(204);
    server.socket("/join").bearer(&bob.token).connect().await;
    for (method, body) in [("DELETE", None), ("PATCH", Some(json!({"visibility": "private"})))] {
        assert_eq!(server.ask(&admin, method, &room("lobby", ""), body).await.status, 403);
    }
}

/// Proves: native.mute.everywhere, native.mute.until
#[tokio::test]
async fn who_is_muted_reads_and_does_not_write() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    server.make(&ada, "tea", "public").await;
    let seq = server.say(&ada, "tea", "hello").await;
    let mut socket = server.enter(&bob, "tea").await;
    let mute = room("tea", &format!("/mutes/{}", bob.id));
    for bad in [59, 31_536_001, -1] {
        assert_eq!(server.ask(&ada, "PUT", &mute, Some(json!({"seconds": bad}))).await.status, 422);
    }
    server.ask(&ada, "PUT", &mute, Some(json!({"seconds": 60}))).await.expect(204);
    server.ask(&bob, "GET", &room("tea", "/messages"), None).await.expect(200);
    let refused = server.ask(&bob, "POST", &room("tea", "/messages"), Some(json!({"text": "hi"}))).await.expect(403);
    assert_eq!(kind(&refused), "muted");
    assert!(refused.json()["until"].is_string());
    let react = room("tea", &format!("/messages/{seq}/reactions/%F0%9F%91%8D"));
    assert_eq!(server.ask(&bob, "PUT", &react, None).await.status, 403);
    socket.send(&json!({"text": "hi"})).await;
    let closed = socket.closed().await;
    assert_eq!((closed.code, closed.reason.as_str()), (Some(1008), "muted"));
    server.clock().advance(Duration::from_secs(61));
    server.say(&bob, "tea", "again").await;
    server.ask(&ada, "PUT", &mute, Some(json!({"seconds": 60}))).await.expect(204);
    server.ask(&ada, "DELETE", &mute, None).await.expect(204);
    server.say(&bob, "tea", "and again").await;
}

/// Proves: native.moderation.ranks
#[tokio::test]
async fn nobody_acts_on_their_equals_but_owners_and_administrators() {
    let server = Server::start().await;
    let (ada, mod1, mod2) = (server.member("ada").await, server.member("one").await, server.member("two").await);
    let (bob, admin) = (server.member("bob").await, server.admin("root").await);
    server.make(&ada, "tea", "public").await;
    for who in [&mod1, &mod2, &bob] {
        server.ask(who, "PUT", &room("tea", "/members/me"), None).await.expect(200);
    }
    for who in [&mod1, &mod2] {
        assert_eq!(role(&server, &ada, "tea", who, "moderator").await, 200);
    }
    let act = async |who: &Member, on: &Member| {
        let path = room("tea", &format!("/mutes/{}", on.id));
        server.ask(who, "PUT", &path, Some(json!({"seconds": 60}))).await.status
    };
    assert_eq!(act(&bob, &ada).await, 403);
    assert_eq!(act(&bob, &mod1).await, 403);
    assert_eq!(act(&mod1, &ada).await, 403);
    assert_eq!(act(&mod1, &mod2).await, 403);
    assert_eq!(act(&mod1, &admin).await, 403);
    assert_eq!(act(&ada, &admin).await, 403);
    assert_eq!(act(&mod1, &bob).await, 204);
    assert_eq!(act(&ada, &mod1).await, 204);
    assert_eq!(act(&admin, &ada).await, 204);
    assert_eq!(act(&ada, &ada).await, 409);
    assert_eq!(role(&server, &mod1, "tea", &bob, "moderator").await, 403);
    let topic = |body| server.ask(&mod2, "PATCH", room("tea", "").leak(), Some(body));
    assert_eq!(topic(json!({"topic": "ours", "slow_mode": 0})).await.status, 200);
    assert_eq!(topic(json!({"visibility": "private"})).await.status, 403);
    assert_eq!(server.ask(&mod2, "DELETE", &room("tea", ""), None).await.status, 403);
    let out = room("tea", &format!("/members/{}", bob.id));
    server.ask(&mod2, "DELETE", &out, None).await.expect(204);
    assert_eq!(server.ask(&mod2, "DELETE", &out, None).await.status, 404);
    // An administrator takes the last owner out, and the longest-standing moderator takes over.
    server.ask(&admin, "PUT", &room("tea", &format!("/bans/{}", ada.id)), Some(json!({}))).await.expect(204);
    let seen = server.ask(&mod1, "GET", &room("tea", ""), None).await.expect(200).json();
    assert_eq!(seen["me"]["role"], "owner");
}

/// Proves: native.slow_mode.together, native.slow_mode.exempt, native.slow_mode.retry
#[tokio::test]
async fn a_slow_room_is_slow_through_every_door() {
    let server = Server::alone(&[]).await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    server.make(&ada, "tea", "public").await;
    server.ask(&ada, "PATCH", &room("tea", ""), Some(json!({"slow_mode": 10}))).await.expect(200);
    let mut socket = server.enter(&bob, "tea").await;
    socket.send(&json!({"text": "by socket", "key": "k1"})).await;
    socket.receive().await;
    let post = |text: &str, key: &str| {
        let body = json!({"text": text, "key": key});
        server.ask(&bob, "POST", room("tea", "/messages").leak(), Some(body))
    };
    let soon = post("by HTTP", "k2").await.expect(429);
    assert_eq!((kind(&soon).as_str(), soon.header("retry-after")), ("slow_mode", Some("10")));
    assert_eq!(post("by socket", "k1").await.status, 200, "a retry is no new message");
    server.say(&ada, "tea", "one").await;
    server.say(&ada, "tea", "two").await;
    server.clock().advance(Duration::from_secs(10));
    post("by HTTP", "k2").await.expect(201);
    socket.receive().await;
    socket.receive().await;
    socket.receive().await;
    socket.send(&json!({"text": "too soon"})).await;
    assert_eq!(socket.closed().await.reason, "too fast");
}

/// Proves: native.slow_mode.given_back
#[tokio::test]
async fn a_message_that_fails_takes_no_turn_in_a_slow_room() {
    let server = Server::alone(&[]).await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    server.make(&ada, "tea", "public").await;
    server.ask(&ada, "PATCH", &room("tea", ""), Some(json!({"slow_mode": 10}))).await.expect(200);
    let post = |body: Value| server.ask(&bob, "POST", room("tea", "/messages").leak(), Some(body));
    post(json!({"text": "one", "key": "k1"})).await.expect(201);
    server.clock().advance(Duration::from_secs(10));
    post(json!({"text": "two", "key": "k2"})).await.expect(201);
    server.clock().advance(Duration::from_secs(10));
    post(json!({"text": "another", "key": "k1"})).await.expect(409);
    post(json!({"text": "an answer", "reply_to": 4_242})).await.expect(404);
    post(json!({"text": "one", "key": "k1"})).await.expect(200);
    post(json!({"text": "three", "key": "k3"})).await.expect(201);
    post(json!({"text": "four", "key": "k4"})).await.expect(429);
}
