//! Many messages of one peer under way: settled when and in what order their conversation likes, and never lost.

use std::sync::Arc;
use std::time::Duration;

use parlour_hub::{Flow, Parting};
use parlour_websocket::CloseCode;
use tokio::sync::Semaphore;

use crate::actor::{Actor, Echo, Over};
use crate::clerk::{Clerk, Desk};
use crate::lines::{WIDE, Way};
use crate::support::{World, guest, pass};

async fn sit(world: &World, way: Way) -> (Actor, Desk) {
    let (clerk, desk) = Clerk::new();
    (world.talk_by(way, guest(None), clerk).await, desk)
}

async fn say(actor: &mut Actor, messages: std::ops::Range<usize>) {
    for number in messages {
        actor.wire.say(&number.to_string()).await;
    }
}

async fn are_answered_as_they_are_settled(way: Way) {
    let world = World::new();
    let (mut ada, mut desk) = sit(&world, way).await;
    say(&mut ada, 0..10).await;
    let mut taken = Vec::new();
    for number in 0..10 {
        let (text, turn) = desk.next().await;
        assert_eq!(text, number.to_string(), "handed over in order, before any is settled");
        taken.push((text, turn));
    }
    let settling = tokio::spawn(async move {
        for (text, turn) in taken.into_iter().rev() {
            Clerk::reply(turn, &text);
            tokio::task::yield_now().await;
        }
    });
    let backwards: Vec<_> = (0..10).rev().map(|number: usize| number.to_string()).collect();
    assert_eq!(ada.hear(10).await, backwards);
    settling.await.unwrap();
    assert_eq!(ada.leave().await, Parting::Clean);
}

#[tokio::test(start_paused = true)]
async fn messages_are_answered_as_they_are_settled() {
    are_answered_as_they_are_settled(WIDE).await;
    are_answered_as_they_are_settled(Way::Memory(7)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_on_sockets_are_answered_as_they_are_settled() {
    are_answered_as_they_are_settled(Way::Tcp).await;
    are_answered_as_they_are_settled(Way::NarrowTcp).await;
}

#[tokio::test(start_paused = true)]
async fn no_more_than_64_messages_are_under_way() {
    let world = World::new();
    let (mut ada, mut desk) = sit(&world, WIDE).await;
    say(&mut ada, 0..200).await;
    let mut answered = 0;
    let mut under_way = Vec::new();
    while answered < 200 {
        pass(Duration::from_millis(1)).await;
        under_way.extend(desk.all());
        assert_eq!(under_way.len(), 64.min(200 - answered), "as many as may be, and no more");
        // Any of them makes room for the next.
        let (text, turn) = under_way.swap_remove(answered % under_way.len());
        Clerk::reply(turn, &text);
        answered += 1;
    }
    let mut all: Vec<usize> = ada.hear(200).await.iter().map(|text| text.parse().unwrap()).collect();
    all.sort_unstable();
    assert_eq!(all, (0..200).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_than_64_messages_of_a_socket_are_under_way() {
    let world = World::new();
    let (mut ada, mut desk) = sit(&world, Way::Tcp).await;
    say(&mut ada, 0..1_000).await;
    let mut under_way = std::collections::VecDeque::new();
    for _ in 0..1_000 {
        while under_way.len() < 64 && under_way.back().is_none_or(|(text, _)| text != "999") {
            under_way.push_back(desk.next().await);
        }
        assert!(desk.all().is_empty(), "the 65th waits");
        let (text, turn): (String, _) = under_way.pop_front().unwrap();
        // Settled on another thread, while the hub may be about to fall asleep over the full desk.
        tokio::spawn(async move { Clerk::reply(turn, &text) });
    }
    ada.hear(1_000).await;
}

/// A peer says goodbye with messages under way.
async fn is_answered_before_the_goodbye(way: Way) {
    let world = World::new();
    let (mut ada, mut desk) = sit(&world, way).await;
    say(&mut ada, 0..3).await;
    let mut turns = Vec::new();
    for _ in 0..3 {
        turns.push(desk.next().await.1);
    }
    ada.wire.send(0x88, &1000_u16.to_be_bytes()).await;
    // A narrow line would wait for somebody to take it.
    if !matches!(way, Way::Memory(7)) {
        ada.wire.say("after the goodbye nothing is heard").await;
    }
    for (number, turn) in turns.into_iter().enumerate() {
        tokio::task::yield_now().await;
        assert!(ada.is_served(), "it is waited for");
        Clerk::reply(turn, &number.to_string());
    }
    assert_eq!(ada.read_out().await, Over::Closed(1000, String::new()));
    assert_eq!(ada.heard, ["0", "1", "2"]);
    assert_eq!(ada.leave().await, Parting::Clean);
    assert!(desk.all().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_waits_for_what_became_of_the_messages() {
    is_answered_before_the_goodbye(WIDE).await;
    is_answered_before_the_goodbye(Way::Memory(7)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_goodbye_on_a_socket_waits_for_what_became_of_the_messages() {
    is_answered_before_the_goodbye(Way::Tcp).await;
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_is_one_even_if_the_line_breaks_before_it_is_answered() {
    let world = World::new();
    let (mut ada, mut desk) = sit(&world, WIDE).await;
    say(&mut ada, 0..1).await;
    let (_, turn) = desk.next().await;
    ada.wire.send(0x88, &1000_u16.to_be_bytes()).await;
    pass(Duration::from_millis(1)).await;
    world.say(&["to nobody"]);
    let parting = tokio::spawn(ada.break_off());
    pass(Duration::from_millis(1)).await;
    world.say(&["to nobody"]);
    pass(Duration::from_millis(1)).await;
    turn.settle(Flow::Go);
    assert_eq!(parting.await.unwrap(), Parting::Clean);
}

async fn a_lost_message_ends_with_1011(way: Way) {
    let world = World::new();
    let (mut ada, mut desk) = sit(&world, way).await;
    say(&mut ada, 0..3).await;
    let [(_, first), (_, second), (_, third)] = [desk.next().await, desk.next().await, desk.next().await];
    Clerk::reply(first, "first");
    drop(second);
    assert_eq!(ada.read_out().await, Over::Closed(CloseCode::INTERNAL_ERROR.number(), String::new()));
    assert_eq!(ada.heard, ["first"]);
    assert_eq!(ada.leave().await, Parting::Clean);
    Clerk::reply(third, "nobody hears this");
    assert_eq!(world.hub.counts().connections, 0);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_dropped_ends_the_connection() {
    a_lost_message_ends_with_1011(WIDE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_dropped_ends_the_socket() {
    a_lost_message_ends_with_1011(Way::Tcp).await;
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_an_answer_is_not_silent() {
    let world = World::new();
    let (mut ada, mut desk) = sit(&world, WIDE).await;
    say(&mut ada, 0..64).await;
    pass(Duration::from_mins(5)).await;
    assert!(ada.is_served(), "while its messages are under way it is not listened to");
    for (text, turn) in desk.all() {
        Clerk::reply(turn, &text);
    }
    ada.hear(64).await;
    assert_eq!(ada.leave().await, Parting::Clean);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_came_in_pieces_may_be_under_way_for_long() {
    let world = World::new();
    let allowed = Arc::new(Semaphore::new(0));
    let mut ada = world.talk_by(WIDE, guest(None), Echo(Arc::clone(&allowed))).await;
    ada.wire.say("wait").await;
    for piece in [b"\x81\x84\0\0\0\0".as_slice(), b"ne", b"xt"] {
        ada.wire.write(piece).await;
        pass(Duration::from_secs(1)).await;
    }
    pass(Duration::from_mins(5)).await;
    allowed.add_permits(1);
    assert_eq!(ada.hear(2).await, ["waited", "next"]);
    assert_eq!(ada.leave().await, Parting::Clean);
}
