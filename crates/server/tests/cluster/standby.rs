//! kill -9 of PostgreSQL, and its standby takes over.

use crate::own_postgres::OwnPostgres;
use crate::reader::Reader;
use crate::room::Seat;
use crate::talk::{Talker, stands};
use crate::town::{Node, Town};

#[tokio::test]
async fn a_standby_takes_over_and_no_node_is_restarted_nor_a_socket_broken() {
    let primary = OwnPostgres::start();
    let standby = primary.standby();
    let both = format!("127.0.0.1:{},127.0.0.1:{}", primary.port, standby.port);
    let url = format!("postgres://parlour@{both}/postgres?target_session_attrs=read-write");
    let town = Town::at(2, url, &primary).await;
    let (ada, bob, dan) = (town.member("ada").await, town.member("bob").await, town.member("dan").await);
    let addresses: Vec<_> = town.nodes.iter().map(Node::address).collect();
    let mut dan_sits = Seat::take(addresses[1], "tea", &dan, None).await.unwrap();
    let one = Talker::begin("ada", ada.clone(), "tea", vec![addresses[0]]);
    let other = Talker::begin("bob", bob, "tea", vec![addresses[1]]);
    one.says(30).await;
    other.says(30).await;
    let mut guest = Reader::on(&town.nodes[0], "tea", None).await;
    primary.kill();
    standby.promote();
    one.says(30).await;
    other.says(30).await;

    let mut acknowledged = one.end().await;
    acknowledged.extend(other.end().await);
    stands(addresses[0], "tea", &ada, &acknowledged).await;
    // Whoever only sat there heard all of it, on the socket that they had.
    let last = acknowledged.iter().map(|message| message.id).max().unwrap();
    for id in 1..=last {
        assert_eq!(dan_sits.hear().await.unwrap().id, id);
    }
    while guest.text().await != "the end" {}
    assert_eq!(standby.script("SELECT pg_is_in_recovery()"), "f");
}
