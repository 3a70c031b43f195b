//! `native`: rooms, who may know of them, and what ends them. What is decided there holds in every contract.

use serde_json::{Value, json};

use crate::harness::{Member, Server};
use crate::http::{Response, percent_encoded};
use crate::socket::Socket;

/// A path of a room, with what follows its name.
pub(crate) fn room(name: &str, rest: &str) -> String {
    format!("/api/v2/rooms/{}{rest}", percent_encoded(name))
}

impl Server {
    pub(crate) async fn ask(&self, who: &Member, method: &str, path: &str, body: Option<Value>) -> Response {
        let request = self.request(method, path).bearer(&who.token);
        match body {
            Some(body) => request.json(&body).send().await,
            None => request.send().await,
        }
    }

    /// Makes a room.
    pub(crate) async fn make(&self, who: &Member, name: &str, visibility: &str) {
        let body = json!({"name": name, "visibility": visibility});
        self.ask(who, "POST", "/api/v2/rooms", Some(body)).await.expect(201);
    }

    /// Says something in a room that is there; its place.
    pub(crate) async fn say(&self, who: &Member, name: &str, text: &str) -> i64 {
        let said = self.ask(who, "POST", &room(name, "/messages"), Some(json!({"text": text}))).await.expect(201);
        said.json()["seq"].as_i64().unwrap()
    }

    /// Invites somebody into a room, and has them join.
    pub(crate) async fn let_in(&self, host: &Member, guest: &Member, name: &str) {
        let invitation = json!({"account": guest.id});
        self.ask(host, "POST", &room(name, "/invitations"), Some(invitation)).await.expect(201);
        self.ask(guest, "PUT", &room(name, "/members/me"), None).await.expect(200);
    }

    pub(crate) fn door(&self, name: &str) -> crate::socket::Handshake {
        self.socket(&format!("/api/v1/rooms/{}/messages/ws", percent_encoded(name)))
    }

    pub(crate) async fn enter(&self, who: &Member, name: &str) -> Socket {
        self.door(name).subprotocols(&[&who.token]).connect().await
    }
}

pub(crate) fn kind(answer: &Response) -> String {
    answer.json()["type"].as_str().unwrap().trim_start_matches("/docs#").to_owned()
}

/// Proves: native.rooms.make, native.rooms.list, native.rooms.public_list, native.rooms.room
#[tokio::test]
async fn a_room_is_made_found_and_listed() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    let body = json!({"name": "Tea Room", "visibility": "public", "topic": "leaves"});
    let made = server.ask(&ada, "POST", "/api/v2/rooms", Some(body.clone())).await.expect(201).json();
    assert_eq!(made["me"], json!({"role": "owner", "muted_until": null, "read_seq": 0, "unread": 0}));
    assert_eq!(
        (&made["topic"], &made["visibility"], &made["slow_mode"]),
        (&json!("leaves"), &json!("public"), &json!(0))
    );
    assert_eq!((&made["members"], &made["last_seq"], &made["with"]), (&json!(1), &json!(0), &Value::Null));
    for (who, name) in [(&bob, "tea room"), (&ada, "TEA ROOM"), (&bob, "lobby"), (&bob, "direct:1:2")] {
        let again = json!({"name": name, "visibility": "private"});
        let refused = server.ask(who, "POST", "/api/v2/rooms", Some(again)).await.expect(409);
        assert_eq!(kind(&refused), "taken", "{name}");
    }
    let seen = server.get(&room("tea room", "")).send().await.expect(200).json();
    assert_eq!((&seen["name"], &seen["me"]), (&json!("Tea Room"), &Value::Null));
    let listed = server.get("/api/v2/rooms?scope=public&q=TEA").send().await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    for name in ["lobby one", "lobby two"] {
        server.make(&ada, name, "public").await;
    }
    let page = server.get("/api/v2/rooms?scope=public&q=lobby&limit=1").send().await.expect(200).json();
    assert_eq!((&page["items"][0]["name"], page["next"].is_string()), (&json!("lobby one"), true), "{page}");
    assert_eq!(server.get("/api/v2/rooms").send().await.status, 401);
    let mine = server.ask(&ada, "GET", "/api/v2/rooms", None).await.expect(200);
    let names: Vec<_> = mine.json()["items"].as_array().unwrap().iter().map(|room| room["name"].clone()).collect();
    assert_eq!(names.len(), 4);
    assert!(names.contains(&json!("Tea Room")) && names.contains(&json!("lobby")));
    let tag = mine.header("etag").unwrap().to_owned();
    let unchanged = server.get("/api/v2/rooms").bearer(&ada.token).header("If-None-Match", &tag).send().await;
    assert_eq!(unchanged.status, 304);
    assert_eq!(server.get(&room("nowhere", "")).send().await.status, 404);
}

/// Proves: native.rooms.order, native.rooms.unread, native.rooms.pages
#[tokio::test]
async fn the_list_tells_what_is_new_and_the_last_active_first() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    for name in ["one", "two", "three"] {
        server.make(&ada, name, "public").await;
        server.clock().advance(std::time::Duration::from_secs(1));
    }
    server.ask(&bob, "PUT", &room("one", "/members/me"), None).await.expect(200);
    server.clock().advance(std::time::Duration::from_secs(1));
    let seq = server.say(&bob, "one", "hello").await;
    server.say(&ada, "one", "mine").await;
    let list = |path: &'static str| server.ask(&ada, "GET", path, None);
    let items = list("/api/v2/rooms?limit=2").await.expect(200);
    let page = items.json();
    assert_eq!((&page["items"][0]["name"], &page["items"][1]["name"]), (&json!("one"), &json!("three")));
    assert_eq!(page["items"][0]["me"]["unread"], 1, "one's own do not count");
    assert_eq!(page["items"][0]["last_message"]["text"], "mine");
    let next = format!("/api/v2/rooms?limit=2&after={}", page["next"].as_str().unwrap());
    assert_eq!(items.header("link").unwrap(), format!("<{next}>; rel=\"next\""));
    let rest = server.ask(&ada, "GET", &next, None).await.expect(200).json();
    assert_eq!((&rest["items"][0]["name"], &rest["items"][1]["name"]), (&json!("two"), &json!("lobby")));
    assert_eq!(rest["next"], Value::Null);
    server.ask(&ada, "PUT", &room("one", "/read"), Some(json!({"seq": seq}))).await.expect(204);
    server.ask(&ada, "PUT", &room("one", "/read"), Some(json!({"seq": 1}))).await.expect(204);
    let me = &server.ask(&ada, "GET", &room("one", ""), None).await.expect(200).json()["me"];
    assert_eq!((&me["read_seq"], &me["unread"]), (&json!(seq), &json!(0)));
}

/// Proves: native.private.unknown, native.private.rooms, native.private.administrator
#[tokio::test]
async fn nobody_else_learns_of_a_private_room() {
    let server = Server::start().await;
    let (ada, mallory, admin) =
        (server.member("ada").await, server.member("mallory").await, server.admin("root").await);
    server.make(&ada, "den", "private").await;
    server.say(&ada, "den", "secret words").await;
    let nowhere = server.ask(&mallory, "GET", &room("nowhere", ""), None).await.expect(404).json();
    for (method, rest, body) in [
        ("GET", "", None),
        ("PATCH", "", Some(json!({"topic": "x"}))),
        ("DELETE", "", None),
        ("GET", "/members", None),
        ("PUT", "/members/me", None),
        ("DELETE", "/members/me", None),
        ("PATCH", "/members/1", Some(json!({"role": "owner"}))),
        ("PUT", "/mutes/1", Some(json!({"seconds": 60}))),
        ("GET", "/bans", None),
        ("PUT", "/bans/1", Some(json!({}))),
        ("POST", "/invitations", Some(json!({"account": 1}))),
        ("GET", "/messages", None),
        ("GET", "/messages/1", None),
        ("GET", "/events", None),
        ("POST", "/messages", Some(json!({"text": "hi"}))),
        ("PATCH", "/messages/1", Some(json!({"text": "hi"}))),
        ("DELETE", "/messages/1", None),
        ("PUT", "/messages/1/reactions/%F0%9F%91%8D", None),
        ("PUT", "/read", Some(json!({"seq": 1}))),
    ] {
        let there = server.ask(&mallory, method, &room("den", rest), body.clone()).await;
        let not_there = server.ask(&mallory, method, &room("nowhere", rest), body).await;
        assert_eq!((there.status, there.json()), (not_there.status, not_there.json()), "{method} {rest}");
    }
    assert_eq!(server.get(&room("den", "")).send().await.expect(404).json(), nowhere);
    assert_eq!(server.get(&room("den", "/messages")).send().await.status, 404);
    let guest = server.door("den").refused().await;
    assert_eq!((guest.status, &guest.json()["error"]["type"]), (401, &json!("INVALID_AUTH_TOKEN")));
    let stranger = server.door("DEN").subprotocols(&[&mallory.token]).refused().await;
    assert_eq!((stranger.status, &stranger.json()["error"]["type"]), (403, &json!("FORBIDDEN")));
    let public = server.ask(&mallory, "GET", "/api/v2/rooms?scope=public", None).await.expect(200);
    assert!(!public.text().contains("den"));
    server.ask(&admin, "GET", &room("den", "/messages"), None).await.expect(200);
    server.enter(&admin, "den").await;
    server.enter(&ada, "den").await;
}

/// Proves: native.direct.two, native.direct.made, native.direct.reserved
#[tokio::test]
async fn a_direct_room_is_two_peoples_and_nobody_elses() {
    let server = Server::start().await;
    let (ada, bob, admin) = (server.member("ada").await, server.member("bob").await, server.admin("root").await);
    let with = |id: i64| Some(json!({"with": id}));
    let made = server.ask(&ada, "POST", "/api/v2/rooms", with(bob.id)).await.expect(201).json();
    assert_eq!((&made["visibility"], &made["with"]["username"]), (&json!("direct"), &json!("bob")));
    let name = made["name"].as_str().unwrap();
    let again = server.ask(&bob, "POST", "/api/v2/rooms", with(ada.id)).await.expect(200).json();
    assert_eq!((&again["name"], &again["with"]["username"]), (&json!(name), &json!("ada")));
    server.say(&ada, name, "between us").await;
    assert_eq!(server.ask(&ada, "POST", "/api/v2/rooms", with(ada.id)).await.status, 409);
    assert_eq!(server.ask(&ada, "POST", "/api/v2/rooms", with(4_242)).await.status, 404);
    for other in [&admin] {
        for (method, rest) in
            [("GET", ""), ("GET", "/messages"), ("GET", "/members"), ("DELETE", ""), ("PUT", "/members/me")]
        {
            assert_eq!(server.ask(other, method, &room(name, rest), None).await.status, 404, "{method} {rest}");
        }
        let invite = Some(json!({"account": other.id}));
        assert!(matches!(server.ask(&ada, "POST", &room(name, "/invitations"), invite).await.status, 403 | 409));
        assert_eq!(server.door(name).subprotocols(&[&other.token]).refused().await.status, 403);
    }
    for (method, rest, body) in
        [("DELETE", "", None), ("PATCH", "", Some(json!({"visibility": "public"}))), ("DELETE", "/members/me", None)]
    {
        assert_eq!(server.ask(&ada, method, &room(name, rest), body).await.status, 403, "{method} {rest}");
    }
    assert_eq!(server.door(name).refused().await.status, 401, "a guest");
    let mut bobs = server.enter(&bob, name).await;
    server.say(&ada, name, "still").await;
    assert_eq!(bobs.receive().await[0]["text"], "still");
    // The first message of a direct room makes it, whichever contract it comes by.
    let eve = server.member("eve").await;
    let name = format!("direct:{}:{}", ada.id.min(eve.id), ada.id.max(eve.id));
    assert_eq!(server.door(&name).subprotocols(&[&bob.token]).refused().await.status, 403);
    let mut first = server.enter(&eve, &name).await;
    first.send(&json!({"text": "hello ada"})).await;
    first.receive().await;
    let seen = server.ask(&ada, "GET", &room(&name, ""), None).await.expect(200).json();
    assert_eq!(
        (&seen["visibility"], &seen["members"], &seen["me"]["unread"]),
        (&json!("direct"), &json!(2), &json!(1))
    );
    assert_eq!(server.ask(&bob, "GET", &room(&name, ""), None).await.status, 404);
}

/// Proves: native.direct.prefix, rooms.join.reserved
#[tokio::test]
async fn what_looks_like_a_direct_room_is_nobodys() {
    let server = Server::start().await;
    let (ada, bob, admin) = (server.member("ada").await, server.member("bob").await, server.admin("root").await);
    for name in [&format!("direct:{}:{}", bob.id, ada.id), &format!("DIRECT:0{}:{}", ada.id, bob.id), "direct:"] {
        for who in [&ada, &bob, &admin] {
            let refused = server.door(name).subprotocols(&[&who.token]).refused().await;
            assert_eq!((refused.status, &refused.json()["error"]["type"]), (403, &json!("FORBIDDEN")), "{name}");
            let made = json!({"name": name, "visibility": "public"});
            assert_eq!(server.ask(who, "POST", "/api/v2/rooms", Some(made)).await.status, 409, "{name}");
            for (method, rest, body) in [
                ("GET", "", None),
                ("POST", "/messages", Some(json!({"text": "hi"}))),
                ("PUT", "/members/me", None),
                ("GET", "/stream", None),
            ] {
                let answer = server.ask(who, method, &room(name, rest), body).await;
                assert_eq!(answer.status, 404, "{method} {name} {rest}");
            }
        }
        let guest = server.door(name).refused().await;
        assert_eq!((guest.status, &guest.json()["error"]["type"]), (401, &json!("INVALID_AUTH_TOKEN")), "{name}");
    }
}

/// Proves: native.rooms.closing, native.rooms.edit
#[tokio::test]
async fn who_may_no_longer_read_is_put_out_at_once() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    server.make(&ada, "tea", "public").await;
    let mut guest = server.door("tea").connect().await;
    let mut stranger = server.enter(&bob, "tea").await;
    let mut owner = server.enter(&ada, "tea").await;
    let edit = json!({"visibility": "private", "topic": "now ours", "slow_mode": 0});
    let edited = server.ask(&ada, "PATCH", &room("tea", ""), Some(edit)).await.expect(200).json();
    assert_eq!((&edited["visibility"], &edited["topic"]), (&json!("private"), &json!("now ours")));
    assert_eq!(guest.closed().await.code, Some(1008));
    assert_eq!(stranger.closed().await.code, Some(1008));
    owner.send(&json!({"text": "alone"})).await;
    assert_eq!(owner.receive().await[0]["text"], "alone");
    assert_eq!(server.door("tea").refused().await.status, 401);
    let log = server.ask(&ada, "GET", &room("tea", "/events"), None).await.expect(200).json();
    assert_eq!(log["items"][0]["type"], "room");
    assert_eq!((&log["items"][0]["visibility"], &log["items"][0]["slow_mode"]), (&json!("private"), &Value::Null));
    for bad in [json!({"slow_mode": 3601}), json!({"slow_mode": -1}), json!({"topic": "x".repeat(251)})] {
        assert_eq!(server.ask(&ada, "PATCH", &room("tea", ""), Some(bad)).await.status, 422);
    }
}

/// Proves: native.rooms.end, native.rooms.end_rests, native.rooms.end_late
#[tokio::test]
async fn an_ended_room_is_gone_and_stays_gone() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    server.make(&ada, "tea", "public").await;
    server.say(&ada, "tea", "words that go").await;
    let mut bobs = server.enter(&bob, "tea").await;
    assert_eq!(server.ask(&bob, "DELETE", &room("tea", ""), None).await.status, 403);
    server.ask(&ada, "DELETE", &room("tea", ""), None).await.expect(204);
    bobs.closed().await;
    for who in [&ada, &bob] {
        assert_eq!(server.ask(who, "GET", &room("tea", "/messages"), None).await.status, 404);
        let late = json!({"text": "late"});
        assert_eq!(server.ask(who, "POST", &room("tea", "/messages"), Some(late)).await.status, 404);
        assert_eq!(server.door("tea").subprotocols(&[&who.token]).refused().await.status, 403);
    }
    let again = json!({"name": "tea", "visibility": "public"});
    assert_eq!(server.ask(&bob, "POST", "/api/v2/rooms", Some(again)).await.status, 409, "its name rests");
    let mine = server.ask(&ada, "GET", "/api/v2/rooms", None).await.expect(200);
    assert!(!mine.text().contains("tea"));
}

/// Proves: native.rooms.any_name
#[tokio::test]
async fn any_name_works_in_a_path() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let long = "r".repeat(64);
    for name in ["a/b", "..", "50% off", "Чай", "🍵🍵", "مقهى الشاي", "a?b#c", "members/me", &long, "me", "a+b&c=d"]
    {
        server.make(&ada, name, "public").await;
        server.say(&ada, name, "here").await;
        let page = server.ask(&ada, "GET", &room(name, "/messages"), None).await.expect(200).json();
        assert_eq!(page["items"][0]["text"], "here", "{name}");
        assert_eq!(server.ask(&ada, "GET", &room(name, ""), None).await.expect(200).json()["name"], name);
    }
    for bad in ["%FF", "%00", "a%0Ab", &"r".repeat(65)] {
        assert_eq!(server.get(&format!("/api/v2/rooms/{bad}")).send().await.status, 404, "{bad}");
    }
    let bad = json!({"name": "a\u{202e}", "visibility": "public"});
    assert_eq!(server.ask(&ada, "POST", "/api/v2/rooms", Some(bad)).await.status, 422);
    for malformed in
        [json!({}), json!({"name": "x"}), json!({"name": "x", "visibility": "direct"}), json!({"with": "a"})]
    {
        assert_eq!(server.ask(&ada, "POST", "/api/v2/rooms", Some(malformed)).await.status, 400);
    }
}
