//! Pings, silence and what takes too long, in paused time.

use std::time::Duration;

use parlour_hub::Parting;
use tokio::time::Instant;

use crate::actor::Said;
use crate::lines::Way;
use crate::support::{World, guest, pass};

fn second(start: Instant) -> u64 {
    start.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn pings_come_every_25_seconds_for_as_long_as_they_are_answered() {
    let world = World::new();
    let start = Instant::now();
    let mut ada = world.join(guest(None)).await;
    for count in 1..=40 {
        assert_eq!(ada.wire.next().await, Some(Said::Ping("".into())));
        let expected = 25 * count;
        assert!((expected..=expected + count).contains(&second(start)), "the {count}th at {}", second(start));
        ada.wire.send(0x8a, b"").await;
    }
    assert_eq!(ada.leave().await, Parting::Clean);
}

#[tokio::test(start_paused = true)]
async fn whatever_is_heard_proves_that_the_peer_is_there() {
    let world = World::new();
    let mut ada = world.join(guest(None)).await;
    for _ in 0..10 {
        // It does not answer pings, but talks.
        pass(Duration::from_secs(50)).await;
        ada.wire.say("nothing").await;
    }
    assert!(ada.is_served());
    let start = Instant::now();
    assert_eq!(ada.wait().await, Parting::Broken);
    assert!((60..=61).contains(&second(start)));
}

#[tokio::test(start_paused = true)]
async fn an_unfinished_message_ends_the_line_though_pongs_come() {
    let world = World::new();
    // A fragment; a frame that is cut; a length that is.
    for begun in [b"\x01\x81\0\0\0\0a".as_slice(), b"\x81\x84\0\0\0\0ab", b"\x81\xfe\x01"] {
        let mut ada = world.join(guest(None)).await;
        ada.wire.write(begun).await;
        let start = Instant::now();
        while let Some(said) = ada.wire.next().await {
            // Within a frame nothing else can be said.
            if let (Said::Ping(payload), 0x01) = (said, begun[0]) {
                ada.wire.send(0x8a, &payload).await;
            }
        }
        let after = second(start);
        assert!((59..=61).contains(&after), "{after}");
        assert_eq!(ada.break_off().await, Parting::Broken);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_finished_in_time_is_not_held_against_the_next() {
    let world = World::new();
    let mut ada = world.join(guest(None)).await;
    for _ in 0..5 {
        ada.wire.write(b"\x01\x81\0\0\0\0a").await;
        pass(Duration::from_secs(40)).await;
        ada.wire.write(b"\x80\x81\0\0\0\0b").await;
    }
    assert_eq!(ada.hear(5).await, ["ab"; 5]);
    assert_eq!(ada.leave().await, Parting::Clean);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_makes_no_progress_ends_the_line() {
    let world = World::new();
    let mut ada = world.join_by(Way::Memory(100), guest(None)).await;
    world.say(&["x"; 50]);
    pass(Duration::from_millis(1)).await;
    let start = Instant::now();
    assert_eq!(ada.wait().await, Parting::Broken);
    assert!((60..=61).contains(&second(start)), "{}", second(start));
}
