//! Many: rooms on one connection, followers in one room.

use parlour_hub::{HubSettings, MOST_ROOMS};
use parlour_model::{RoomName, Seq};

use crate::lines::{WIDE, Way};
use crate::support::{World, guest};

fn room(number: usize) -> RoomName {
    RoomName::parse(&format!("room{number}")).unwrap()
}

#[tokio::test(start_paused = true)]
async fn two_hundred_rooms_on_one_connection_and_no_more() {
    const EACH: Seq = 20;
    for way in [WIDE, Way::Memory(300)] {
        let world = World::new();
        let (mut actor, followers) = world.guide(way, None).await;
        for number in 0..MOST_ROOMS {
            actor.follow(room(number).as_str(), None).await.unwrap();
        }
        actor.follow("room0", None).await.unwrap();
        actor.next().await.unwrap();
        assert_eq!(actor.heard.last().unwrap(), "Already");
        actor.follow("one-more", None).await.unwrap();
        actor.next().await.unwrap();
        assert_eq!(actor.heard.last().unwrap(), "Full");
        assert_eq!((followers.len(), world.hub.counts().seats), (MOST_ROOMS, MOST_ROOMS));
        for _ in 0..EACH {
            for number in 0..MOST_ROOMS {
                world.hub.publish(world.log.commit(&room(number), &["x"]));
            }
        }
        let expected: Vec<_> = (1..=EACH).collect();
        for number in 0..MOST_ROOMS {
            let name = room(number);
            actor.read_to_in(name.as_str(), EACH).await.unwrap();
            assert_eq!(actor.seqs_in(name.as_str()), expected, "{name}");
        }
        actor.leave().await;
        let counts = world.hub.counts();
        assert_eq!((counts.connections, counts.seats, counts.rooms), (0, 0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn many_rooms_are_resumed_at_once() {
    const EACH: Seq = 700;
    let world = World::with(HubSettings { ring_entries: 16, ..HubSettings::default() });
    for number in 0..20 {
        world.hub.publish(world.log.commit(&room(number), &["x"; 700]));
    }
    let (mut actor, _) = world.guide(Way::Memory(1_000), None).await;
    for number in 0..20 {
        actor.wire.say(&format!("follow {} 0 0", room(number))).await;
    }
    for number in 0..20 {
        actor.read_to_in(room(number).as_str(), EACH).await.unwrap();
    }
    for number in 0..20 {
        assert_eq!(actor.seqs_in(room(number).as_str()), (1..=EACH).collect::<Vec<_>>());
        let name = room(number);
        let answer = actor.heard.iter().position(|text| text.starts_with(&format!("following {name} ")));
        let first = actor.heard.iter().position(|text| text.starts_with(&format!("{name} 1 ")));
        assert!(answer < first, "the answer comes first");
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_room_does_not_silence_the_others() {
    let world = World::new();
    let (mut actor, _) = world.guide(Way::Memory(256), None).await;
    actor.follow("den", None).await.unwrap();
    actor.follow("quiet", None).await.unwrap();
    let long = "x".repeat(1_000);
    for _ in 0..500 {
        world.say(&[&long]);
    }
    world.hub.publish(world.log.commit(&RoomName::parse("quiet").unwrap(), &["psst"]));
    actor.read_to_in("quiet", 1).await.unwrap();
    assert!(actor.seqs_in("den").len() < 200, "{} came before", actor.seqs_in("den").len());
    actor.read_to_in("den", 500).await.unwrap();
    assert_eq!(actor.seqs_in("den"), (1..=500).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn who_is_told_more_than_the_line_takes_is_listened_to_all_the_same() {
    let world = World::new();
    let (mut actor, _) = world.guide(Way::Memory(256), None).await;
    actor.follow("den", None).await.unwrap();
    let long = "x".repeat(1_000);
    for _ in 0..500 {
        world.say(&[&long]);
    }
    actor.wire.say("leave den").await;
    while actor.heard.last().is_none_or(|text| text != "left it: true") {
        actor.next().await.unwrap();
    }
    let had = actor.seqs_in("den");
    assert_eq!(had, (1..=i64::try_from(had.len()).unwrap()).collect::<Vec<_>>());
    assert!(had.len() < 200, "{} events came before it was heard", had.len());
}

#[tokio::test]
async fn five_thousand_followers_hear_everything() {
    let world = World::new();
    let mut readers = Vec::new();
    for _ in 0..5_000 {
        let mut actor = world.follower(Way::Memory(1 << 12), None, None).await;
        readers.push(tokio::spawn(async move {
            actor.read_to_in("den", 20).await.unwrap();
            actor.seqs_in("den")
        }));
    }
    let mut sits = world.join(guest(None)).await;
    for _ in 0..20 {
        world.say(&["x"]);
        tokio::task::yield_now().await;
    }
    for reader in readers {
        assert_eq!(reader.await.unwrap(), (1..=20).collect::<Vec<_>>());
    }
    sits.read_to(20).await.unwrap();
    assert_eq!(world.hub.counts().delivered, 5_001 * 20);
}
