//! A bus that loses, repeats and reorders: everybody's log is the history's all the same.

use std::sync::atomic::Ordering;
use std::time::Duration;

use parlour_hub::{Hub, Published};
use parlour_model::Seq;

use crate::lines::WIDE;
use crate::support::{Dice, World, guest, pass};

/// Stands between the publisher and the hub, and does its worst with so many of a hundred hints.
struct FaultyBus {
    hub: Hub,
    dice: Dice,
    lost: u64,
    repeated: u64,
    delayed: u64,
    waiting: Vec<Published>,
}

impl FaultyBus {
    fn happens(&mut self, percent: u64) -> bool {
        self.dice.below(100) < percent
    }

    fn publish(&mut self, published: Published) {
        if self.happens(self.lost) {
            return;
        }
        if self.happens(self.repeated) {
            self.waiting.push(published.clone());
        }
        if self.happens(self.delayed) {
            self.waiting.push(published);
        } else {
            self.hub.publish(published);
        }
        if self.waiting.len() > 8 || self.happens(20) {
            self.release();
        }
    }

    /// Lets go what waits, in any order.
    fn release(&mut self) {
        while !self.waiting.is_empty() {
            let any = self.dice.below(self.waiting.len() as u64);
            let hint = self.waiting.swap_remove(usize::try_from(any).unwrap());
            self.hub.publish(hint);
        }
    }
}

const LAST: Seq = 400;

async fn everybody_hears_the_log(seed: u64, (lost, repeated, delayed): (u64, u64, u64)) {
    let world = World::new();
    let (hub, dice) = (world.hub.clone(), Dice(seed));
    let mut bus = FaultyBus { hub, dice, lost, repeated, delayed, waiting: Vec::new() };
    let (mut actors, mut followers) = (Vec::new(), Vec::new());
    let mut committed: Seq = 0;
    while committed < LAST {
        if bus.happens(10) {
            let since = Seq::try_from(bus.dice.below(500)).unwrap().min(committed);
            followers.push((since, world.follower(WIDE, None, Some((0, since))).await));
        }
        if bus.happens(10) {
            let since = Seq::try_from(bus.dice.below(500)).unwrap();
            let after = since.min(committed);
            actors.push((after, world.join(guest(Some(since))).await));
        }
        let texts = ["x"; 5];
        let size = 1 + Seq::try_from(bus.dice.below(5)).unwrap().min(LAST - committed - 1);
        committed += size;
        bus.publish(world.log.commit(&world.room, &texts[..usize::try_from(size).unwrap()]));
        if bus.happens(30) {
            pass(Duration::from_millis(bus.dice.below(400))).await;
        }
    }
    assert!(!actors.is_empty());
    for (after, actor) in &mut actors {
        actor.read_to(LAST).await.expect("the ring holds it all");
        actor.read().await.expect("and nothing comes after it");
        let expected: Vec<Seq> = (*after + 1..=LAST).collect();
        assert_eq!(actor.seqs(), expected, "seed {seed}, {lost} % {repeated} % {delayed} %");
    }
    for (since, follower) in &mut followers {
        follower.read_to_in("den", LAST).await.expect("the ring holds it all");
        follower.read().await.expect("and nothing comes after it");
        // Not recovered is what a node says that has not heard of the log.
        let found: Vec<_> = follower.heard[0].split(' ').collect();
        let after = if found[4] == "true" { *since } else { found[3].parse().unwrap() };
        let expected: Vec<Seq> = (after + 1..=LAST).collect();
        assert_eq!(follower.seqs_in("den"), expected, "seed {seed}, {lost} % {repeated} % {delayed} %");
    }
}

#[tokio::test(start_paused = true)]
async fn every_log_is_the_history_whatever_the_bus_does() {
    let faults = [(0, 0, 0), (10, 10, 10), (50, 50, 50), (0, 100, 100), (90, 100, 100), (100, 0, 0)];
    for seed in 1..=8 {
        for fault in faults {
            everybody_hears_the_log(seed, fault).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn live_delivery_goes_on_while_the_history_is_away_and_a_hole_is_filled_after() {
    let world = World::new();
    let mut ada = world.join(guest(None)).await;
    world.log.away.store(true, Ordering::Relaxed);
    world.say(&["a", "b"]);
    assert_eq!(ada.read().await.unwrap(), ["1 a", "2 b"]);
    drop(world.log.commit(&world.room, &["lost"]));
    world.say(&["d"]);
    pass(Duration::from_secs(5)).await;
    assert_eq!(ada.read().await.unwrap().len(), 2, "nothing overtakes what is missing");
    world.log.away.store(false, Ordering::Relaxed);
    ada.read_to(4).await.unwrap();
    assert_eq!(ada.heard[2..], ["3 lost", "4 d"]);
}

#[tokio::test(start_paused = true)]
async fn more_than_can_be_held_is_read_from_the_history() {
    let world = World::new();
    let mut ada = world.join(guest(None)).await;
    world.log.away.store(true, Ordering::Relaxed);
    drop(world.log.commit(&world.room, &["lost"]));
    world.say(&vec!["x"; 3_000]);
    world.log.away.store(false, Ordering::Relaxed);
    ada.read_to(3_001).await.expect("the repair reads no faster than the seat");
    assert_eq!(ada.seqs(), (1..=3_001).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn another_life_of_the_log_puts_everybody_out() {
    let world = World::new();
    world.say(&["a", "b", "c"]);
    let mut before = world.join(guest(Some(0))).await;
    assert_eq!(before.read().await.unwrap().len(), 3);
    let late = world.log.commit(&world.room, &["late"]);
    world.log.restore();
    world.say(&["first again"]);
    before.read().await.expect_err("its seqs have no meaning any more");
    let mut after = world.join(guest(Some(0))).await;
    assert_eq!(after.read().await.unwrap(), ["1 first again"]);
    world.hub.publish(late);
    world.say(&["second"]);
    assert_eq!(after.read().await.unwrap()[1..], ["2 second"], "news of the old life are ignored");
}
