//! What several nodes on one database lean on: leases, the doorbell, and the bell of the control log.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use parlour_store::doorbell::MOST_BYTES;
use parlour_store::{ControlKind, Doorbell, Ears, Heard, NewNode, Rung, Store};
use tokio::time::timeout;

use crate::harness::{Home, Place, START, audit, connect, member, on_both};

fn node(id: i64) -> NewNode {
    NewNode { id, name: "one".to_owned(), address: "127.0.0.1:8080".to_owned(), version: "1".to_owned() }
}

#[tokio::test]
async fn a_node_lives_while_its_beat_grows() {
    on_both(async |home| {
        let store = &home.store;
        assert!(!store.beat(1, START).await.unwrap(), "nobody has entered");
        store.enter_node(node(1), START).await.unwrap();
        store.enter_node(node(2), START).await.unwrap();
        assert!(store.beat(1, START).await.unwrap());
        let nodes = store.nodes().await.unwrap();
        assert_eq!(nodes.iter().map(|node| (node.id, node.beat)).collect::<Vec<_>>(), [(1, 2), (2, 1)]);
        assert!(!store.remove_dead_node(1, 1).await.unwrap(), "it has grown");
        assert!(store.remove_dead_node(2, 1).await.unwrap());
        store.enter_node(node(1), START).await.unwrap();
        assert_eq!(store.nodes().await.unwrap()[0].beat, 3, "whoever enters again goes on");
        store.leave_node(1).await.unwrap();
        assert_eq!(store.nodes().await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn what_a_newer_program_announces_is_heard_though_not_understood() {
    on_both(async |home| {
        home.script("INSERT INTO control (seq, kind, subject, at) VALUES (1, 'weather_changed', 7, 0)").await;
        home.script("UPDATE control_head SET last_seq = 1").await;
        let told = home.store.control_since(0).await.unwrap();
        assert_eq!(told.iter().map(|line| (line.seq, line.kind)).collect::<Vec<_>>(), [(1, ControlKind::Unknown)]);
    })
    .await;
}

#[tokio::test]
async fn a_copy_in_the_place_of_the_database_is_another_life() {
    let home = Home::postgres().await;
    let Place::Server(server) = &home.place else { unreachable!() };
    let (root, name) = server.url.rsplit_once('/').unwrap();
    let before = home.store.control_head().await.unwrap();
    assert_eq!(home.store.control_head().await.unwrap(), before, "nothing has happened");
    let outside = connect(&format!("{root}/postgres")).await;
    let run = async |statement: String| outside.batch_execute(&statement).await.unwrap();
    home.store.clone().close().await;
    run(format!(
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    ))
    .await;
    run(format!("ALTER DATABASE {name} RENAME TO {name}_old")).await;
    run(format!("CREATE DATABASE {name} TEMPLATE {name}_old")).await;
    let store = home.again().await.unwrap();
    let after = store.control_head().await.unwrap();
    assert_eq!(after.seq, before.seq);
    assert_ne!(after.life, before.life);
    store.close().await;
    run(format!("DROP DATABASE {name}_old")).await;
    home.end().await;
}

async fn doorbell(store: &Store) -> (Doorbell, Ears) {
    let (doorbell, mut ears) = store.doorbell("parlour \"test\"").expect("PostgreSQL has one");
    assert_eq!(next(&mut ears).await, Heard::Connected);
    (doorbell, ears)
}

async fn next(ears: &mut Ears) -> Heard {
    timeout(Duration::from_secs(30), ears.next()).await.expect("something is heard").expect("they are kept")
}

#[tokio::test]
async fn hints_are_heard_by_the_others_in_their_order() {
    let home = Home::postgres().await;
    let other = home.again().await.unwrap();
    let (one, mut ears_of_one) = doorbell(&home.store).await;
    let (two, mut ears_of_two) = doorbell(&other).await;
    let large = "x".repeat(MOST_BYTES / 3);
    for number in 0..100 {
        assert_eq!(one.ring(format!("{number} {large}")), Rung::Queued);
    }
    for number in 0..100 {
        assert_eq!(next(&mut ears_of_two).await, Heard::Hint(format!("{number} {large}")));
    }
    assert_eq!(one.ring("x".repeat(MOST_BYTES + 1)), Rung::TooLarge);
    assert_eq!(one.ring("x".repeat(MOST_BYTES)), Rung::Queued);
    assert_eq!(next(&mut ears_of_two).await, Heard::Hint("x".repeat(MOST_BYTES)));
    // The first thing that one hears is what the other says, and nothing of its own.
    assert_eq!(two.ring("hello".to_owned()), Rung::Queued);
    assert_eq!(next(&mut ears_of_one).await, Heard::Hint("hello".to_owned()));
    other.close().await;
    home.end().await;
}

#[tokio::test]
async fn a_broken_doorbell_says_so_and_heals() {
    let home = Home::postgres().await;
    let crate::harness::Place::Server(server) = &home.place else { unreachable!() };
    let (one, mut ears) = doorbell(&home.store).await;
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let past = connect(&server.url).await;
    past.execute(kill, &[]).await.unwrap();
    assert_eq!(next(&mut ears).await, Heard::Away);
    assert_eq!(next(&mut ears).await, Heard::Connected);
    assert!(one.is_connected());
    past.batch_execute("NOTIFY \"parlour \"\"test\"\"\", 'again'").await.unwrap();
    assert_eq!(next(&mut ears).await, Heard::Hint("again".to_owned()));
    home.end().await;
}

#[tokio::test]
async fn the_bell_is_rung_after_the_commit_and_before_the_answer() {
    let home = Home::postgres().await;
    let rung = Arc::new(AtomicI64::new(0));
    let (seen, other) = (Arc::clone(&rung), home.again().await.unwrap());
    home.store.on_announce(move |seq| {
        let (seen, other) = (Arc::clone(&seen), other.clone());
        Box::pin(async move {
            assert_eq!(other.control_head().await.unwrap().seq, seq, "it is committed");
            seen.store(seq, Ordering::SeqCst);
        })
    });
    let ada = member(&home.store, "Ada").await;
    assert_eq!(rung.load(Ordering::SeqCst), 0, "nobody must hear of a sign-up");
    home.store.set_disabled(ada.id, true, START, audit("disable")).await.unwrap();
    assert_eq!(rung.load(Ordering::SeqCst), home.store.control_head().await.unwrap().seq);
    assert!(rung.load(Ordering::SeqCst) > 0);
    home.end().await;
}
