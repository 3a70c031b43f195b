//! What comes at once or out of time: herds that come back, clocks that jump.

use std::sync::atomic::Ordering;
use std::time::Duration;

use parlour_hub::{HubSettings, Owner, Parting};
use parlour_model::{Seq, Timestamp};
use parlour_websocket::{Connection as Socket, Limits};
use tokio::io::{AsyncWriteExt, DuplexStream, duplex, join};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::actor::{Actor, Echo, Over, serve};
use crate::lines::WIDE;
use crate::support::{World, guest, member, owner, pass};

/// The end of a log of which most is in the history only.
const LAST: Seq = 20;

fn long_history() -> World {
    let world = World::with(HubSettings { ring_entries: 4, ..HubSettings::default() });
    world.say(&["x"; 20]);
    world
}

#[tokio::test]
async fn a_herd_that_comes_back_does_not_flood_the_history() {
    let world = long_history();
    let mut herd = Vec::new();
    for _ in 0..5_000 {
        let mut actor = world.join(guest(Some(0))).await;
        herd.push(tokio::spawn(async move {
            actor.read_to(LAST).await.unwrap();
            actor.seqs()
        }));
    }
    for one in herd {
        assert_eq!(one.await.unwrap(), (1..=LAST).collect::<Vec<_>>());
    }
    assert!(world.log.pages_read.load(Ordering::Relaxed) >= 5_000);
    let at_once = world.log.most_reading.load(Ordering::Relaxed);
    assert!((2..=16).contains(&at_once), "{at_once} pages were read at once");
}

/// Somebody whose token has an end.
async fn holder(world: &World, account: i64, name: &str, seconds: i64) -> Actor {
    let connection = world.connect();
    let expires_at = Some(Timestamp::from_seconds(seconds));
    connection.bind(Owner { expires_at, ..owner(account, account) }).unwrap();
    let seat = world.hub.join(&world.room, &connection, member(account, name)).await.unwrap();
    let (socket, stream) = WIDE.open().await;
    Actor::new(stream, serve(&world.hub, socket, connection, seat, Echo::new()))
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_neither_reorders_nor_ends_what_has_time() {
    let world = World::new();
    world.clock.set(Timestamp::from_seconds(500));
    let mut ada = holder(&world, 1, "ada", 10_000).await;
    let mut bob = holder(&world, 2, "bob", 1_000).await;
    let cleo = world.join(member(3, "cleo")).await;
    let mut told = vec!["online ", "joined ada", "joined bob", "joined cleo"];
    assert_eq!(cleo.break_off().await, Parting::Broken);
    for (seconds, event) in [(999, "1 x"), (-1_000_000, "2 x"), (999, "3 x"), (0, "4 x")] {
        world.clock.set(Timestamp::from_seconds(seconds));
        pass(Duration::from_secs(2)).await;
        world.say(&["x"]);
        told.push(event);
        assert_eq!(ada.read().await.unwrap(), told, "graces do not go by this clock");
        bob.read().await.unwrap();
    }
    world.clock.set(Timestamp::from_seconds(5_000));
    pass(Duration::from_secs(1)).await;
    assert_eq!(bob.read_out().await, Over::Closed(1008, "token expired".to_owned()));
    assert_eq!(bob.leave().await, Parting::Clean);
    pass(Duration::from_secs(3)).await;
    assert!(ada.is_served());
    told.extend(["left bob", "left cleo"]);
    assert_eq!(ada.read().await.unwrap(), told);
}

/// A peer's end that sends but takes nothing, after what the line itself takes.
async fn deaf(world: &World) -> (DuplexStream, DuplexStream, JoinHandle<Parting>) {
    let (from_peer, mut mouth) = duplex(1 << 10);
    let (to_peer, ear) = duplex(16);
    mouth.write_all(&[[0x89, 0xe4, 0, 0, 0, 0].as_slice(), &[b'x'; 100]].concat()).await.unwrap();
    let connection = world.connect();
    let seat = world.hub.join(&world.room, &connection, guest(Some(0))).await.unwrap();
    let socket = Socket::from_stream(join(from_peer, to_peer), Limits { message_bytes: 1 << 10 });
    (mouth, ear, serve(&world.hub, socket, connection, seat, Echo::new()))
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_keeps_no_place_among_those_who_read() {
    let world = long_history();
    let mut all = Vec::new();
    // As many as may read at once. Each waits for its page when the answer to its ping fills its line.
    for _ in 0..16 {
        all.push(deaf(&world).await);
    }
    pass(Duration::from_secs(1)).await;
    let mut reader = world.join(guest(Some(0))).await;
    let read = timeout(Duration::from_secs(30), reader.read_to(LAST));
    assert_eq!(read.await, Ok(Ok(())), "its turn comes before the others are given up");
    assert!(all.iter().all(|(_, _, served)| !served.is_finished()));
}
