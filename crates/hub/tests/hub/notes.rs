//! What a connection is told about its owner.

use std::time::Duration;

use parlour_hub::{Connection, Note, Owner};
use parlour_model::{AccountId, RoomName, Seq, Timestamp};

use crate::actor::Over;
use crate::lines::{WIDE, Way};
use crate::support::{World, member, owner, pass, source};

fn connect(world: &World, owner: Owner) -> Connection {
    world.hub.connect(Some(owner), source()).unwrap()
}

fn read(room: &str, seq: Seq) -> Note {
    Note::Read { room: RoomName::parse(room).unwrap(), seq }
}

#[tokio::test(start_paused = true)]
async fn all_connections_of_an_account_that_listen_are_told() {
    let world = World::new();
    let (mut one, _) = world.guide_on(WIDE, None, connect(&world, owner(1, 1))).await;
    let (mut two, own) = world.guide_on(WIDE, None, connect(&world, owner(1, 2))).await;
    let (mut other, _) = world.guide_on(WIDE, None, connect(&world, owner(2, 3))).await;
    let mut sits = world.join(member(1, "ada")).await;
    own.has_read(&world.room, 7);
    for note in [Note::Me, Note::Rooms, Note::Me, Note::Invitations, Note::Sessions, read("den", 5), read("DEN", 7)] {
        world.hub.note(AccountId(1), note);
    }
    let changed = ["changed Me", "changed Rooms", "changed Invitations", "changed Sessions"];
    assert_eq!(one.read().await.unwrap(), [&changed[..], &["read DEN 7"]].concat(), "the last of a kind");
    assert_eq!(two.read().await.unwrap(), changed, "it was this one that read so far");
    world.hub.note(AccountId(1), read("den", 8));
    assert_eq!(two.read().await.unwrap()[4..], ["read den 8"]);
    assert!(other.read().await.unwrap().is_empty());
    assert_eq!(sits.read().await.unwrap().len(), 2);
    drop(one);
    world.hub.note(AccountId(1), Note::Me);
}

#[tokio::test(start_paused = true)]
async fn notes_that_nobody_takes_gather_without_taking_memory() {
    let world = World::new();
    let (mut slow, _) = world.guide_on(Way::Memory(64), None, connect(&world, owner(1, 1))).await;
    for seq in 1..=10_000 {
        world.hub.note(AccountId(1), read("den", seq));
        world.hub.note(AccountId(1), Note::Me);
        if seq % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let heard = slow.read().await.unwrap();
    assert!(heard.len() < 300, "{}", heard.len());
    assert!(heard.contains(&"read den 10000".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_token_is_told_a_minute_before_unless_it_is_renewed() {
    let world = World::new();
    let until = |seconds| Owner { expires_at: Some(Timestamp::from_seconds(seconds)), ..owner(1, 1) };
    let (mut ends, _) = world.guide_on(WIDE, None, connect(&world, until(100))).await;
    let renewed = connect(&world, until(100));
    renewed.bind(until(2_000)).unwrap();
    let (mut renewed, _) = world.guide_on(WIDE, None, renewed).await;
    let mut sits = world.join(member(1, "ada")).await;
    world.clock.set(Timestamp::from_seconds(39));
    pass(Duration::from_secs(1)).await;
    assert!(ends.read().await.unwrap().is_empty());
    world.clock.set(Timestamp::from_seconds(40));
    pass(Duration::from_secs(1)).await;
    assert_eq!(ends.read().await.unwrap(), ["expiring 100"]);
    let (mut late, _) = world.guide_on(WIDE, None, connect(&world, until(90))).await;
    assert_eq!(late.read().await.unwrap(), ["expiring 90"], "told at once");
    world.clock.set(Timestamp::from_seconds(100));
    pass(Duration::from_secs(1)).await;
    assert_eq!(ends.read_out().await, Over::Closed(1008, "token expired".to_owned()));
    assert_eq!(ends.heard, ["expiring 100", "bye token expired"]);
    assert!(renewed.read().await.unwrap().is_empty());
    assert_eq!(sits.read().await.unwrap().len(), 2);
}
