//! `native`: the live socket.

use serde_json::{Value, json};

use crate::harness::Server;
use crate::lobby;
use crate::native_people::person;
use crate::native_socket::{Live, ada_in, first_words};
use crate::rooms::only;

const TEA: &str = "/api/v1/rooms/tea/messages/ws";

/// Proves: native.live.subscribe, native.live.guest
#[tokio::test]
async fn a_guest_reads_what_is_public_and_writes_nothing() {
    let server = Server::start().await;
    let (_, mut ada) = ada_in(&server, "tea").await;
    let mut guest = Live::guest(&server).await;
    let subscribed = guest.subscribe("tea", None).await;
    assert_eq!((&subscribed["seq"], &subscribed["recovered"]), (&json!(1), &json!(true)));
    assert_eq!(subscribed["present"], json!({"count": 0, "people": []}));
    let posted = ada.post("tea", "hello", "k1").await;
    let event = guest.event().await;
    assert_eq!((&event["seq"], &event["at"]), (&posted["seq"], &posted["at"]));
    assert_eq!((&event["type"], &event["text"], &event["key"]), (&json!("message"), &json!("hello"), &json!("k1")));
    for request in [
        json!({"type": "post", "room": "tea", "text": "x", "key": "k"}),
        json!({"type": "edit", "room": "tea", "seq": 1, "text": "x"}),
        json!({"type": "delete", "room": "tea", "seq": 1}),
        json!({"type": "react", "room": "tea", "seq": 1, "emoji": "👍"}),
        json!({"type": "typing", "room": "tea"}),
        json!({"type": "read", "room": "tea", "seq": 1}),
    ] {
        assert_eq!(guest.refused(request.clone()).await, "unauthenticated", "{request}");
    }
    assert_eq!(guest.refused(json!({"type": "subscribe", "room": "nowhere"})).await, "not_found");
    assert_eq!(guest.refused(json!({"type": "subscribe", "room": "lobby"})).await, "unauthenticated");
    assert_eq!(guest.refused(json!({"type": "subscribe", "room": "tea"})).await, "conflict");
    let gone = guest.ask(json!({"type": "unsubscribe", "room": "tea"})).await;
    assert_eq!((&gone["type"], &gone["room"], gone.get("reason")), (&json!("unsubscribed"), &json!("tea"), None));
    ada.post("tea", "unheard", "k2").await;
    assert_eq!(guest.ask(json!({"type": "ping"})).await["type"], "pong");
}

/// Proves: native.live.post, native.live.one_order
#[tokio::test]
async fn whichever_contract_writes_everybody_hears_one_order() {
    let server = Server::start().await;
    let (ada, mut live) = ada_in(&server, "lobby").await;
    let bob = server.member("bob").await;
    let mut in_rooms = server.socket("/api/v1/rooms/lobby/messages/ws").bearer(&bob.token).connect().await;
    let mut in_lobby = lobby::join(&server, &bob).await;
    live.subscribe("lobby", None).await;
    let posted = live.post("lobby", "from native", "k1").await;
    in_rooms.send(&json!({"text": "from rooms"})).await;
    let event = live.event().await;
    assert_eq!((&event["seq"], &event["text"]), (&posted["seq"], &json!("from native")));
    assert_eq!(event["author"], json!({"id": ada.id, "username": "ada"}));
    let event = live.event().await;
    assert_eq!((&event["seq"], &event["text"]), (&json!(3), &json!("from rooms")));
    in_lobby.send(&lobby::say("from lobby")).await;
    assert_eq!(live.event().await["text"], "from lobby");
    for (seq, text) in (2..).zip(["from native", "from rooms", "from lobby"]) {
        let told = in_rooms.receive().await;
        assert_eq!((&only(&told)["id"], &only(&told)["text"]), (&json!(seq), &json!(text)));
    }
    let mut heard = Vec::new();
    while heard.len() < 3 {
        let told = in_lobby.receive().await;
        heard.extend(told["msg"]["text"].as_str().filter(|_| told["type"] == "chat_message").map(str::to_owned));
    }
    assert_eq!(heard, ["from native", "from rooms", "from lobby"]);
}

/// Proves: native.live.post, native.live.key
#[tokio::test]
async fn a_key_makes_a_message_once() {
    let server = Server::start().await;
    let (_, mut live) = ada_in(&server, "tea").await;
    let first = live.post("tea", "hello", "k1").await;
    assert_eq!(live.post("tea", "hello", "k1").await["seq"], first["seq"]);
    let other = json!({"type": "post", "room": "tea", "text": "other", "key": "k1"});
    assert_eq!(live.refused(other).await, "conflict");
    let reply = json!({"type": "post", "room": "tea", "text": "yes", "key": "k2", "reply_to": first["seq"]});
    assert_eq!(live.ask(reply).await["type"], "posted");
    for (text, word) in [("", "invalid"), (&"x".repeat(4_097), "too_long")] {
        assert_eq!(live.refused(json!({"type": "post", "room": "tea", "text": text, "key": "k3"})).await, word);
    }
    assert_eq!(live.refused(json!({"type": "post", "room": "nowhere", "text": "x", "key": "k"})).await, "not_found");
}

/// Proves: native.live.resume
#[tokio::test]
async fn after_a_broken_line_nothing_is_missing_and_nothing_repeated() {
    let server = Server::start().await;
    let (ada, mut writer) = ada_in(&server, "tea").await;
    let mut reader = Live::of(&server, &ada).await;
    let epoch = reader.subscribe("tea", None).await["epoch"].as_str().unwrap().to_owned();
    writer.post("tea", "heard", "k1").await;
    let last = reader.event().await["seq"].as_i64().unwrap();
    reader.socket.vanish();
    writer.post("tea", "missed", "k2").await;
    let target = last + 1;
    for change in [
        json!({"type": "edit", "room": "tea", "seq": target, "text": "changed"}),
        json!({"type": "react", "room": "tea", "seq": last, "emoji": "👍"}),
        json!({"type": "unreact", "room": "tea", "seq": last, "emoji": "👍"}),
        json!({"type": "delete", "room": "tea", "seq": last}),
    ] {
        assert_eq!(writer.ask(change.clone()).await["type"], "done", "{change}");
    }
    let mut reader = Live::of(&server, &ada).await;
    let subscribed = reader.subscribe("tea", Some((&epoch, last))).await;
    assert_eq!(subscribed["recovered"], true);
    // A node that has not heard of the newest yet says what it knows, and tells the rest like what comes later.
    assert!(subscribed["seq"].as_i64().is_some_and(|seq| seq <= last + 5), "{subscribed}");
    writer.post("tea", "and on", "k3").await;
    let mut told = Vec::new();
    for seq in last + 1..=last + 6 {
        let event = reader.event().await;
        assert_eq!(event["seq"], json!(seq), "{event}");
        told.push(event["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(told, ["message", "edited", "reacted", "unreacted", "deleted", "message"]);
    for (epoch, seq) in [("0", last), ("nonsense", last), (epoch.as_str(), last + 100), (epoch.as_str(), -1)] {
        let mut late = Live::of(&server, &ada).await;
        let subscribed = late.subscribe("tea", Some((epoch, seq))).await;
        assert_eq!(subscribed["recovered"], false, "{epoch} {seq}");
        let head = subscribed["seq"].as_i64().unwrap();
        assert!(head <= last + 6, "{epoch} {seq}");
        for seq in head + 1..=last + 6 {
            assert_eq!(late.event().await["seq"], json!(seq), "{epoch}");
        }
    }
}

/// Proves: native.live.resume
#[tokio::test]
async fn what_was_taken_away_is_not_told_to_who_comes_back() {
    let server = Server::start().await;
    let (ada, mut writer) = ada_in(&server, "tea").await;
    let epoch = writer.subscribe("tea", None).await["epoch"].as_str().unwrap().to_owned();
    let secret = writer.post("tea", "secret", "k1").await["seq"].clone();
    writer.ask(json!({"type": "delete", "room": "tea", "seq": secret})).await;
    let mut reader = Live::of(&server, &ada).await;
    reader.subscribe("tea", Some((&epoch, 1))).await;
    let (first, second) = (reader.event().await, reader.event().await);
    assert_eq!((&first["type"], &first["seq"]), (&json!("erased"), &secret));
    assert_eq!((&second["type"], &second["target"]), (&json!("deleted"), &secret));
}

/// Proves: native.live.many_rooms, native.live.changes
#[tokio::test]
async fn three_rooms_on_one_socket() {
    let server = Server::start().await;
    let (ada, mut live) = ada_in(&server, "tea").await;
    for room in ["milk", "sugar"] {
        first_words(&server, &ada, room).await;
    }
    for room in ["tea", "milk", "sugar"] {
        live.subscribe(room, None).await;
    }
    for (room, key) in [("milk", "k1"), ("tea", "k2"), ("sugar", "k3")] {
        live.post(room, &format!("in {room}"), key).await;
        let told = live.told("event").await;
        assert_eq!((&told["room"], &told["event"]["text"]), (&json!(room), &json!(format!("in {room}"))));
    }
    let react = json!({"type": "react", "room": "tea", "seq": 2, "emoji": "👍"});
    assert_eq!(live.ask(react.clone()).await["seq"], 3);
    assert_eq!(live.ask(react).await["seq"], Value::Null, "nothing changed");
    let told = live.told("event").await;
    assert_eq!((&told["event"]["type"], &told["event"]["emoji"]), (&json!("reacted"), &json!("👍")));
    for (request, refused) in [
        (json!({"type": "react", "room": "tea", "seq": 2, "emoji": "no emoji"}), "invalid"),
        (json!({"type": "react", "room": "tea", "seq": 99, "emoji": "👍"}), "not_found"),
        (json!({"type": "edit", "room": "tea", "seq": 99, "text": "x"}), "not_found"),
        (json!({"type": "delete", "room": "nowhere", "seq": 1}), "not_found"),
    ] {
        assert_eq!(live.refused(request.clone()).await, refused, "{request}");
    }
    let bob = person(&server, "bob").await;
    let mut bob = Live::of(&server, &bob).await;
    for kind in ["edit", "delete"] {
        let request = json!({"type": kind, "room": "tea", "seq": 2, "text": "mine now"});
        assert_eq!(bob.refused(request).await, "forbidden");
    }
}

/// Proves: native.live.limit
#[tokio::test]
async fn the_two_hundred_and_first_room_is_refused() {
    let server = Server::start().await;
    let (ada, mut live) = ada_in(&server, "room0").await;
    for number in 1..=200 {
        first_words(&server, &ada, &format!("room{number}")).await;
    }
    for number in 0..200 {
        live.subscribe(&format!("room{number}"), None).await;
    }
    assert_eq!(live.refused(json!({"type": "subscribe", "room": "room200"})).await, "conflict");
    live.ask(json!({"type": "unsubscribe", "room": "room7"})).await;
    live.subscribe("room200", None).await;
}

/// Proves: native.live.presence, native.live.typing
#[tokio::test]
async fn people_come_go_and_write() {
    let server = Server::start().await;
    let (ada, mut live) = ada_in(&server, "tea").await;
    live.subscribe("tea", None).await;
    let bob = person(&server, "bob").await;
    let mut other = Live::of(&server, &bob).await;
    let subscribed = other.subscribe("tea", None).await;
    assert_eq!(subscribed["present"]["count"], 2);
    let someone = json!({"id": bob.id, "username": "bob"});
    assert_eq!(live.next().await, json!({"type": "joined", "room": "tea", "person": someone}));
    for _ in 0..3 {
        other.socket.send(&json!({"type": "typing", "room": "tea"})).await;
    }
    other.post("tea", "at last", "k1").await;
    assert_eq!(live.next().await, json!({"type": "typing", "room": "tea", "person": someone}));
    assert_eq!(live.next().await["type"], "event", "once in three seconds");
    assert_eq!(other.next().await["type"], "event", "one knows oneself");
    other.ask(json!({"type": "unsubscribe", "room": "tea"})).await;
    assert_eq!(live.next().await, json!({"type": "left", "room": "tea", "person": someone}));
    let mut in_rooms = server.socket(TEA).bearer(&ada.token).connect().await;
    live.socket.send(&json!({"type": "typing", "room": "tea"})).await;
    live.post("tea", "x", "k2").await;
    assert_eq!(only(&in_rooms.receive().await)["text"], "x", "the other contracts do not know the word");
}

/// Proves: native.live.read
#[tokio::test]
async fn ones_other_connections_hear_how_far_one_has_read() {
    let server = Server::start().await;
    let (ada, mut one) = ada_in(&server, "lobby").await;
    let mut two = Live::of(&server, &ada).await;
    let done = one.ask(json!({"type": "read", "room": "lobby", "seq": 1})).await;
    assert_eq!((&done["type"], &done["seq"]), (&json!("done"), &Value::Null));
    assert_eq!(two.next().await, json!({"type": "read", "room": "lobby", "seq": 1}));
    assert_eq!(one.ask(json!({"type": "ping"})).await["type"], "pong", "one knows oneself");
    two.ask(json!({"type": "read", "room": "lobby", "seq": 1})).await;
    assert_eq!(one.ask(json!({"type": "ping"})).await["type"], "pong", "it was read before");
    one.post("lobby", "more", "k2").await;
    one.ask(json!({"type": "read", "room": "lobby", "seq": i64::MAX})).await;
    assert_eq!(two.next().await, json!({"type": "read", "room": "lobby", "seq": 2}), "nobody reads ahead of the log");
    let stranger = json!({"type": "read", "room": "nowhere", "seq": 1});
    assert_eq!(one.refused(stranger).await, "not_found");
}

/// Proves: native.live.slow
#[tokio::test]
async fn who_reads_too_slowly_is_told_to_resume_and_the_others_hear_all() {
    const LAST: i64 = 4_000;
    let server = Server::with(&[("chat.ring_entries", "64")]).await;
    let (ada, mut writer) = ada_in(&server, "tea").await;
    let mut slow = Live::of(&server, &ada).await;
    let epoch = slow.subscribe("tea", None).await["epoch"].as_str().unwrap().to_owned();
    // More than the system keeps for a peer that does not read.
    let text = "x".repeat(4_000);
    for number in 2..=LAST {
        let post = json!({"type": "post", "id": number, "room": "tea", "text": text, "key": number.to_string()});
        writer.socket.send(&post).await;
        if number % 32 == 0 {
            while writer.next().await["id"] != json!(number) {}
        }
    }
    let mut had = 1;
    loop {
        let frame = slow.next().await;
        match frame["type"].as_str() {
            Some("event") => {
                had += 1;
                assert_eq!(frame["event"]["seq"], json!(had));
            }
            Some("unsubscribed") => break assert_eq!(frame["reason"], "resume"),
            _ => panic!("{frame}"),
        }
    }
    assert!(had < LAST, "it read everything");
    let again = slow.subscribe("tea", Some((&epoch, had))).await;
    assert_eq!(again["recovered"], true);
    while had < LAST {
        had += 1;
        assert_eq!(slow.event().await["seq"], json!(had));
    }
}

/// Proves: native.live.under_way
#[tokio::test]
async fn many_messages_are_under_way_at_once_and_each_is_answered() {
    let server = Server::start().await;
    let (_, mut live) = ada_in(&server, "tea").await;
    for number in 1..=300 {
        // One room, however it is spelled.
        let room = if number % 2 == 0 { "tea" } else { "TEA" };
        let post = json!({"type": "post", "id": number, "room": room, "text": "x", "key": number.to_string()});
        live.socket.send(&post).await;
    }
    let mut seqs = Vec::new();
    for _ in 1..=300 {
        let answer = live.next().await;
        assert_eq!(answer["type"], "posted", "{answer}");
        seqs.push((answer["id"].as_i64().unwrap(), answer["seq"].as_i64().unwrap()));
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=300).map(|number| (number, number + 1)).collect::<Vec<_>>(), "in the order they were sent");
}
