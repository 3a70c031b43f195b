//! `native`: what was said, read back, changed and taken away.

use serde_json::{Value, json};

use crate::harness::{Member, PASSWORD, Server};
use crate::http::percent_encoded;
use crate::native_rooms::{kind, room};

const THUMB: &str = "%F0%9F%91%8D";

async fn page(server: &Server, query: &str) -> Value {
    server.get(&room("tea", &format!("/messages{query}"))).send().await.expect(200).json()
}

fn seqs(page: &Value) -> Vec<i64> {
    page["items"].as_array().unwrap().iter().map(|event| event["seq"].as_i64().unwrap()).collect()
}

async fn tea(server: &Server) -> (Member, Member) {
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    server.make(&ada, "tea", "public").await;
    (ada, bob)
}

/// Proves: native.messages.post, native.messages.limits, native.messages.reply
#[tokio::test]
async fn a_message_is_written_once() {
    let server = Server::start().await;
    let (ada, bob) = tea(&server).await;
    let post = |body: Value| server.ask(&ada, "POST", room("tea", "/messages").leak(), Some(body));
    let mut guest = server.door("tea").connect().await;
    let first = post(json!({"text": "hello", "key": "k1"})).await.expect(201).json();
    assert_eq!((&first["seq"], &first["author"]), (&json!(1), &json!({"id": ada.id, "username": "ada"})));
    assert_eq!(guest.receive().await[0]["text"], "hello");
    assert_eq!(post(json!({"text": "hello", "key": "k1"})).await.expect(200).json(), first);
    assert_eq!(kind(&post(json!({"text": "other", "key": "k1"})).await.expect(409)), "conflict");
    let reply = server.ask(&bob, "POST", &room("tea", "/messages"), Some(json!({"text": "hi", "reply_to": 1}))).await;
    assert_eq!(reply.expect(201).json()["reply_to"], 1);
    for nothing in [3, 0, -1, i64::MAX] {
        assert_eq!(post(json!({"text": "hi", "reply_to": nothing})).await.status, 404);
    }
    post(json!({"text": "x".repeat(4_096)})).await.expect(201);
    assert_eq!(kind(&post(json!({"text": "x".repeat(4_097)})).await.expect(413)), "too_long");
    for bad in [json!({"text": ""}), json!({"text": "a\0b"}), json!({"text": "x", "key": ""})] {
        assert_eq!(post(bad).await.status, 422);
    }
    assert_eq!(post(json!({"words": "x"})).await.status, 400);
    let guest = server.post(&room("tea", "/messages"), &json!({"text": "hi"})).send().await;
    assert_eq!(guest.status, 401);
    let nowhere = server.ask(&ada, "POST", &room("nowhere", "/messages"), Some(json!({"text": "hi"}))).await;
    assert_eq!(nowhere.status, 404);
}

/// Proves: native.messages.timeline
#[tokio::test]
async fn a_timeline_has_two_ends_and_a_middle() {
    let server = Server::start().await;
    let (ada, bob) = tea(&server).await;
    assert_eq!(page(&server, "").await["items"], json!([]));
    for number in 1..=10 {
        server.say(&ada, "tea", &format!("message {number}")).await;
    }
    server.ask(&bob, "PUT", &room("tea", &format!("/messages/3/reactions/{THUMB}")), None).await.expect(200);
    let newest = page(&server, "?limit=3").await;
    assert_eq!((seqs(&newest), &newest["last_seq"]), (vec![8, 9, 10], &json!(11)));
    assert_eq!((&newest["more_before"], &newest["more_after"]), (&json!(true), &json!(false)));
    let all = page(&server, "").await;
    assert_eq!((seqs(&all).len(), &all["more_before"]), (10, &json!(false)));
    let before = page(&server, "?before=4&limit=3").await;
    assert_eq!((seqs(&before), &before["more_before"]), (vec![1, 2, 3], &json!(false)));
    assert_eq!(before["more_after"], true);
    assert_eq!(before["items"][2]["reactions"], json!([{"emoji": "👍", "count": 1, "by": [bob.id]}]));
    let after = page(&server, "?after=8&limit=3").await;
    assert_eq!((seqs(&after), &after["more_after"], &after["more_before"]), (vec![9, 10], &json!(false), &json!(true)));
    let around = page(&server, "?around=5&limit=4").await;
    assert_eq!(seqs(&around), [4, 5, 6, 7]);
    for (query, expected) in
        [("?after=10", vec![]), ("?before=1", vec![]), ("?around=99&limit=2", vec![10]), ("?before=-5", vec![])]
    {
        assert_eq!(seqs(&page(&server, query).await), expected, "{query}");
    }
    assert_eq!(page(&server, "?after=9223372036854775807").await["items"], json!([]));
    for bad in ["?before=x", "?before=1&after=2", "?limit=0", "?limit=101"] {
        assert_eq!(server.get(&room("tea", &format!("/messages{bad}"))).send().await.status, 400, "{bad}");
    }
    for (seq, status) in [(3, 200), (11, 404), (12, 404), (0, 404)] {
        assert_eq!(server.get(&room("tea", &format!("/messages/{seq}"))).send().await.status, status);
    }
}

/// Proves: native.messages.long
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_messages_are_paged_through() {
    let server = Server::start().await;
    let (ada, _) = tea(&server).await;
    let mut socket = server.enter(&ada, "tea").await;
    for _ in 0..200 {
        for _ in 0..50 {
            socket.send(&json!({"text": "."})).await;
        }
        for _ in 0..50 {
            socket.receive().await;
        }
    }
    let (mut back, mut before) = (Vec::new(), i64::MAX);
    loop {
        let page = page(&server, &format!("?before={before}&limit=100")).await;
        let found = seqs(&page);
        before = found[0];
        back.splice(0..0, found);
        if page["more_before"] == false {
            break;
        }
    }
    assert_eq!(back, (1..=10_000).collect::<Vec<_>>());
    let (mut on, mut after) = (Vec::new(), 0);
    loop {
        let page = page(&server, &format!("?after={after}&limit=100")).await;
        on.extend(seqs(&page));
        after = *on.last().unwrap();
        if page["more_after"] == false {
            break;
        }
    }
    assert_eq!(on, back);
}

/// Proves: native.messages.edit, native.messages.delete, native.messages.deleted_text, native.messages.deleted_retry, native.messages.log
#[tokio::test]
async fn a_text_that_was_taken_away_is_nowhere() {
    let server = Server::start().await;
    let (ada, bob) = tea(&server).await;
    let eve = server.member("eve").await;
    let mut live = server.enter(&ada, "tea").await;
    let body = json!({"text": "first draft", "key": "k"});
    server.ask(&bob, "POST", &room("tea", "/messages"), Some(body.clone())).await.expect(201);
    live.receive().await;
    let one = room("tea", "/messages/1");
    for who in [&eve, &ada] {
        let refused = server.ask(who, "PATCH", &one, Some(json!({"text": "mine"}))).await;
        assert_eq!(refused.status, 403, "only its author");
    }
    let edited = server.ask(&bob, "PATCH", &one, Some(json!({"text": "second draft"}))).await.expect(200).json();
    assert_eq!(
        (&edited["type"], &edited["target"], &edited["text"]),
        (&json!("edited"), &json!(1), &json!("second draft"))
    );
    let now = server.get(&one).send().await.expect(200).json();
    assert_eq!((&now["text"], &now["edited_at"]), (&json!("second draft"), &edited["at"]));
    assert_eq!(server.ask(&bob, "POST", &room("tea", "/messages"), Some(body.clone())).await.status, 200, "a retry");
    server.ask(&bob, "PATCH", &one, Some(json!({"text": "third draft"}))).await.expect(200);
    server.ask(&eve, "PUT", &room("tea", &format!("/messages/1/reactions/{THUMB}")), None).await.expect(200);
    let log = server.get(&room("tea", "/events")).send().await.expect(200);
    assert!(!log.text().contains("first draft") && !log.text().contains("second draft"), "{}", log.text());
    for bad in ["", "a\0b"] {
        assert_eq!(server.ask(&bob, "PATCH", &one, Some(json!({"text": bad}))).await.status, 422);
    }
    assert_eq!(server.ask(&eve, "DELETE", &one, None).await.status, 403);
    let deleted = server.ask(&ada, "DELETE", &one, None).await.expect(200).json();
    assert_eq!(
        (&deleted["type"], &deleted["by"]["username"], &deleted["target"]),
        (&json!("deleted"), &json!("ada"), &json!(1))
    );
    assert_eq!(server.ask(&ada, "DELETE", &one, None).await.status, 404);
    assert_eq!(server.ask(&bob, "PATCH", &one, Some(json!({"text": "back"}))).await.status, 404);
    let retry = server.ask(&bob, "POST", &room("tea", "/messages"), Some(body)).await.expect(200).json();
    assert_eq!((&retry["type"], &retry["seq"]), (&json!("erased"), &json!(1)));
    for rest in ["/messages", "/events", ""] {
        let text = server.ask(&bob, "GET", &room("tea", rest), None).await.expect(200);
        assert!(!text.text().contains("draft"), "{rest}: {}", text.text());
    }
    assert_eq!(server.get(&one).send().await.status, 404);
    server.say(&ada, "tea", "the end").await;
    let mut later = server.socket("/api/v1/rooms/tea/messages/ws?since=0").connect().await;
    assert_eq!(later.receive().await[0]["text"], "the end", "from the ring");
    let log = server.get(&room("tea", "/events?limit=500")).send().await.expect(200).json();
    let types: Vec<_> = log["items"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["erased", "erased", "erased", "reacted", "deleted", "message"]);
    assert_eq!(seqs(&log), (1..=6).collect::<Vec<_>>());
    let rest = server.get(&room("tea", "/events?after=4&limit=1")).send().await.expect(200).json();
    assert_eq!(seqs(&rest), [5]);
}

/// Proves: native.messages.reactions, native.messages.reaction_limits
#[tokio::test]
async fn people_react_within_limits() {
    let server = Server::start().await;
    let (ada, bob) = tea(&server).await;
    server.say(&ada, "tea", "news").await;
    let react = |method: &'static str, who: &Member, emoji: &str| {
        let path = room("tea", &format!("/messages/1/reactions/{emoji}"));
        let request = server.request(method, &path).bearer(&who.token);
        async move { request.send().await }
    };
    let told = react("PUT", &bob, THUMB).await.expect(200).json();
    assert_eq!((&told["type"], &told["emoji"], &told["by"]["id"]), (&json!("reacted"), &json!("👍"), &json!(bob.id)));
    assert_eq!(react("PUT", &bob, THUMB).await.status, 204);
    server.clock().advance(std::time::Duration::from_secs(1));
    react("PUT", &ada, THUMB).await.expect(200);
    let shown = server.get(&room("tea", "/messages/1")).send().await.expect(200).json();
    assert_eq!(shown["reactions"], json!([{"emoji": "👍", "count": 2, "by": [bob.id, ada.id]}]));
    assert_eq!(react("DELETE", &bob, THUMB).await.expect(200).json()["type"], "unreacted");
    assert_eq!(react("DELETE", &bob, THUMB).await.status, 204);
    for bad in ["a", "%20", "hello", "12", "%E2%80%8D", "%3Cb%3E"] {
        assert_eq!(react("PUT", &bob, bad).await.status, 422, "{bad}");
    }
    for number in 0..19_u32 {
        let emoji = char::from_u32(0x1F600 + number).unwrap().to_string();
        react("PUT", &bob, &percent_encoded(&emoji)).await.expect(200);
    }
    assert_eq!(react("PUT", &bob, "%F0%9F%8D%B5").await.status, 422, "the 21st");
    react("PUT", &bob, THUMB).await.expect(200);
    let nothing = room("tea", &format!("/messages/99/reactions/{THUMB}"));
    assert_eq!(server.ask(&bob, "PUT", &nothing, None).await.status, 404);
}

/// Proves: native.messages.account_gone
#[tokio::test]
async fn with_an_account_go_its_words_and_its_rooms_pass_on() {
    let server = Server::start().await;
    let (ada, bob) = tea(&server).await;
    let eve = server.member("eve").await;
    server.make(&ada, "den", "private").await;
    server.make(&ada, "alone", "private").await;
    for who in [&bob, &eve] {
        server.ask(who, "PUT", &room("tea", "/members/me"), None).await.expect(200);
    }
    server.let_in(&ada, &eve, "den").await;
    let role = room("tea", &format!("/members/{}", eve.id));
    server.ask(&ada, "PATCH", &role, Some(json!({"role": "moderator"}))).await.expect(200);
    let seq = server.say(&ada, "tea", "ada was here").await;
    server
        .ask(&ada, "PATCH", &room("tea", &format!("/messages/{seq}")), Some(json!({"text": "ada is here"})))
        .await
        .expect(200);
    let bobs = server.say(&bob, "tea", "bob was here").await;
    server.ask(&ada, "PUT", &room("tea", &format!("/messages/{bobs}/reactions/{THUMB}")), None).await.expect(200);
    server.ask(&ada, "DELETE", "/api/v2/me", Some(json!({"password": PASSWORD}))).await.expect(204);
    let log = server.get(&room("tea", "/events")).send().await.expect(200);
    assert!(!log.text().contains("ada"), "{}", log.text());
    let shown = server.get(&room("tea", &format!("/messages/{bobs}"))).send().await.expect(200).json();
    assert_eq!(shown["reactions"], json!([]));
    let seen = server.ask(&eve, "GET", &room("tea", ""), None).await.expect(200).json();
    assert_eq!(seen["me"]["role"], "owner", "the moderator, and not the longer-standing member");
    let den = server.ask(&eve, "GET", &room("den", ""), None).await.expect(200).json();
    assert_eq!((&den["me"]["role"], &den["members"]), (&json!("owner"), &json!(1)));
    let taken = server.ask(&eve, "POST", "/api/v2/rooms", Some(json!({"name": "alone", "visibility": "public"}))).await;
    assert_eq!(taken.status, 409, "it ended, and its name rests");
}
