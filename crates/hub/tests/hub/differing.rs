//! A history that went back and on otherwise is told from one that was only away, and whoever heard of it is told so.

use std::sync::atomic::Ordering;

use crate::lines::WIDE;
use crate::support::World;

/// How many rooms differ, which are then turned over.
async fn turned(world: &World) -> usize {
    let mut differing = 0;
    for room in world.hub.active_rooms() {
        if world.hub.differing(&room).await.unwrap().is_some() {
            world.hub.turn_over(&room).await.unwrap();
            differing += 1;
        }
    }
    differing
}

#[tokio::test(start_paused = true)]
async fn what_was_told_and_is_still_there_does_not_differ() {
    let world = World::new();
    world.log.commit(&world.room, &["before"]);
    let mut actor = world.follower(WIDE, None, None).await;
    assert_eq!(turned(&world).await, 0);
    world.say(&["a", "b"]);
    assert_eq!(turned(&world).await, 0);
    // Committed elsewhere, and not heard of yet.
    world.log.commit(&world.room, &["c"]);
    assert_eq!(turned(&world).await, 0);
    world.log.forgotten.store(2, Ordering::Relaxed);
    assert_eq!(turned(&world).await, 0, "what is kept no longer says nothing");
    world.say(&["d"]);
    actor.read_to_in("den", 5).await.unwrap();
    world.log.away.store(true, Ordering::Relaxed);
    world.hub.differing(&world.hub.active_rooms()[0]).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_log_that_went_back_and_passed_where_it_was_turns_over() {
    let world = World::new();
    let mut actor = world.follower(WIDE, None, None).await;
    world.say(&["a", "b", "lost", "lost"]);
    actor.read_to_in("den", 4).await.unwrap();
    world.log.go_back(&world.room, 2);
    world.log.commit(&world.room, &["c", "d", "e"]);
    assert_eq!(turned(&world).await, 1);
    assert_eq!(actor.read().await.unwrap().last().unwrap(), "den over resume");
    let again = actor.follow("den", Some((0, 2))).await.unwrap();
    assert_eq!(again, "following den 0 5 true 0:");
    actor.read_to_in("den", 5).await.unwrap();
    assert_eq!(actor.heard[actor.heard.len() - 3..], ["den 3 c", "den 4 d", "den 5 e"]);
    assert_eq!(turned(&world).await, 0, "it is as it should be");
}

#[tokio::test(start_paused = true)]
async fn a_room_in_which_nothing_was_said_knows_where_it_began() {
    let world = World::new();
    world.log.commit(&world.room, &["a", "lost"]);
    let mut actor = world.follower(WIDE, None, None).await;
    world.log.go_back(&world.room, 1);
    world.log.commit(&world.room, &["b", "c"]);
    assert_eq!(turned(&world).await, 1);
    assert_eq!(actor.read().await.unwrap().last().unwrap(), "den over resume");
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_shorter_or_not_there_turns_over() {
    let world = World::new();
    let mut actor = world.follower(WIDE, None, None).await;
    world.say(&["a", "lost"]);
    actor.read_to_in("den", 2).await.unwrap();
    world.log.go_back(&world.room, 1);
    assert_eq!(turned(&world).await, 1);
    assert_eq!(actor.read().await.unwrap().last().unwrap(), "den over resume");
    actor.follow("den", None).await.unwrap();
    world.log.forget_all();
    assert_eq!(turned(&world).await, 1);
    assert_eq!(actor.read().await.unwrap().last().unwrap(), "den over resume");
    assert_eq!(turned(&world).await, 0);
}
