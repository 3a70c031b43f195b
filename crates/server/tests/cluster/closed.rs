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
    let closed = loop {
        match bob_sits.hear().await {
            Ok(_before) => {}
            Err(closed) => break closed,
        }
    };
    assert_eq!((closed.code, closed.reason.as_str()), (Some(1008), "banned"));
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
    let changed = "INSERT INTO control (seq, kind, subject, at) SELECT last_seq - 5 + number, 'room_changed', \
                   (SELECT id FROM room WHERE name = 'den'), 0 FROM control_head, generate_series(1, 5) AS number";
    tells.run(&format!("BEGIN; UPDATE control_head SET last_seq = last_seq + 5; {changed}; COMMIT")).await;
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
