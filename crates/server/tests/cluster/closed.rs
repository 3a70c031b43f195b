//! Who may be in a room is decided on one node and holds on the others; a database that does not answer for a moment puts
//! nobody out.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::http::{PATIENCE, Request, Response};
use crate::room::Seat;
use crate::socket::Handshake;
use crate::town::{Node, Town};

async fn ask(node: &Node, token: &str, method: &str, path: &str, body: Option<Value>) -> Response {
    let mut asking = Request::new(node.address(), method, &format!("/api/v2{path}")).bearer(token);
    if let Some(body) = body {
        asking = asking.json(&body);
    }
    asking.send().await
}

async fn number_of(node: &Node, token: &str) -> i64 {
    ask(node, token, "GET", "/me", None).await.expect(200).json()["id"].as_i64().unwrap()
}

#[tokio::test]
async fn who_is_banned_on_one_node_is_put_out_on_the_other_and_does_not_come_back() {
    let town = Town::new(2).await;
    let (one, two) = (&town.nodes[0], &town.nodes[1]);
    let (ada, bob) = (town.member("ada").await, town.member("bob").await);
    let made = json!({"name": "den", "visibility": "public"});
    ask(one, &ada, "POST", "/rooms", Some(made)).await.expect(201);
    let mut bob_sits = Seat::take(two.address(), "den", &bob, None).await.unwrap();
    bob_sits.post("hello", "k").await.unwrap();
    let number = number_of(two, &bob).await;
    ask(one, &ada, "PUT", &format!("/rooms/den/bans/{number}"), Some(json!({}))).await.expect(204);
    let refused = Handshake::new(two.address(), "GET", "/api/v1/rooms/den/messages/ws").subprotocols(&[&bob]);
    assert_eq!(
        refused.try_attempt().await.unwrap().err().map(|refusal| refusal.status),
        Some(403),
        "not a moment longer"
    );
    assert_eq!(put_out(bob_sits).await, "banned");
}

#[tokio::test]
async fn what_only_the_control_log_tells_puts_out_those_it_is_about_and_nobody_else() {
    let town = Town::new(2).await;
    let (one, two) = (&town.nodes[0], &town.nodes[1]);
    let (ada, bob, cleo) = (town.member("ada").await, town.member("bob").await, town.member("cleo").await);
    let made = json!({"name": "den", "visibility": "public"});
    ask(one, &ada, "POST", "/rooms", Some(made)).await.expect(201);
    let mut ada_sits = Seat::take(two.address(), "den", &ada, None).await.unwrap();
    let bob_sits = Seat::take(two.address(), "den", &bob, None).await.unwrap();
    let cleo_sits = Seat::take(two.address(), "den", &cleo, None).await.unwrap();
    ada_sits.post("hello", "k1").await.unwrap();

    // As if nothing were heard of what another node has decided but the line that goes with it.
    let decides = town.database().session().await;
    let den = "(SELECT id FROM room WHERE name = 'den')";
    let tells = changed(1);
    let bans = format!(
        "INSERT INTO ban (room_id, account_id, reason, at) VALUES ({den}, {}, '', 0)",
        number_of(two, &bob).await
    );
    decides.run(&format!("BEGIN; {bans}; {tells}; COMMIT")).await;
    assert_eq!(put_out(bob_sits).await, "banned");
    let closes = format!("UPDATE room SET visibility = 'private' WHERE id = {den}");
    decides.run(&format!("BEGIN; {closes}; {tells}; COMMIT")).await;
    assert_eq!(put_out(cleo_sits).await, "private");
    ada_sits.post("still here", "k2").await.expect("it is her room");
}

/// Tells all processes so many times that the room has changed.
fn changed(times: usize) -> String {
    format!(
        "UPDATE control_head SET last_seq = last_seq + {times}; \
         INSERT INTO control (seq, kind, subject, at) SELECT last_seq - {times} + number, 'room_changed', \
         (SELECT id FROM room WHERE name = 'den'), 0 FROM control_head, generate_series(1, {times}) AS number"
    )
}

/// Why a seat's socket was closed.
async fn put_out(mut seat: Seat) -> String {
    let closed = loop {
        match seat.hear().await {
            Ok(_before) => {}
            Err(closed) => break closed,
        }
    };
    assert_eq!(closed.code, Some(1008));
    closed.reason
}

#[tokio::test]
async fn a_database_that_does_not_answer_for_a_moment_puts_nobody_out_and_keeps_no_session() {
    let town = Town::new(2).await;
    let (one, two) = (&town.nodes[0], &town.nodes[1]);
    let (ada, cleo) = (town.member("ada").await, town.member("cleo").await);
    let made = json!({"name": "den", "visibility": "private"});
    ask(one, &ada, "POST", "/rooms", Some(made)).await.expect(201);
    let mut ada_sits = Seat::take(two.address(), "den", &ada, None).await.unwrap();
    ada_sits.post("hello", "k1").await.unwrap();
    assert!(two.knows(&cleo).await);

    let holds = town.database().session().await;
    holds.run("BEGIN; LOCK TABLE member IN ACCESS EXCLUSIVE MODE").await;
    let tells = town.database().session().await;
    tells.run(&format!("BEGIN; {}; COMMIT", changed(5))).await;
    let asked = async {
        while !two.parlour().log().contains("it cannot be read who may stay") {
            // sleep: polls what another process does.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, asked).await.expect("the node does not look who may stay");
    ask(one, &cleo, "DELETE", "/sessions/current", None).await.expect(204);
    assert!(!two.knows(&cleo).await, "an end does not wait behind what cannot be read");
    holds.run("COMMIT").await;
    ada_sits.post("still here", "k2").await.expect("she was never put out");
}
