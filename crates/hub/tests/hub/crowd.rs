//! Rooms of more seats than one walker has, on sockets: all hear everything once, whoever leaves or does not listen.

use std::sync::Arc;
use std::time::Duration;

use parlour_hub::{HubSettings, Parting};
use parlour_model::Seq;
use tokio::runtime::Handle;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::actor::{Actor, Over, resume};
use crate::lines::Way;
use crate::support::{Dice, World, guest};

/// More than two walkers' share of one.
const SEATS: usize = 700;
const LAST: Seq = 60;

/// Reads to the last event, or goes before.
async fn follow(mut actor: Actor, goes_at: Option<Seq>, cleanly: bool) -> usize {
    actor.read_to(goes_at.unwrap_or(LAST)).await.unwrap();
    let seqs = actor.seqs();
    assert_eq!(seqs, (1..=Seq::try_from(seqs.len()).unwrap()).collect::<Vec<_>>());
    if cleanly {
        assert_eq!(actor.leave().await, Parting::Clean);
    } else {
        assert_eq!(actor.break_off().await, Parting::Broken);
    }
    seqs.len()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            yield_now().await;
        }
    };
    assert!(timeout(Duration::from_secs(30), wait).await.is_ok(), "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_hear_everything_once_while_seats_come_and_go() {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let world = World::with(HubSettings { walkers: 2, ..HubSettings::default() });
    let before = tasks();
    let (mut dice, mut readers) = (Dice(7), Vec::new());
    for seat in 0..SEATS {
        let actor = world.join_by(Way::Tcp, guest(None)).await;
        let goes_at = (seat % 3 == 0).then(|| 1 + Seq::try_from(dice.below(40)).unwrap());
        readers.push((goes_at, tokio::spawn(follow(actor, goes_at, dice.below(2) == 0))));
    }
    assert_eq!(world.hub.counts().seats, SEATS);
    for _ in 0..LAST {
        world.say(&["x"]);
        yield_now().await;
    }
    for (goes_at, reader) in readers {
        let heard = reader.await.unwrap();
        assert!(heard >= usize::try_from(goes_at.unwrap_or(LAST)).unwrap());
    }
    until("nothing is left of them", || world.hub.counts().rooms + world.hub.counts().seats == 0).await;
    until("the walkers end", || tasks() == before).await;
    // The hub holds the log.
    let log = Arc::downgrade(&world.log);
    drop(world);
    until("the hub ends with its last clone", || log.strong_count() == 0).await;
}

async fn one_who_does_not_read_is_put_out_alone(way: Way, crowd: Way, seats: usize) {
    // Not by its silence, and not because a write takes too long.
    let settings = HubSettings { idle_timeout: Duration::from_hours(10), ring_entries: 32, ..HubSettings::default() };
    let world = World::with(settings);
    let mut slow = world.join_by(way, guest(None)).await;
    let mut quick = Vec::new();
    for _ in 0..seats {
        quick.push(world.join_by(crowd, guest(None)).await);
    }
    let long = "x".repeat(8 * 1024);
    let last = 64;
    for seq in 1..=last {
        world.say(&[&long]);
        for reader in &mut quick {
            reader.read_to(seq).await.unwrap();
            reader.heard.drain(..reader.heard.len() - 1);
        }
    }
    let parting = timeout(Duration::from_secs(30), slow.wait()).await;
    assert_eq!(parting, Ok(Parting::Broken), "it is put out, and awaited back");
    assert_eq!(world.hub.counts().seats, seats);
    let over = slow.read_out().await;
    assert!(over == resume() || over == Over::Broken, "{over:?}");
    assert!(slow.seqs().len() < usize::try_from(last).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_window_among_a_thousand_is_put_out_as_soon_as_it_falls_off() {
    one_who_does_not_read_is_put_out_alone(Way::NarrowTcp, Way::Tcp, 1_000).await;
}

#[tokio::test(start_paused = true)]
async fn so_is_a_stream_that_takes_nothing() {
    one_who_does_not_read_is_put_out_alone(Way::Memory(100), Way::Memory(1 << 16), 20).await;
}
