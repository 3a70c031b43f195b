//! kill -9 of a node under load.

use crate::room::Seat;
use crate::talk::{Talker, stands};
use crate::town::{Node, Town};
use crate::watcher::Watcher;

#[tokio::test]
async fn a_node_is_killed_and_nothing_acknowledged_is_lost() {
    let mut town = Town::new(3).await;
    let (ada, bob) = (town.member("ada").await, town.member("bob").await);
    let (cleo, dan) = (town.member("cleo").await, town.member("dan").await);
    let addresses: Vec<_> = town.nodes.iter().map(Node::address).collect();
    let one = Talker::begin("ada", ada.clone(), "tea", vec![addresses[0], addresses[1]]);
    let other = Talker::begin("bob", bob, "tea", vec![addresses[1]]);
    let _cleo_stays_away = Seat::take(addresses[0], "tea", &cleo, None).await.unwrap();
    let _dan_comes_back = Seat::take(addresses[0], "tea", &dan, None).await.unwrap();
    one.says(50).await;
    other.says(50).await;
    let mut watcher = Watcher::when(&town.nodes[2], "tea", &["ada", "bob", "cleo", "dan"]).await;

    town.nodes[0].kill();
    let _back = Seat::take(addresses[2], "tea", &dan, None).await.unwrap();
    one.says(50).await;
    other.says(50).await;
    assert_eq!(watcher.until("left cleo").await, ["left cleo"], "the others were never away");
    town.nodes[1].until("nodes", |nodes| nodes == 2).await;

    let mut acknowledged = one.end().await;
    acknowledged.extend(other.end().await);
    stands(addresses[2], "tea", &ada, &acknowledged).await;
}
