//! Putting people out of a room: at once, by name, and nothing is read from a room that is gone.

use std::time::Duration;

use parlour_hub::{Farewell, Parting, PutOut};
use parlour_model::AccountId;

use crate::actor::Over;
use crate::lines::WIDE;
use crate::support::{World, guest, member, pass, person};

fn closed(why: &str) -> Over {
    Over::Closed(1008, why.to_owned())
}

#[tokio::test(start_paused = true)]
async fn who_is_banned_is_put_out_of_every_seat_and_has_left() {
    let world = World::new();
    let mut ada = world.join(member(1, "ada")).await;
    let mut bob = world.join(member(2, "bob")).await;
    let mut also_bob = world.follower(WIDE, Some(person(2, "bob")), None).await;
    let broken = world.join(member(2, "bob")).await;
    broken.break_off().await;
    world.hub.expel(&world.room, AccountId(2), PutOut::Banned);
    assert_eq!(bob.read_out().await, closed("banned"));
    assert_eq!(also_bob.read().await.unwrap()[1..], ["den over banned"]);
    assert_eq!(ada.read().await.unwrap()[2..], ["joined bob", "left bob"]);
    // He is let in again before the last of his old connections is gone.
    let mut back = world.join(member(2, "bob")).await;
    assert_eq!(bob.break_off().await, Parting::Clean);
    also_bob.leave().await;
    pass(Duration::from_secs(20)).await;
    assert_eq!(ada.read().await.unwrap()[4..], ["joined bob"]);
    world.say(&["hello"]);
    assert_eq!(back.read().await.unwrap().last().unwrap(), "1 hello");
    assert_eq!(world.hub.counts().seats, 2);
    world.hub.expel(&world.room, AccountId(9), PutOut::Banned);
    assert_eq!(ada.read().await.unwrap()[5..], ["1 hello"]);
}

#[tokio::test(start_paused = true)]
async fn a_seat_that_nobody_serves_yet_is_put_out_too() {
    let world = World::new();
    let connection = world.connect();
    let seat = world.hub.join(&world.room, &connection, member(2, "bob")).await.unwrap();
    world.hub.expel(&world.room, AccountId(2), PutOut::Removed);
    assert_eq!(connection.farewell().await, Farewell::PutOut(PutOut::Removed));
    drop(seat);
    let mut ada = world.join(member(1, "ada")).await;
    assert_eq!(ada.read().await.unwrap(), ["online ", "joined ada"]);
}

#[tokio::test(start_paused = true)]
async fn of_a_room_made_private_only_members_remain() {
    let world = World::new();
    let mut ada = world.join(member(1, "ada")).await;
    let mut also_ada = world.follower(WIDE, Some(person(1, "ada")), None).await;
    let mut bob = world.join(member(2, "bob")).await;
    let (mut sitting, mut following) = (world.join(guest(None)).await, world.follower(WIDE, None, None).await);
    world.hub.turn_out(&world.room, PutOut::Private, vec![AccountId(3), AccountId(1)]);
    assert_eq!(bob.read_out().await, closed("private"));
    assert_eq!(sitting.read_out().await, closed("private"));
    assert_eq!(following.read().await.unwrap()[1..], ["den over private"]);
    world.say(&["among us"]);
    assert_eq!(ada.read().await.unwrap()[2..], ["joined bob", "left bob", "1 among us"]);
    assert_eq!(also_ada.read().await.unwrap()[1..], ["den joined bob", "den left bob", "den 1 among us"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_from_a_room_that_is_gone() {
    let world = World::new();
    let mut ada = world.join(member(1, "ada")).await;
    let mut bob = world.follower(WIDE, Some(person(2, "bob")), None).await;
    world.say(&["secret"]);
    let late = world.log.commit(&world.room, &["late"]);
    bob.read().await.unwrap();
    world.hub.turn_out(&world.room, PutOut::Deleted, Vec::new());
    assert_eq!(ada.read_out().await, closed("deleted"));
    assert_eq!(bob.read().await.unwrap().last().unwrap(), "den over deleted");
    // Somebody who came in at the last moment keeps the room in memory.
    let mut cleo = world.follower(WIDE, None, Some((0, 0))).await;
    assert_eq!(cleo.heard, ["following den 0 0 false 0:"]);
    world.hub.publish(late);
    pass(Duration::from_secs(20)).await;
    assert_eq!(cleo.read().await.unwrap().len(), 1);
    world.log.restore();
    world.say(&["a room of the same name"]);
    assert_eq!(cleo.read().await.unwrap().last().unwrap(), "den over resume");
    let again = cleo.follow("den", None).await.unwrap();
    assert_eq!(again, "following den 1 1 true 0:");
}
