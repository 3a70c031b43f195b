//! `native`: what a room's rules mean to those who follow it, and what one hears of oneself.

use serde_json::{Value, json};

use crate::harness::{Member, PASSWORD, Server};
use crate::native_rooms::room;
use crate::native_socket::{LIVE, Live};
use crate::socket::Closed;

/// Somebody on the live socket, greeted.
async fn live(server: &Server, who: &Member) -> Live {
    let mut live = Live::on(server.socket(LIVE).bearer(&who.token).connect().await);
    assert_eq!(live.next().await["account"]["id"], who.id);
    live
}

async fn over(live: &mut Live) -> Value {
    let told = live.told("unsubscribed").await;
    assert_eq!(told["room"], "tea", "{told}");
    told["reason"].clone()
}

/// Proves: native.live.put_out, native.live.guest
#[tokio::test]
async fn who_is_banned_is_put_out_at_once_and_kept_out() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    server.make(&ada, "tea", "public").await;
    let (mut owner, mut one, mut two) =
        (live(&server, &ada).await, live(&server, &bob).await, live(&server, &bob).await);
    for live in [&mut owner, &mut one, &mut two] {
        live.subscribe("tea", None).await;
    }
    let mut seat = server.enter(&bob, "tea").await;
    let ban = room("tea", &format!("/bans/{}", bob.id));
    server.ask(&ada, "PUT", &ban, Some(json!({"reason": "noise"}))).await.expect(204);
    assert_eq!((over(&mut one).await, over(&mut two).await), (json!("banned"), json!("banned")));
    assert_eq!(seat.closed().await, Closed { code: Some(1008), reason: "banned".to_owned() });
    let (mut event, mut left) = (Value::Null, Value::Null);
    while event.is_null() || left.is_null() {
        let told = owner.next().await;
        match told["type"].as_str() {
            Some("event") => event = told["event"].clone(),
            Some("left") => left = told["person"].clone(),
            _ => {}
        }
    }
    assert_eq!(
        (&event["change"], &event["subject"], &left),
        (&json!("banned"), &left, &json!({"id": bob.id, "username": "bob"}))
    );
    assert_eq!(one.refused(json!({"type": "subscribe", "room": "tea"})).await, "banned");
    assert_eq!(one.refused(json!({"type": "post", "room": "tea", "text": "x", "key": "k"})).await, "banned");
    let refused = server.get(&room("tea", "/stream")).bearer(&bob.token).send().await.expect(403);
    assert_eq!(refused.json()["type"], "/docs#banned");
    Live::guest(&server).await.subscribe("tea", None).await;
    server.ask(&ada, "DELETE", &ban, None).await.expect(204);
    one.subscribe("tea", None).await;
}

/// Proves: native.live.put_out
#[tokio::test]
async fn a_room_made_private_keeps_its_members() {
    let server = Server::start().await;
    let (ada, bob, cleo) = (server.member("ada").await, server.member("bob").await, server.member("cleo").await);
    server.make(&ada, "tea", "public").await;
    server.ask(&bob, "PUT", &room("tea", "/members/me"), None).await.expect(200);
    let (mut member, mut stranger) = (live(&server, &bob).await, live(&server, &cleo).await);
    let mut guest = Live::guest(&server).await;
    for live in [&mut member, &mut stranger, &mut guest] {
        live.subscribe("tea", None).await;
    }
    server.ask(&ada, "PATCH", &room("tea", ""), Some(json!({"visibility": "private"}))).await.expect(200);
    assert_eq!((over(&mut stranger).await, over(&mut guest).await), (json!("private"), json!("private")));
    assert_eq!(stranger.refused(json!({"type": "subscribe", "room": "tea"})).await, "not_found");
    let event = member.event().await;
    assert_eq!((&event["type"], &event["visibility"]), (&json!("room"), &json!("private")));
    member.post("tea", "among us", "k1").await;
    assert_eq!(member.event().await["text"], "among us");
    let path = room("tea", &format!("/members/{}", bob.id));
    server.ask(&ada, "DELETE", &path, None).await.expect(204);
    assert_eq!(over(&mut member).await, "removed");
    assert_eq!(member.refused(json!({"type": "subscribe", "room": "tea"})).await, "not_found");
}

/// Proves: native.live.put_out
#[tokio::test]
async fn who_is_no_administrator_any_more_hears_no_private_room() {
    let server = Server::start().await;
    let (ada, root, other) = (server.member("ada").await, server.admin("root").await, server.admin("other").await);
    server.make(&ada, "tea", "private").await;
    let mut overseer = live(&server, &other).await;
    overseer.subscribe("tea", None).await;
    let mut seat = server.enter(&other, "tea").await;
    let path = format!("/api/v2/admin/accounts/{}", other.id);
    server.ask(&root, "PATCH", &path, Some(json!({"admin_level": 0}))).await.expect(200);
    assert_eq!(over(&mut overseer).await, "private");
    assert_eq!(seat.closed().await, Closed { code: Some(1008), reason: "private".to_owned() });
    assert_eq!(overseer.refused(json!({"type": "subscribe", "room": "tea"})).await, "not_found");
}

/// Proves: native.live.put_out
#[tokio::test]
async fn nothing_is_heard_of_a_room_that_is_gone() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    server.make(&ada, "tea", "public").await;
    server.say(&ada, "tea", "secret").await;
    let mut follower = live(&server, &bob).await;
    let epoch = follower.subscribe("tea", None).await["epoch"].as_str().unwrap().to_owned();
    server.ask(&ada, "DELETE", &room("tea", ""), None).await.expect(204);
    assert_eq!(over(&mut follower).await, "deleted");
    let again = json!({"type": "subscribe", "room": "tea", "since": {"epoch": epoch, "seq": 0}});
    assert_eq!(follower.refused(again).await, "not_found");
    let post = json!({"type": "post", "room": "tea", "text": "x", "key": "k"});
    assert_eq!(follower.refused(post).await, "not_found");
}

/// Proves: native.live.direct
#[tokio::test]
async fn of_a_direct_room_only_the_two_hear() {
    let server = Server::start().await;
    let (ada, bob, cleo) = (server.member("ada").await, server.member("bob").await, server.member("cleo").await);
    let made = server.ask(&ada, "POST", "/api/v2/rooms", Some(json!({"with": bob.id}))).await.expect(201).json();
    let name = made["name"].as_str().unwrap();
    let (mut one, mut two, mut third) =
        (live(&server, &ada).await, live(&server, &bob).await, live(&server, &cleo).await);
    one.subscribe(name, None).await;
    two.subscribe(name, None).await;
    one.post(name, "psst", "k1").await;
    assert_eq!(two.event().await["text"], "psst");
    let nobody = format!("direct:{}:{}", ada.id, i64::MAX);
    assert_eq!(server.door(&nobody).subprotocols(&[&ada.token]).refused().await.status, 403);
    for request in [
        json!({"type": "subscribe", "room": name}),
        json!({"type": "post", "room": name, "text": "x", "key": "k"}),
        json!({"type": "typing", "room": name}),
    ] {
        assert_eq!(third.refused(request).await, "not_found");
    }
    assert_eq!(Live::guest(&server).await.refused(json!({"type": "subscribe", "room": name})).await, "not_found");
}

/// Proves: native.live.muted
#[tokio::test]
async fn who_is_muted_hears_and_does_not_write() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    server.make(&ada, "tea", "public").await;
    let mut muted = live(&server, &bob).await;
    muted.subscribe("tea", None).await;
    let path = room("tea", &format!("/mutes/{}", bob.id));
    server.ask(&ada, "PUT", &path, Some(json!({"seconds": 600}))).await.expect(204);
    assert_eq!(muted.event().await["change"], "muted");
    let answer = muted.ask(json!({"type": "post", "room": "tea", "text": "x", "key": "k"})).await;
    assert_eq!((&answer["problem"]["type"], answer["problem"]["until"].is_string()), (&json!("/docs#muted"), true));
    assert_eq!(muted.refused(json!({"type": "typing", "room": "tea"})).await, "muted");
    server.ask(&ada, "PATCH", &room("tea", ""), Some(json!({"slow_mode": 60}))).await.expect(200);
    let cleo = server.member("cleo").await;
    let mut slow = live(&server, &cleo).await;
    slow.post("tea", "one", "k1").await;
    let second = json!({"type": "post", "room": "tea", "text": "two", "key": "k2"});
    assert_eq!(slow.refused(second).await, "slow_mode");
}

/// Proves: native.live.changed
#[tokio::test]
async fn one_hears_what_is_to_be_read_anew() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    let mut listener = live(&server, &bob).await;
    server.make(&ada, "tea", "private").await;
    let invitation = json!({"account": bob.id});
    server.ask(&ada, "POST", &room("tea", "/invitations"), Some(invitation)).await.expect(201);
    let changed = |what: &str| json!({"type": "changed", "what": what});
    assert_eq!(listener.next().await, changed("invitations"));
    server.ask(&bob, "PUT", &room("tea", "/members/me"), None).await.expect(200);
    let mut told = [listener.next().await, listener.next().await];
    told.sort_by_key(Value::to_string);
    assert_eq!(told, [changed("invitations"), changed("rooms")]);
    server.ask(&bob, "PATCH", "/api/v2/me", Some(json!({"bio": "Builds."}))).await.expect(200);
    assert_eq!(listener.next().await, changed("me"));
    let credentials = json!({"username": "bob", "password": PASSWORD, "grant": "tokens"});
    server.post("/api/v2/sessions", &credentials).send().await.expect(201);
    assert_eq!(listener.next().await, changed("sessions"));
}

/// Proves: native.live.room_name
#[tokio::test]
async fn a_room_has_one_name_however_others_spell_it() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    server.make(&ada, "Tea Room", "public").await;
    let _first = server.door("TEA ROOM").connect().await;
    let mut follower = live(&server, &ada).await;
    let subscribed = follower.subscribe("tea room", None).await;
    assert_eq!(subscribed["room"], "Tea Room");
    server.say(&ada, "TEA room", "hello").await;
    let told = follower.told("event").await;
    assert_eq!((&told["room"], &told["event"]["text"]), (&json!("Tea Room"), &json!("hello")));
}
