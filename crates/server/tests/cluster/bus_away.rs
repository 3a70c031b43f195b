//! NATS is stopped and started.

use serde_json::json;

use crate::http::Request;
use crate::room::Seat;
use crate::town::Town;
use crate::watcher::Watcher;

#[tokio::test]
async fn without_nats_the_nodes_go_on_and_after_it_they_are_as_before() {
    let mut town = Town::new(2).await;
    let (ada, bob) = (town.member("ada").await, town.member("bob").await);
    let ends = crate::people::token(town.nodes[0].address(), "bob").await;
    let mut ada_sits = Seat::take(town.nodes[0].address(), "tea", &ada, None).await.unwrap();
    let mut bob_sits = Seat::take(town.nodes[1].address(), "tea", &bob, Some(0)).await.unwrap();
    ada_sits.post("hello", "hello").await.unwrap();
    assert_eq!(bob_sits.hear().await.unwrap().text, "hello");
    let mut watcher = Watcher::when(&town.nodes[1], "tea", &["ada", "bob"]).await;
    let mut ends_too = Seat::take(town.nodes[1].address(), "den", &ends, None).await.unwrap();

    town.broker.stop();
    for node in &town.nodes {
        node.until("bus_connected", |connected| connected == 0).await;
        assert_eq!(node.ready().await, (200, json!({"status": "ok", "bus": "away"})));
    }
    for number in 0..10 {
        let (text, key) = (format!("quiet {number}"), format!("k{number}"));
        ada_sits.post(&text, &key).await.unwrap();
        assert_eq!(bob_sits.hear().await.unwrap().text, text);
    }
    let out = Request::new(town.nodes[0].address(), "DELETE", "/api/v2/sessions/current").bearer(&ends);
    out.send().await.expect(204);
    assert_eq!(ends_too.hear().await.unwrap_err().code, Some(1008), "its socket on the other node is closed");

    town.broker.run().await;
    for node in &town.nodes {
        node.until("bus_connected", |connected| connected == 1).await;
        assert_eq!(node.ready().await, (200, json!({"status": "ok"})));
    }
    ada_sits.post("back", "k").await.unwrap();
    assert_eq!(bob_sits.hear().await.unwrap().text, "back");
    ada_sits.socket.close().await;
    assert_eq!(watcher.until("left ada").await, ["left ada"], "nobody else was believed to have gone");
}
