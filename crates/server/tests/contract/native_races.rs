//! `native`: what somebody does while their right to it is taken away.

use std::task::{Context, Waker};

use parlour_model::{AdminLevel, Client, Event, RoomName, Visibility};
use parlour_service::Error;
use parlour_service::live::{Encoder, Here, Message};
use parlour_service::rooms::Window;
use serde_json::{Value, json};

use crate::harness::{Inside, Member, Server};
use crate::native_rooms::room;
use crate::native_socket::{LIVE, Live};

async fn live(server: &Server, who: &Member) -> Live {
    let mut live = Live::on(server.socket(LIVE).bearer(&who.token).connect().await);
    live.told("welcome").await;
    live
}

/// Proves: native.live.demoted
#[tokio::test]
async fn who_loses_the_right_to_read_while_they_come_in_does_not_stay() {
    let server = Server::start().await;
    let (ada, root, other) = (server.member("ada").await, server.admin("root").await, server.admin("other").await);
    server.make(&ada, "tea", "private").await;
    server.say(&ada, "tea", "words").await;
    let path = format!("/api/v2/admin/accounts/{}", other.id);
    let level = async |level: i64| {
        server.ask(&root, "PATCH", &path, Some(json!({"admin_level": level}))).await.expect(200);
    };
    for round in 0..60 {
        level(2).await;
        let mut overseer = live(&server, &other).await;
        let subscribe = async {
            wait(round).await;
            overseer.ask(json!({"type": "subscribe", "room": "tea"})).await
        };
        let sit = async {
            wait(round).await;
            server.door("tea").subprotocols(&[&other.token]).attempt().await
        };
        let ((), subscribed, sitting) = tokio::join!(level(0), subscribe, sit);
        if subscribed["type"] == "subscribed" {
            assert_eq!(overseer.told("unsubscribed").await["reason"], "private", "round {round}");
        }
        if let Ok((mut seat, _)) = sitting {
            seat.closed().await;
        }
    }
}

/// Lets the others go on for a while, which is another one in each round.
async fn wait(round: usize) {
    for _ in 0..round * 8 {
        tokio::task::yield_now().await;
    }
}

/// Writes nothing.
struct Silent;

impl Encoder for Silent {
    fn event(&self, _here: Here<'_>, _event: &Event) -> Option<String> {
        None
    }
}

/// Proves: native.live.demoted
#[tokio::test]
async fn who_is_demoted_between_the_two_looks_does_not_stay() {
    let inside = Inside::with(&[("chat.ring_kib", "1")]).await;
    let (app, console) = (&inside.app, Client::console());
    let (ada, root, other) = (inside.member("ada").await, inside.member("root").await, inside.member("other").await);
    for who in [&root, &other] {
        app.promote(who.account.id, AdminLevel::Admin, &console).await.unwrap();
    }
    let (root, tea) = (app.still_good(&root).await.unwrap(), RoomName::parse("tea").unwrap());
    app.make_room(&ada, "tea", Visibility::Private, String::new(), &console).await.unwrap();
    // More than is kept in memory, so that whoever wants all of it has to wait for the log.
    for _ in 0..4 {
        let message = Message { text: "w".repeat(1_000), key: None, reply_to: None };
        app.say(&tea, &ada, message).await.unwrap();
    }
    let epoch = app.timeline(&tea, Some(&ada), Window::Newest, 1).await.unwrap().epoch;
    app.room_there(&tea, Some(&other)).await.expect_err("as the caller was at first");
    app.room_there(&tea, Some(&app.still_good(&other).await.unwrap())).await.unwrap();

    let connection = app.connect(Some(&other), &console).await.unwrap();
    let following = loop {
        let mut following = Box::pin(app.follow(&tea, &connection, Some(&other), &Silent, Some((epoch, 0))));
        // Whoever reads the log may be so quick that there is no middle: then once more.
        if following.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            break following;
        }
    };
    app.oversee(&root, other.account.id, None, Some(AdminLevel::Public), &console).await.unwrap();
    let outcome = following.await.map(drop);
    assert!(matches!(outcome, Err(Error::UnknownRoom)), "{outcome:?}");
}

/// Proves: native.moderation.order
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_after_the_event_that_silences() {
    let server = Server::start().await;
    let (ada, bob) = (server.member("ada").await, server.member("bob").await);
    for round in 0..12 {
        let name = format!("room {round}");
        server.make(&ada, &name, "public").await;
        let mut speaker = live(&server, &bob).await;
        for number in 0..200 {
            let post = json!({"type": "post", "room": name, "text": "noise", "key": format!("{round} {number}")});
            speaker.socket.send(&post).await;
        }
        let (rest, body) = match round % 2 {
            0 => (format!("/bans/{}", bob.id), json!({})),
            _ => (format!("/mutes/{}", bob.id), json!({"seconds": 600})),
        };
        server.ask(&ada, "PUT", &room(&name, &rest), Some(body)).await.expect(204);
        // Requests are done in order, so that whatever was sent before has been let in or refused by now.
        let last = json!({"type": "post", "room": name, "text": "last", "key": "last"});
        assert_eq!(speaker.refused(last).await, if round % 2 == 0 { "banned" } else { "muted" });
        server.ask(&ada, "POST", &room(&name, "/messages"), Some(json!({"text": "quiet"}))).await.expect(201);
        let log = server.ask(&ada, "GET", &room(&name, "/events?limit=500"), None).await.expect(200).json();
        let events = log["items"].as_array().unwrap();
        let silenced = events.iter().position(|event| event["type"] == "member").expect("the event");
        let by_bob = |event: &Value| event["author"]["id"] == bob.id;
        assert!(!events[silenced..].iter().any(by_bob), "round {round}");
    }
}
