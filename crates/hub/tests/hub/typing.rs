//! Who is writing: seldom, to few, and to nobody who does not know the word.

use std::time::Duration;

use parlour_hub::HubSettings;
use parlour_model::RoomName;

use crate::lines::{WIDE, Way};
use crate::support::{World, guest, member, pass, person};

#[tokio::test(start_paused = true)]
async fn the_others_hear_of_it_once_in_three_seconds() {
    let world = World::new();
    let mut ada = world.follower(WIDE, Some(person(1, "ada")), None).await;
    let mut also_ada = world.follower(WIDE, Some(person(1, "ada")), None).await;
    let mut bob = world.follower(WIDE, Some(person(2, "bob")), None).await;
    let mut cleo = world.join(member(3, "cleo")).await;
    ada.read().await.unwrap();
    for _ in 0..10 {
        world.hub.typing(&world.room, &person(1, "ada"));
    }
    assert_eq!(bob.read().await.unwrap()[1..], ["den joined cleo", "den typing ada"]);
    pass(Duration::from_secs(2)).await;
    world.hub.typing(&world.room, &person(1, "ada"));
    world.hub.typing(&world.room, &person(2, "bob"));
    pass(Duration::from_secs(1)).await;
    world.hub.typing(&world.room, &person(1, "ada"));
    world.say(&["at last"]);
    assert_eq!(bob.read().await.unwrap()[3..], ["den typing ada", "den 1 at last"]);
    let told = ["den joined bob", "den joined cleo", "den typing bob", "den 1 at last"];
    assert_eq!(ada.read().await.unwrap()[1..], told);
    assert_eq!(also_ada.read().await.unwrap()[1..], told, "it is the same person");
    assert_eq!(cleo.read().await.unwrap()[2..], ["1 at last"], "a contract without the word");
    world.hub.typing(&RoomName::parse("elsewhere").unwrap(), &person(1, "ada"));
    assert_eq!(world.hub.counts().rooms, 1);
}

#[tokio::test(start_paused = true)]
async fn in_a_room_of_more_than_a_hundred_nobody_hears_of_it() {
    let world = World::new();
    let mut bob = world.follower(WIDE, Some(person(2, "bob")), None).await;
    let mut guests = Vec::new();
    for _ in 0..99 {
        guests.push(world.join_by(Way::Memory(1 << 10), guest(None)).await);
    }
    world.hub.typing(&world.room, &person(1, "ada"));
    assert_eq!(bob.read().await.unwrap()[1..], ["den typing ada"]);
    guests.push(world.join_by(Way::Memory(1 << 10), guest(None)).await);
    pass(Duration::from_secs(3)).await;
    world.hub.typing(&world.room, &person(1, "ada"));
    assert_eq!(bob.read().await.unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_passing_word_is_no_presence_that_could_be_lost() {
    let world = World::with(HubSettings { ring_entries: 8, ..HubSettings::default() });
    world.say(&["x"; 100]);
    let mut bob = world.follower(Way::Memory(16), Some(person(2, "bob")), Some((0, 0))).await;
    for id in 10..30 {
        world.hub.typing(&world.room, &person(id, "somebody"));
    }
    bob.read_to_in("den", 100).await.unwrap();
    assert_eq!(bob.seqs_in("den"), (1..=100).collect::<Vec<_>>());
}
