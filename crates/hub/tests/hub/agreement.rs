//! What is written into the control log is heeded on every node before its writer goes on, if that can be.

use std::time::Duration;

use parlour_hub::Hub;
use tokio::time::{Instant, timeout};

use crate::air::{Faults, Town};
use crate::support::{World, pass};

/// Heeds what is written a moment after it is told of it, or for want of that every half second, as a server does.
async fn heed(hub: Hub, written: std::sync::Arc<std::sync::atomic::AtomicI64>) {
    loop {
        let _rung = timeout(Duration::from_millis(500), hub.control_rung()).await;
        pass(Duration::from_millis(5)).await;
        hub.control_heeded(written.load(std::sync::atomic::Ordering::Relaxed));
    }
}

/// How long a writer waits.
async fn waits(node: &World, seq: i64) -> Duration {
    let begun = Instant::now();
    node.hub.control_written(seq).await;
    begun.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_writer_waits_until_all_heed_and_not_longer_than_a_moment() {
    let town = Town::new(1, 3).await;
    let written = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(0));
    for node in &town.nodes {
        tokio::spawn(heed(node.hub.clone(), written.clone()));
    }
    let moment = Duration::from_millis(250);
    for seq in 1..=20 {
        written.store(seq, std::sync::atomic::Ordering::Relaxed);
        assert!(waits(&town.nodes[0], seq).await < Duration::from_millis(50));
    }
    town.air.set_faults(Faults { lost: 100, ..Faults::default() });
    written.store(21, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(waits(&town.nodes[0], 21).await, moment);
    town.air.set_faults(Faults::default());
    pass(Duration::from_secs(1)).await;
    assert!(waits(&town.nodes[0], 21).await < moment, "what was lost is said again");
    town.air.cut(0, true);
    assert!(waits(&town.nodes[0], 22).await < moment, "nobody can answer");
    town.air.cut(0, false);
    town.silence(2, true);
    written.store(23, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(waits(&town.nodes[0], 23).await, moment, "one is silent");
    pass(Duration::from_secs(10)).await;
    assert!(waits(&town.nodes[0], 23).await < moment, "and is dead");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_only_the_bus_does_not_reach_is_not_waited_for_for_long() {
    let town = Town::new(1, 3).await;
    town.air.cut(2, true);
    pass(Duration::from_secs(6)).await;
    assert_eq!(town.nodes[0].hub.bus_counts().unwrap().nodes, 3, "it lives");
    town.nodes[1].hub.control_heeded(1);
    assert!(waits(&town.nodes[0], 1).await < Duration::from_millis(250));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_has_said_goodbye_holds_no_lease_any_more() {
    let town = Town::new(1, 2).await;
    town.nodes[0].hub.leave().await;
    pass(Duration::from_secs(10)).await;
    assert_eq!(town.register.holders(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_alone_waits_for_nobody() {
    let world = World::new();
    assert_eq!(waits(&world, 1).await, Duration::ZERO);
    world.hub.control_heeded(1);
    world.hub.leave().await;
    assert!(timeout(Duration::from_mins(1), world.hub.control_rung()).await.is_err());
    assert_eq!(world.hub.bus_counts(), None);
    assert_eq!(waits(&Town::new(1, 1).await.nodes[0], 1).await, Duration::ZERO);
}
