//! What another node tells of a log is held against the store: whoever is mistaken, or lies, changes nothing.

use std::sync::atomic::Ordering;
use std::time::Duration;

use parlour_hub::Published;
use parlour_model::{Epoch, Seq};

use crate::air::Town;
use crate::support::{guest, pass};

/// Long enough for everything that is tried again and again.
const LONG: Duration = Duration::from_mins(5);

/// Two nodes: on one of them something was said that is not so, on the other somebody sits and hears all the same.
async fn is_told(forge: impl Fn(Published) -> Published) {
    let town = Town::new(1, 2).await;
    let (one, two) = (&town.nodes[0], &town.nodes[1]);
    one.say(&["a"]);
    let mut ada = two.join(guest(Some(0))).await;
    let told = one.log.commit(&one.room, &["b"]);
    one.hub.publish(forge(told.clone()));
    pass(Duration::from_millis(5)).await;
    one.hub.publish(told);
    one.say(&["c"]);
    pass(Duration::from_millis(5)).await;
    assert_eq!(ada.read().await.unwrap(), ["1 a", "2 b", "3 c"]);
    let pages = one.log.pages_read.load(Ordering::Relaxed);
    pass(LONG).await;
    one.say(&["d"]);
    pass(Duration::from_millis(5)).await;
    assert_eq!(ada.read().await.unwrap()[3..], ["4 d"]);
    assert!(one.log.pages_read.load(Ordering::Relaxed) - pages < 5, "it looks for what is not there");
}

#[tokio::test(start_paused = true)]
async fn another_life_of_the_log_is_begun_by_the_store_alone() {
    is_told(|told| Published { epoch: Epoch(99), ..told }).await;
}

#[tokio::test(start_paused = true)]
async fn how_far_the_log_goes_is_said_by_the_store_alone() {
    is_told(|mut told| {
        told.events[0].seq = Seq::MAX;
        told
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_for_the_bus_is_looked_up_like_all_else() {
    is_told(|mut told| {
        let long = told.events[0].clone();
        told.events = (1_000_000..1_000_500).map(|seq| parlour_model::Event { seq, ..long.clone() }).collect();
        told
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_history_that_has_not_what_it_says_it_has_is_not_asked_without_a_rest() {
    let town = Town::new(1, 1).await;
    let one = &town.nodes[0];
    one.say(&["a"]);
    let _ada = one.join(guest(Some(0))).await;
    drop(one.log.commit(&one.room, &["lost"; 9]));
    one.log.forgotten.store(5, Ordering::Relaxed);
    one.say(&["z"]);
    pass(LONG).await;
    let pages = one.log.pages_read.load(Ordering::Relaxed);
    assert!((3..100).contains(&pages), "{pages}");
}
