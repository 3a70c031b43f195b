//! Several nodes: one log and one set of people, whatever is between them loses, repeats and reorders.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use parlour_hub::{NewSeat, Note, PutOut};
use parlour_model::{AccountId, Seq};

use crate::actor::Actor;
use crate::air::{Faults, Town};
use crate::lines::WIDE;
use crate::support::{Dice, Plain, guest, member, pass, person};

const LAST: Seq = 200;

/// A guest who hears of people.
pub(crate) fn watcher() -> NewSeat {
    NewSeat { person: None, encoder: &Plain, since: None }
}

fn index(dice: &mut Dice, below: usize) -> usize {
    usize::try_from(dice.below(below as u64)).unwrap()
}

async fn every_node_tells_the_log(seed: u64, faults: Faults) {
    let (town, mut dice) = (Town::new(seed, 3).await, Dice(seed));
    town.air.set_faults(faults);
    let (mut seats, mut followers) = (Vec::new(), Vec::new());
    let mut committed: Seq = 0;
    while committed < LAST {
        let node = &town.nodes[index(&mut dice, 3)];
        if dice.below(100) < 10 {
            let since = Seq::try_from(dice.below(300)).unwrap();
            seats.push((since.min(committed), node.join(guest(Some(since))).await));
        }
        if dice.below(100) < 10 {
            followers.push((committed, node.follower(WIDE, None, Some((0, committed))).await));
        }
        let size = (1 + index(&mut dice, 5)).min(usize::try_from(LAST - committed).unwrap());
        committed += Seq::try_from(size).unwrap();
        let writer = &town.nodes[index(&mut dice, 3)];
        writer.hub.publish(town.nodes[0].log.commit(&writer.room, &["x"; 5][..size]));
        if dice.below(100) < 30 {
            pass(Duration::from_millis(dice.below(400))).await;
        }
    }
    assert!(!seats.is_empty());
    for (after, seat) in &mut seats {
        seat.read_to(LAST).await.expect("the ring holds it all");
        seat.read().await.expect("and nothing comes after it");
        assert_eq!(seat.seqs(), (*after + 1..=LAST).collect::<Vec<_>>(), "seed {seed}");
    }
    for (since, follower) in &mut followers {
        follower.read_to_in("den", LAST).await.expect("the ring holds it all");
        follower.read().await.expect("and nothing comes after it");
        let found: Vec<_> = follower.heard[0].split(' ').collect();
        let after = if found[4] == "true" { *since } else { found[3].parse().unwrap() };
        assert_eq!(follower.seqs_in("den"), (after + 1..=LAST).collect::<Vec<_>>(), "seed {seed}");
    }
}

const FAULTS: [(u64, u64, u64); 6] =
    [(0, 0, 0), (10, 10, 10), (50, 50, 50), (0, 100, 100), (90, 100, 100), (100, 0, 0)];

fn faults((lost, repeated, delayed): (u64, u64, u64)) -> Faults {
    Faults { lost, repeated, delayed }
}

#[tokio::test(start_paused = true)]
async fn every_log_is_the_history_on_every_node() {
    for seed in 1..=4 {
        for fault in FAULTS {
            every_node_tells_the_log(seed, faults(fault)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_bus_the_heads_are_looked_at_more_often_and_after_it_at_once() {
    let town = Town::new(1, 2).await;
    let mut ada = town.nodes[1].join(guest(None)).await;
    town.air.cut(0, true);
    town.air.cut(1, true);
    pass(Duration::from_secs(2)).await;
    town.nodes[0].say(&["a"]);
    pass(Duration::from_millis(300)).await;
    assert_eq!(ada.read().await.unwrap(), ["1 a"], "through the store alone");
    let repaired = town.nodes[1].hub.bus_counts().unwrap().repaired;
    assert!(repaired > 0 && !town.nodes[1].hub.bus_counts().unwrap().is_connected);
    town.air.cut(1, false);
    town.nodes[0].say(&["b"]);
    pass(Duration::from_millis(1_100)).await;
    assert_eq!(ada.read().await.unwrap()[1..], ["2 b"], "the writer is still away");
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_for_the_bus_is_read_from_the_history() {
    let town = Town::new(1, 2).await;
    let mut ada = town.nodes[1].join(guest(None)).await;
    let long = "x".repeat(9_000);
    town.nodes[0].say(&[&long, "short"]);
    pass(Duration::from_millis(100)).await;
    assert_eq!(ada.read().await.unwrap(), [format!("1 {long}"), "2 short".to_owned()]);
}

/// Who is there, by what somebody was told: nobody comes twice or goes twice.
fn told(actor: &Actor) -> BTreeSet<String> {
    let mut there = BTreeSet::new();
    for text in &actor.heard {
        match text.split_once(' ') {
            Some(("online", names)) => {
                there.extend(names.split(',').filter(|name| !name.is_empty()).map(str::to_owned));
            }
            Some(("joined", name)) => assert!(there.insert(name.to_owned()), "{name} came twice: {:?}", actor.heard),
            Some(("left", name)) => assert!(there.remove(name), "{name} went twice: {:?}", actor.heard),
            _ => {}
        }
    }
    there
}

async fn every_node_tells_of_everybody(seed: u64, faults: Faults) {
    const NAMES: [&str; 5] = ["ada", "bob", "cleo", "dan", "eve"];
    let (town, mut dice) = (Town::new(seed, 3).await, Dice(seed));
    town.air.set_faults(faults);
    let mut watchers = Vec::new();
    let mut tabs: Vec<(usize, Actor)> = Vec::new();
    for step in 0..60 {
        if step % 20 == 0 {
            watchers.push(town.nodes[step / 20].join(watcher()).await);
        }
        if tabs.is_empty() || dice.below(100) < 50 {
            let name = index(&mut dice, NAMES.len());
            let seat = member(i64::try_from(name).unwrap() + 1, NAMES[name]);
            tabs.push((name, town.nodes[index(&mut dice, 3)].join(seat).await));
        } else {
            let any = index(&mut dice, tabs.len());
            let (_, tab) = tabs.swap_remove(any);
            let _ = if dice.below(2) == 0 { tab.leave().await } else { tab.break_off().await };
        }
        pass(Duration::from_millis(dice.below(3_000))).await;
    }
    town.air.set_faults(Faults::default());
    pass(Duration::from_mins(2)).await;
    let there: BTreeSet<_> = tabs.iter().map(|(name, _)| NAMES[*name].to_owned()).collect();
    for (node, mut watcher) in watchers.into_iter().enumerate() {
        watcher.read().await.unwrap();
        assert_eq!(told(&watcher), there, "seed {seed}, node {node}");
        assert_eq!(town.nodes[node].hub.present(&town.nodes[node].room), there.len());
    }
    for (_, mut tab) in tabs {
        tab.read().await.unwrap();
        // Whoever was there all the time heard of themselves as well.
        drop(told(&tab));
    }
}

#[tokio::test(start_paused = true)]
async fn people_are_the_same_on_every_node_whatever_the_bus_does() {
    for seed in 1..=6 {
        for fault in FAULTS {
            every_node_tells_of_everybody(seed, faults(fault)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_finds_those_who_are_on_other_nodes() {
    let mut town = Town::new(1, 2).await;
    let mut ada = town.nodes[0].join(member(1, "ada")).await;
    let mut bob = town.nodes[1].join(member(2, "bob")).await;
    assert_eq!(bob.read().await.unwrap(), ["online ada", "joined bob"]);
    pass(Duration::from_millis(50)).await;
    assert_eq!(ada.read().await.unwrap()[2..], ["joined bob"]);
    let second = town.nodes[1].join(member(1, "ada")).await;
    ada.leave().await;
    pass(Duration::from_secs(15)).await;
    assert_eq!(bob.read().await.unwrap().len(), 2, "she is still there");
    town.found();
    pass(Duration::from_millis(100)).await;
    let mut cleo = town.nodes[2].join(watcher()).await;
    assert_eq!(cleo.read().await.unwrap(), ["online ada,bob"], "a node that has just begun");
    second.leave().await;
    pass(Duration::from_millis(50)).await;
    assert_eq!(
        (bob.read().await.unwrap()[2..].to_vec(), cleo.read().await.unwrap()[1..].to_vec()),
        (vec!["left ada".to_owned()], vec!["left ada".to_owned()])
    );
}

#[tokio::test(start_paused = true)]
async fn people_of_a_dead_node_have_left_within_twenty_seconds() {
    let town = Town::new(1, 3).await;
    let _ada = town.nodes[0].join(member(1, "ada")).await;
    let _bob = town.nodes[0].join(member(2, "bob")).await;
    let mut watcher = town.nodes[1].join(watcher()).await;
    town.silence(0, true);
    pass(Duration::from_secs(12)).await;
    let back = town.nodes[2].join(member(2, "bob")).await;
    pass(Duration::from_secs(8)).await;
    assert_eq!(watcher.read().await.unwrap(), ["online ada,bob", "left ada"], "bob was back in time");
    assert_eq!(town.nodes[1].hub.bus_counts().unwrap().nodes, 2);
    back.leave().await;
    pass(Duration::from_secs(1)).await;
    town.silence(0, false);
    pass(Duration::from_secs(3)).await;
    let mut back = watcher.read().await.unwrap()[2..].to_vec();
    back[1..].sort();
    assert_eq!(back, ["left bob", "joined ada", "joined bob"], "it was not dead after all");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_stops_in_order_causes_no_flapping() {
    let town = Town::new(1, 3).await;
    let ada = town.nodes[0].join(member(1, "ada")).await;
    let bob = town.nodes[0].join(member(2, "bob")).await;
    let mut watcher = town.nodes[1].join(watcher()).await;
    town.nodes[0].hub.drain(Duration::from_secs(2)).await;
    drop((ada, bob));
    town.nodes[0].hub.leave().await;
    town.silence(0, true);
    pass(Duration::from_secs(3)).await;
    assert_eq!(town.nodes[1].hub.bus_counts().unwrap().nodes, 2);
    let _back = town.nodes[2].join(member(1, "ada")).await;
    pass(Duration::from_secs(6)).await;
    assert_eq!(watcher.read().await.unwrap(), ["online ada,bob"]);
    pass(Duration::from_secs(4)).await;
    assert_eq!(watcher.read().await.unwrap()[1..], ["left bob"], "he did not come back");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_judged_while_either_beat_is_seen_or_nothing_is() {
    let town = Town::new(1, 2).await;
    let _ada = town.nodes[0].join(member(1, "ada")).await;
    let mut watcher = town.nodes[1].join(watcher()).await;
    let minute = Duration::from_mins(1);
    town.air.cut(0, true);
    town.air.cut(1, true);
    pass(minute).await;
    town.air.cut(0, false);
    town.air.cut(1, false);
    pass(minute).await;
    town.register.is_away.store(true, Ordering::Relaxed);
    pass(minute).await;
    town.air.cut(1, true);
    pass(minute).await;
    assert_eq!(watcher.read().await.unwrap(), ["online ada"]);
    town.air.cut(1, false);
    town.register.is_away.store(false, Ordering::Relaxed);
    town.silence(0, true);
    pass(Duration::from_secs(20)).await;
    assert_eq!(watcher.read().await.unwrap()[1..], ["left ada"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_decided_on_one_node_holds_on_the_others() {
    let town = Town::new(1, 2).await;
    let (here, there) = (&town.nodes[0], &town.nodes[1]);
    let mut watcher = there.join(watcher()).await;
    let mut ada = there.join(member(1, "ada")).await;
    let mut bob = there.follower(WIDE, Some(person(2, "bob")), None).await;
    here.hub.typing(&here.room, &person(3, "cleo"));
    here.hub.note(AccountId(2), Note::Me);
    pass(Duration::from_millis(50)).await;
    here.hub.expel(&here.room, AccountId(1), PutOut::Banned);
    pass(Duration::from_millis(50)).await;
    ada.read().await.expect_err("put out");
    let heard = watcher.read().await.unwrap();
    assert_eq!(heard[1..], ["joined ada", "joined bob", "left ada"]);
    here.hub.turn_out(&here.room, PutOut::Private, vec![]);
    pass(Duration::from_millis(50)).await;
    let heard = bob.read().await.unwrap();
    assert_eq!(heard.last().map(String::as_str), Some("den over private"));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_a_node_has_heard_of_too_early_is_told_again_by_whoever_has_them() {
    let town = Town::new(1, 2).await;
    let mut watcher = town.nodes[1].join(watcher()).await;
    town.nodes[1].hub.rename(AccountId(1), "countess");
    let _ada = town.nodes[0].join(member(1, "ada")).await;
    pass(Duration::from_millis(50)).await;
    town.nodes[0].hub.rename(AccountId(1), "countess");
    pass(Duration::from_millis(50)).await;
    assert_eq!(watcher.read().await.unwrap()[1..], ["joined ada", "left ada", "joined countess"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_looks_into_a_room_knows_who_is_there_on_other_nodes() {
    let town = Town::new(1, 3).await;
    let (one, two) = (&town.nodes[0], &town.nodes[1]);
    let _ada = one.join(member(1, "ada")).await;
    let _bob = two.join(member(2, "bob")).await;
    let asked = &town.nodes[2].hub;
    assert_eq!(asked.present(&one.room), 0, "nobody has told it");
    let looks = asked.look_into(std::slice::from_ref(&one.room)).await;
    assert!(asked.present(&one.room) == 2 && asked.is_present(&one.room, AccountId(2)));
    drop(looks);
    let sent = asked.bus_counts().unwrap().sent;
    drop(asked.look_into(std::slice::from_ref(&one.room)).await);
    assert_eq!(asked.bus_counts().unwrap().sent, sent, "it is still followed");
    pass(Duration::from_mins(1)).await;
    assert_eq!(asked.counts().rooms, 0, "and not for long");
}
