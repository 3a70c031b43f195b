//! Following rooms: the answer first, then one order without gap or repeat; what is recovered and what is not; presence
//! by seats and followers alike.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use parlour_hub::{Counts, HubSettings, Parting};
use parlour_model::Seq;

use crate::actor::Over;
use crate::lines::{WIDE, Way};
use crate::support::{Dice, World, guest, member, pass, person};

fn from_to(first: Seq, last: Seq) -> Vec<Seq> {
    (first..=last).collect()
}

#[tokio::test(start_paused = true)]
async fn an_evening_of_one_who_follows() {
    let world = World::new();
    world.say(&["before"]);
    let mut ada = world.follower(WIDE, Some(person(1, "ada")), None).await;
    let bob = world.join(member(2, "bob")).await;
    world.say(&["hello"]);
    bob.leave().await;
    assert_eq!(ada.read().await.unwrap()[1..], ["den joined bob", "den 2 hello", "den left bob"]);
    assert_eq!(ada.heard[0], "following den 0 1 true 1:ada");
    let mut cleo = world.join(member(3, "cleo")).await;
    assert_eq!(cleo.read().await.unwrap(), ["online ada", "joined cleo"]);
    ada.wire.say("leave den").await;
    ada.wire.say("leave den").await;
    assert_eq!(ada.read().await.unwrap()[4..], ["den joined cleo", "left it: true", "left it: false"]);
    assert_eq!(cleo.read().await.unwrap()[2..], ["left ada"]);
    world.say(&["unheard"]);
    ada.wire.say("echo").await;
    assert_eq!(ada.read().await.unwrap()[7..], ["echo"]);
    let counts = world.hub.counts();
    assert_eq!((counts.connections, counts.seats, counts.rooms), (2, 1, 1));
    assert_eq!(ada.leave().await, Parting::Clean);
    cleo.leave().await;
    let counts = world.hub.counts();
    assert_eq!(counts, Counts { connections: 0, seats: 0, rooms: 0, delivered: counts.delivered });
}

#[tokio::test(start_paused = true)]
async fn presence_is_of_people_whether_they_sit_or_follow() {
    let world = World::new();
    let mut ada = world.join(member(1, "ada")).await;
    let bob_sits = world.join(member(2, "bob")).await;
    let bob_follows = world.follower(WIDE, Some(person(2, "bob")), None).await;
    bob_sits.leave().await;
    assert_eq!(ada.read().await.unwrap()[2..], ["joined bob"], "he still follows");
    bob_follows.break_off().await;
    pass(Duration::from_secs(5)).await;
    let back = world.follower(WIDE, Some(person(2, "bob")), None).await;
    assert_eq!(back.heard, ["following den 0 0 true 2:ada,bob"]);
    pass(Duration::from_secs(20)).await;
    assert_eq!(ada.read().await.unwrap().len(), 3, "he was back in time");
    back.break_off().await;
    pass(Duration::from_secs(20)).await;
    let other = world.follower(WIDE, Some(person(2, "bob")), None).await;
    other.leave().await;
    assert_eq!(ada.read().await.unwrap()[3..], ["left bob", "joined bob", "left bob"]);
    let guest = world.follower(WIDE, None, None).await;
    assert_eq!(guest.heard, ["following den 0 0 true 1:ada"]);
    assert_eq!(ada.read().await.unwrap().len(), 6, "guests are nobody");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_kept_or_of_another_log_is_honestly_not_recovered() {
    let world = World::with(HubSettings { ring_entries: 16, ..HubSettings::default() });
    let _witness = world.join(guest(None)).await;
    world.say(&["x"; 100]);
    world.log.forgotten.store(50, Ordering::Relaxed);
    for (epoch, since, recovered) in
        [(0, 100, true), (0, 99, true), (0, 60, true), (0, 50, true), (0, 49, false), (0, 101, false), (1, 60, false)]
    {
        let mut actor = world.follower(WIDE, None, Some((epoch, since))).await;
        assert_eq!(actor.heard[0], format!("following den 0 100 {recovered} 0:"), "{epoch} {since}");
        actor.read().await.unwrap();
        let expected = if recovered { from_to(since + 1, 100) } else { Vec::new() };
        assert_eq!(actor.seqs_in("den"), expected);
    }
    let negative = world.follower(WIDE, None, Some((0, -1))).await;
    assert_eq!(negative.heard, ["following den 0 100 false 0:"]);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_no_longer_kept_ends_the_follower_and_not_the_connection() {
    let world = World::with(HubSettings { ring_entries: 16, ..HubSettings::default() });
    let _witness = world.join(guest(None)).await;
    world.say(&["x"; 1_000]);
    let (mut actor, _) = world.guide(Way::Memory(64), None).await;
    actor.follow("den", Some((0, 0))).await.unwrap();
    world.log.forgotten.store(900, Ordering::Relaxed);
    while actor.heard.last().is_none_or(|text| text != "den over resume") {
        actor.next().await.unwrap();
    }
    let had = Seq::try_from(actor.seqs_in("den").len()).unwrap();
    assert_eq!(actor.seqs_in("den"), from_to(1, had));
    assert!(had < 900);
    let again = actor.follow("den", Some((0, had))).await.unwrap();
    assert_eq!(again, "following den 0 1000 false 0:");
}

/// Reads to the end as a client does: told to resume, it does, on the same connection.
async fn follow_to(world: &World, way: Way, since: Seq, last: Seq) -> Vec<Seq> {
    let (mut actor, _) = world.guide(way, None).await;
    actor.follow("den", Some((0, since))).await.unwrap();
    while actor.seqs_in("den").last().is_none_or(|had| *had < last) && since < last {
        actor.next().await.unwrap();
        if actor.heard.last().is_some_and(|text| text == "den over resume") {
            let had = actor.seqs_in("den").last().copied().unwrap_or(since);
            actor.follow("den", Some((0, had))).await.unwrap();
        }
    }
    actor.seqs_in("den")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn following_while_others_publish_leaves_no_gap_and_no_repeat() {
    const LAST: Seq = 2_000;
    let world = Arc::new(World::with(HubSettings { ring_entries: 16, ..HubSettings::default() }));
    world.say(&["old"; 600]);
    let publisher = Arc::clone(&world);
    let publishing = tokio::spawn(async move {
        for _ in 600..LAST {
            publisher.say(&["new"]);
            tokio::task::yield_now().await;
        }
    });
    let (mut dice, mut readers) = (Dice(42), Vec::new());
    while readers.len() < 60 {
        let last = world.log.last(&world.room).cast_unsigned();
        let (world, since) = (Arc::clone(&world), dice.below(last + 1).cast_signed());
        let way = [Way::Memory(64), Way::Memory(1 << 16), Way::Tcp, Way::NarrowTcp][readers.len() % 4];
        readers.push((since, tokio::spawn(async move { follow_to(&world, way, since, LAST).await })));
        tokio::task::yield_now().await;
    }
    publishing.await.unwrap();
    for (since, reader) in readers {
        assert_eq!(reader.await.unwrap(), from_to(since + 1, LAST), "since {since}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_too_slow_is_told_to_resume_and_keeps_the_connection() {
    let world = World::with(HubSettings { ring_entries: 16, ..HubSettings::default() });
    let mut slow = world.follower(Way::Memory(64), None, None).await;
    let mut quick = world.join(guest(None)).await;
    for seq in 1..=200 {
        world.say(&["x"]);
        quick.read_to(seq).await.unwrap();
    }
    while slow.heard.last().is_none_or(|text| text != "den over resume") {
        slow.next().await.unwrap();
    }
    let had = Seq::try_from(slow.seqs_in("den").len()).unwrap();
    assert!(had < 200);
    slow.follow("den", Some((0, had))).await.unwrap();
    slow.read_to_in("den", 200).await.unwrap();
    assert_eq!(slow.seqs_in("den"), from_to(1, 200));
    slow.wire.say("still there").await;
    assert_eq!(slow.read().await.unwrap().last().unwrap(), "still there");
}

#[tokio::test(start_paused = true)]
async fn another_log_ends_what_followed_the_last_one() {
    let world = World::new();
    let mut actor = world.follower(WIDE, None, None).await;
    world.say(&["a", "b"]);
    actor.read().await.unwrap();
    world.log.restore();
    world.say(&["c"]);
    assert_eq!(actor.read().await.unwrap()[1..], ["den 1 a", "den 2 b", "den over resume"]);
    let again = actor.follow("den", Some((0, 2))).await.unwrap();
    assert_eq!(again, "following den 1 1 false 0:");
}

#[tokio::test(start_paused = true)]
async fn the_conversation_says_goodbye_with_a_last_word() {
    let world = World::new();
    let mut actor = world.follower(WIDE, None, None).await;
    world.say(&["a"]);
    actor.wire.say("bye").await;
    assert_eq!(actor.read_out().await, Over::Closed(1008, "as you wish".to_owned()));
    assert_eq!(actor.heard[1..], ["den 1 a", "bye as you wish"]);
    let peer = world.follower(WIDE, None, None).await;
    assert_eq!(peer.leave().await, Parting::Clean);
}

#[tokio::test(start_paused = true)]
async fn a_restart_is_announced_to_those_who_follow() {
    let world = World::new();
    let mut actor = world.follower(WIDE, Some(person(1, "ada")), None).await;
    let hub = world.hub.clone();
    let draining = tokio::spawn(async move { hub.drain(Duration::from_secs(1)).await });
    assert_eq!(actor.read_out().await, Over::Closed(1012, "restarting".to_owned()));
    assert_eq!(actor.heard[1..], ["bye restarting"]);
    assert_eq!(actor.break_off().await, Parting::Broken, "whoever is sent away is awaited back");
    draining.await.unwrap();
}
