//! Live chat on PostgreSQL and NATS, beside the server that is alone with its SQLite: one node, and two.

pub(super) mod crossing;
pub(super) mod fan;
pub(super) mod hot;
pub(super) mod idle;
pub(super) mod logout;
pub(super) mod nodes;

use super::chat::contest::{PEOPLE, Player, Rounds};
use crate::Result;
use crate::cluster::{Cluster, Ground};
use crate::load::crowd::Dialect;
use crate::people;

/// The nodes of a cluster as one that plays a scene; what they stand on is looked at as well.
fn player<'a>(cluster: &'a Cluster, ground: &'a Ground, tokens: &'a [String]) -> Player<'a> {
    let nodes = Player::of(cluster.nodes.iter().collect(), Dialect::Rooms);
    Player { tokens, below: vec![&ground.postgres, &ground.broker], ..nodes }
}

/// Tokens of people who sign up in a cluster.
fn tokens(cluster: &Cluster) -> Result<Vec<String>> {
    people::tokens(cluster.first()?.address(), PEOPLE)
}

/// What [`Rounds::told`] tells, and what the nodes stand on.
fn told(rounds: &Rounds) -> String {
    let below: Vec<String> = rounds.costs_below().iter().map(|cost| format!("{cost:.2}")).collect();
    format!("{}, PostgreSQL and NATS {} µs a delivery", rounds.told(), below.join(" and "))
}

/// The same of several nodes, with the latencies of what went from one to another.
fn told_of_nodes(rounds: &Rounds) -> String {
    let (half, most) = (rounds.crossing(0.5), rounds.crossing(0.99));
    format!("{}, from node to node p50 {half:.2} and p99 {most:.2} ms", told(rounds))
}
