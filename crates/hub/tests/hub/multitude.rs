//! More people in one room of one node than a letter of PostgreSQL's holds: the other nodes hear of all of them.

use std::sync::Arc;
use std::time::Duration;

use parlour_hub::PutOut;
use parlour_model::AccountId;
use tokio::time::timeout;

use crate::actor::Actor;
use crate::air::{Faults, Town};
use crate::nodes::watcher;
use crate::support::{World, guest, member, pass};

/// So many people with the longest names, of which a letter holds some ten.
const MANY: i64 = 300;

/// Much shorter than the time after which everybody is told again anyway.
const SOON: Duration = Duration::from_secs(2);

async fn crowd(node: &World) -> Vec<Actor> {
    let mut crowd = Vec::new();
    for id in 1..=MANY {
        let long = "\u{1d11e}".repeat(145);
        crowd.push(node.join(member(id, &format!("{long}{id}"))).await);
    }
    crowd
}

fn present(town: &Town, node: usize) -> i64 {
    i64::try_from(town.nodes[node].hub.present(&town.nodes[node].room)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn many_people_who_come_and_go_are_seen_from_the_other_nodes() {
    let mut town = Town::new(1, 2).await;
    let _looks_on = town.nodes[1].join(guest(None)).await;
    let crowd = crowd(&town.nodes[0]).await;
    pass(SOON).await;
    assert_eq!(present(&town, 1), MANY, "they came one after the other, and in one moment");
    town.found();
    pass(SOON).await;
    let mut comes_later = town.nodes[2].join(watcher()).await;
    assert_eq!(present(&town, 2), MANY, "whoever asks is told of all of them");
    let listed = comes_later.read().await.unwrap()[0].split(',').count();
    assert!(comes_later.heard.len() == 1 && listed > 100, "at once, and not one after the other");
    for one in crowd {
        one.leave().await;
    }
    pass(SOON).await;
    assert_eq!((present(&town, 1), present(&town, 2)), (0, 0));
    assert_eq!(town.nodes[0].hub.bus_counts().unwrap().dropped, 0);
}

#[tokio::test(start_paused = true)]
async fn a_part_that_was_lost_is_told_again() {
    let town = Town::new(1, 2).await;
    let _looks_on = town.nodes[1].join(guest(None)).await;
    town.air.set_faults(Faults { lost: 30, repeated: 30, delayed: 30 });
    let _crowd = crowd(&town.nodes[0]).await;
    pass(Duration::from_mins(5)).await;
    assert_eq!(present(&town, 1), MANY);
}

#[tokio::test(start_paused = true)]
async fn of_more_who_may_stay_than_a_letter_holds_the_other_nodes_are_told_to_look_themselves() {
    let town = Town::new(1, 2).await;
    let (one, two) = (&town.nodes[0], &town.nodes[1]);
    let _stays = two.join(member(1, "ada")).await;
    let looking = Arc::new(two.hub.clone());
    // What was written before this began was heeded.
    let _before = timeout(SOON, looking.control_rung()).await;
    one.hub.turn_out(&one.room, PutOut::Private, (1..=3_000).map(AccountId).collect());
    timeout(SOON, two.hub.control_rung()).await.expect("it looks into the control log");
    assert_eq!((present(&town, 1), one.hub.bus_counts().unwrap().dropped), (1, 0));
}
