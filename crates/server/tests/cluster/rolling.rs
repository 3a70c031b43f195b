//! All nodes are restarted, one after the other, under traffic.

use std::collections::BTreeSet;

use crate::talk::{Talker, stands};
use crate::town::{Node, Town};
use crate::watcher::Watcher;

#[tokio::test]
async fn a_rolling_restart_loses_nothing_and_nobody_seems_to_go() {
    let mut town = Town::new(3).await;
    let addresses: Vec<_> = town.nodes.iter().map(Node::address).collect();
    let eve = town.member("eve").await;
    let mut talkers = Vec::new();
    for (at, name) in ["ada", "bob", "cleo"].into_iter().enumerate() {
        let mut nodes = addresses.clone();
        nodes.rotate_left(at);
        talkers.push(Talker::begin(name, town.member(name).await, "tea", nodes));
    }
    for (at, address) in addresses.iter().enumerate() {
        for talker in &talkers {
            talker.says(20).await;
        }
        // It is on the next node, which is restarted after this one.
        let mut watcher = Watcher::when(&town.nodes[(at + 1) % 3], "tea", &["ada", "bob", "cleo"]).await;
        town.nodes[at].stop().await;
        for talker in &talkers {
            talker.says(20).await;
        }
        town.nodes[at].start().await;
        town.nodes[at].sees(3).await;
        let mut sign = crate::room::Seat::take(*address, "tea", &eve, None).await.unwrap();
        sign.post("the sign", &format!("sign-{at}")).await.unwrap();
        sign.socket.close().await;
        let seen: BTreeSet<_> = watcher.until("left eve").await.into_iter().collect();
        assert_eq!(seen, BTreeSet::from(["joined eve".to_owned(), "left eve".to_owned()]));
    }
    let mut acknowledged = Vec::new();
    for talker in talkers {
        acknowledged.extend(talker.end().await);
    }
    stands(addresses[0], "tea", &eve, &acknowledged).await;
}
