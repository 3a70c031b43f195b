//! A node that is cut off from the database, or from the bus.

use serde_json::json;

use crate::room::Seat;
use crate::talk::{Talker, stands};
use crate::town::Town;
use crate::watcher::Watcher;

#[tokio::test]
async fn a_node_without_the_database_says_so_and_keeps_its_sockets() {
    let town = Town::new(2).await;
    let (ada, bob) = (town.member("ada").await, town.member("bob").await);
    let (one, two) = (&town.nodes[0], &town.nodes[1]);
    let talker = Talker::begin("bob", bob, "tea", vec![two.address()]);
    let mut ada_sits = Seat::take(one.address(), "tea", &ada, None).await.unwrap();
    talker.says(20).await;
    one.to_database.cut(true);
    let (status, body) = one.ready().await;
    assert_eq!((status, &body["status"]), (503, &json!("database away")));
    talker.says(50).await;
    let heard = ada_sits.hear().await.unwrap();
    assert_eq!(heard.sender, "bob", "by the bus, what others say is heard");
    one.to_database.cut(false);
    let back = async {
        while one.ready().await.0 != 200 {
            // sleep: polls what another process does.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(crate::http::PATIENCE, back).await.expect("it is ready again");
    let mut acknowledged = vec![ada_sits.post("back", "k").await.unwrap()];
    acknowledged.extend(talker.end().await);
    stands(two.address(), "tea", &ada, &acknowledged).await;
}

#[tokio::test]
async fn a_node_without_the_bus_hears_through_the_database_and_nobody_seems_to_go() {
    let town = Town::new(2).await;
    let (ada, bob) = (town.member("ada").await, town.member("bob").await);
    let (one, two) = (&town.nodes[0], &town.nodes[1]);
    let mut ada_sits = Seat::take(one.address(), "tea", &ada, None).await.unwrap();
    let mut bob_sits = Seat::take(two.address(), "tea", &bob, Some(0)).await.unwrap();
    ada_sits.post("hello", "hello").await.unwrap();
    assert_eq!(bob_sits.hear().await.unwrap().text, "hello");
    let mut watcher = Watcher::when(two, "tea", &["ada", "bob"]).await;
    one.to_bus.cut(true);
    one.until("bus_connected", |connected| connected == 0).await;
    assert_eq!(one.ready().await, (200, json!({"status": "ok", "bus": "away"})));
    assert_eq!(two.ready().await, (200, json!({"status": "ok"})));
    for number in 0..5 {
        let (text, key) = (format!("from one {number}"), format!("a{number}"));
        ada_sits.post(&text, &key).await.unwrap();
        assert_eq!(bob_sits.hear().await.unwrap().text, text);
        let (text, key) = (format!("from two {number}"), format!("b{number}"));
        bob_sits.post(&text, &key).await.unwrap();
        assert_eq!(ada_sits.hear().await.unwrap().text, text);
    }
    one.to_bus.cut(false);
    one.until("bus_connected", |connected| connected == 1).await;
    ada_sits.socket.close().await;
    assert_eq!(watcher.until("left ada").await, ["left ada"]);
}
