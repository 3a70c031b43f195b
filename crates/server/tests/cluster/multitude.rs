//! More people in one room of one node than one of PostgreSQL's notices can name.

use serde_json::json;

use crate::http::Request;
use crate::people::PASSWORD;
use crate::room::Seat;
use crate::town::{Node, Town};
use crate::watcher::Watcher;

const MANY: u64 = 300;

/// Somebody with a name as long as names may be, and a token.
async fn somebody(node: &Node, number: u64) -> String {
    let form = json!({"username": format!("{number}{}", "n".repeat(140)), "password": PASSWORD, "grant": "tokens"});
    let made = Request::new(node.address(), "POST", "/api/v2/accounts").json(&form).send().await.expect(201);
    made.json()["tokens"]["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn without_nats_a_large_room_on_one_node_is_seen_from_the_other() {
    let town = Town::without_nats(2).await;
    let (one, two) = (&town.nodes[0], &town.nodes[1]);
    let ada = town.member("ada").await;
    Seat::take(one.address(), "tea", &ada, None).await.unwrap().post("come in", "k").await.unwrap();
    let dropped = one.metric("bus_hints_dropped").await;
    let mut seats = Vec::new();
    for number in 0..MANY {
        let token = somebody(one, number).await;
        seats.push(Seat::take(one.address(), "tea", &token, None).await.unwrap());
    }
    let mut watcher = Watcher::when_many(two, "tea", MANY).await;
    assert_eq!(one.metric("bus_hints_dropped").await, dropped);
    let _bob_comes = Seat::take(one.address(), "tea", &town.member("bob").await, None).await.unwrap();
    watcher.until("joined bob").await;
}
