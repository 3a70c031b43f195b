//! Coming back: everything after `since`, then live, without gap or repeat; and what becomes of slow readers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use parlour_hub::{HubSettings, NewSeat};
use parlour_model::Seq;

use crate::actor::resume;
use crate::lines::Way;
use crate::support::{Dice, World, guest, member, pass};

fn small_ring() -> World {
    World::with(HubSettings { ring_entries: 16, ..HubSettings::default() })
}

fn from_to(first: Seq, last: Seq) -> Vec<Seq> {
    (first..=last).collect()
}

/// Reads to the end as a client does: put out, it comes back with what it has.
async fn follow(world: &World, way: Way, since: Seq, last: Seq) -> Vec<Seq> {
    let mut had = Vec::new();
    loop {
        let after = had.last().copied().unwrap_or(since);
        let mut actor = world.join_by(way, guest(Some(after))).await;
        let result = actor.read_to(last).await;
        had.extend(actor.seqs());
        match result {
            Ok(()) => return had,
            Err(over) => assert_eq!(over, resume()),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joining_while_others_publish_leaves_no_gap_and_no_repeat() {
    const LAST: Seq = 3_000;
    let world = Arc::new(small_ring());
    world.say(&["old"; 600]);
    let publisher = Arc::clone(&world);
    let publishing = tokio::spawn(async move {
        for _ in 600..LAST {
            publisher.say(&["new"]);
            tokio::task::yield_now().await;
        }
    });
    let (mut dice, mut readers) = (Dice(42), Vec::new());
    while readers.len() < 100 {
        let last = world.log.last(&world.room).cast_unsigned();
        let (world, since) = (Arc::clone(&world), dice.below(last + 1).cast_signed());
        let way = [Way::Memory(64), Way::Memory(1 << 16), Way::Tcp, Way::NarrowTcp][readers.len() % 4];
        readers.push((since, tokio::spawn(async move { follow(&world, way, since, LAST).await })));
        tokio::task::yield_now().await;
    }
    publishing.await.unwrap();
    for (since, reader) in readers {
        assert_eq!(reader.await.unwrap(), from_to(since + 1, LAST), "since {since}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_absence_is_read_from_the_history_and_a_short_one_from_the_ring() {
    let world = small_ring();
    let _witness = world.join(guest(None)).await;
    world.say(&["x"; 1_000]);
    for since in [0, 1, 500, 983, 984, 985, 999] {
        let before = world.log.pages_read.load(Ordering::Relaxed);
        let mut actor = world.join(guest(Some(since))).await;
        actor.read().await.unwrap();
        assert_eq!(actor.seqs(), from_to(since + 1, 1_000));
        let read = world.log.pages_read.load(Ordering::Relaxed) - before;
        assert_eq!(read > 0, since < 984, "{read} pages after {since}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_beyond_the_head_begins_after_the_head() {
    let world = World::new();
    world.say(&["a", "b"]);
    let mut claims = world.join(guest(Some(1_000))).await;
    let mut below = world.join(guest(Some(-5))).await;
    world.say(&["c"]);
    assert_eq!(claims.read().await.unwrap(), ["3 c"]);
    assert_eq!(below.read().await.unwrap(), ["1 a", "2 b", "3 c"]);
}

#[tokio::test(start_paused = true)]
async fn a_peer_ahead_of_this_node_is_not_told_again() {
    let world = World::new();
    let mut behind = world.join(guest(None)).await;
    let hint = world.log.commit(&world.room, &["known elsewhere"]);
    let mut ahead = world.join(guest(Some(1))).await;
    world.hub.publish(hint);
    world.say(&["next"]);
    assert_eq!(ahead.read().await.unwrap(), ["2 next"]);
    assert_eq!(behind.read().await.unwrap(), ["1 known elsewhere", "2 next"]);
}

#[tokio::test(start_paused = true)]
async fn the_list_of_people_comes_before_a_long_history_and_no_arrival_is_missed() {
    let world = World::with(HubSettings { ring_entries: 300, ..HubSettings::default() });
    let _ada = world.join(member(1, "ada")).await;
    world.say(&["x"; 1_000]);
    let mut bob = world.join(NewSeat { since: Some(0), ..member(2, "bob") }).await;
    let _cleo = world.join(member(3, "cleo")).await;
    world.say(&["y"; 100]);
    bob.read().await.unwrap();
    assert_eq!(bob.heard[..3], ["online ada", "joined bob", "1 x"]);
    assert_eq!(bob.seqs(), from_to(1, 1_100));
    let of_people = bob.heard.iter().filter(|text| text.starts_with("joined"));
    assert_eq!(of_people.collect::<Vec<_>>(), ["joined bob", "joined cleo"]);
}

#[tokio::test(start_paused = true)]
async fn a_seat_that_falls_off_the_ring_is_told_so_and_the_others_keep_all() {
    let world = small_ring();
    let (mut slow, mut quick) = (world.join_by(Way::Memory(16), guest(None)).await, world.join(guest(None)).await);
    for seq in 1..=100 {
        world.say(&["x"]);
        quick.read_to(seq).await.unwrap();
    }
    assert_eq!(slow.read().await, Err(resume()));
    let had = Seq::try_from(slow.seqs().len()).unwrap();
    assert_eq!(slow.seqs(), from_to(1, had), "whole and in order as far as it goes");
    assert_eq!(quick.seqs(), from_to(1, 100));
    assert_eq!(follow(&world, Way::Memory(16), had, 100).await, from_to(had + 1, 100), "and it resumes");
}

#[tokio::test(start_paused = true)]
async fn the_ring_is_bounded_in_bytes_too() {
    let settings = HubSettings { ring_bytes: 32 * 1024, ..HubSettings::default() };
    let world = World::with(settings);
    let mut slow = world.join_by(Way::Memory(16), guest(None)).await;
    let long = "x".repeat(4_096);
    world.say(&[long.as_str(); 10]);
    assert_eq!(slow.read().await, Err(resume()));
    let huge = "x".repeat(100_000);
    let mut quick = world.join(guest(None)).await;
    world.say(&[&huge]);
    assert_eq!(quick.read().await.unwrap(), [format!("11 {huge}")], "the newest always stays");
}

#[tokio::test(start_paused = true)]
async fn a_line_may_be_taken_in_pieces_of_any_size() {
    for bytes in [1, 2, 3, 7, 64] {
        let world = World::new();
        world.say(&["x"; 700]);
        let mut actor = world.join_by(Way::Memory(bytes), NewSeat { since: Some(0), ..member(1, "ada") }).await;
        pass(Duration::from_millis(1)).await;
        world.say(&["y"; 10]);
        actor.wire.say("mine").await;
        pass(Duration::from_millis(1)).await;
        world.say(&["z"; 10]);
        actor.read_to(720).await.unwrap();
        assert_eq!(actor.heard[..2], ["online ", "joined ada"]);
        assert_eq!(actor.seqs(), from_to(1, 720));
        assert!(actor.heard.contains(&"mine".to_owned()));
    }
}

#[tokio::test]
async fn five_thousand_seats_hear_everything() {
    let world = World::new();
    let mut readers = Vec::new();
    for _ in 0..5_000 {
        let mut actor = world.join(guest(None)).await;
        readers.push(tokio::spawn(async move {
            actor.read_to(50).await.unwrap();
            (actor.seqs(), actor.leave().await)
        }));
    }
    for _ in 0..50 {
        world.say(&["x"]);
        tokio::task::yield_now().await;
    }
    for reader in readers {
        assert_eq!(reader.await.unwrap().0, from_to(1, 50));
    }
    assert_eq!(world.hub.counts().delivered, 5_000 * 50);
}
