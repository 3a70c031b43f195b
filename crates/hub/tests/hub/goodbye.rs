//! How connections end: by the peer, by a broken line, by the hub's farewell.

use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use parlour_hub::{Farewell, Parting};
use parlour_model::{AccountId, SessionId};
use parlour_websocket::CloseCode;
use tokio::io::AsyncWriteExt;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode as TheirCode;

use crate::actor::{Echo, serve};
use crate::pump::{Peer, closed, hear, line, peer, said, sit};
use crate::support::{World, guest, member, owner, pass};

async fn open(world: &World, bytes: usize, account: i64) -> (Peer, JoinHandle<Parting>) {
    let (socket, stream) = line(bytes);
    let connection = world.connect();
    connection.bind(owner(account, account * 10)).unwrap();
    let seat = world.hub.join(&world.room, &connection, guest(None)).await.unwrap();
    (peer(stream).await, serve(&world.hub, socket, connection, seat, Echo::new()))
}

#[tokio::test(start_paused = true)]
async fn only_a_real_goodbye_is_a_clean_parting() {
    let world = World::new();
    let close = |code| Some(CloseFrame { code, reason: "".into() });
    let cases =
        [(None, Parting::Clean), (close(TheirCode::Normal), Parting::Clean), (close(TheirCode::Away), Parting::Broken)];
    for (said, parting) in cases {
        let (mut peer, served) = open(&world, 1 << 16, 1).await;
        peer.close(said.clone()).await.unwrap();
        let answer = hear(&mut peer).await;
        assert!(answer.is_close(), "{answer:?}");
        assert_eq!(served.await.unwrap(), parting, "{said:?}");
    }
    let (peer, served) = open(&world, 1 << 16, 1).await;
    drop(peer);
    assert_eq!(served.await.unwrap(), Parting::Broken, "no word");
}

#[tokio::test(start_paused = true)]
async fn breaking_the_protocol_is_answered_with_its_code() {
    let world = World::new();
    let (socket, mut stream) = line(1 << 16);
    let served = sit(&world, socket, guest(None), Echo::new()).await;
    stream.write_all(b"\x81\x82\0\0\0\0\xff\xff").await.unwrap();
    let mut peer = peer(stream).await;
    assert_eq!(hear(&mut peer).await, closed(CloseCode::INVALID_DATA, "the text is not UTF-8"));
    drop(peer);
    assert_eq!(served.await.unwrap(), Parting::Clean);
}

#[tokio::test(start_paused = true)]
async fn a_broken_line_is_awaited_and_a_goodbye_is_not() {
    let world = World::new();
    let mut ada = world.join(member(1, "ada")).await;
    for (id, name) in [(2, "bob"), (3, "cleo")] {
        let (socket, stream) = line(1 << 16);
        let served = sit(&world, socket, member(id, name), Echo::new()).await;
        let mut peer = peer(stream).await;
        hear(&mut peer).await;
        if name == "bob" {
            peer.close(None).await.unwrap();
            while peer.next().await.is_some() {}
        }
        drop(peer);
        served.await.unwrap();
    }
    let at_once = ["joined bob", "left bob", "joined cleo"];
    assert_eq!(ada.read().await.unwrap()[2..], at_once);
    pass(Duration::from_secs(11)).await;
    assert_eq!(ada.read().await.unwrap()[5..], ["left cleo"]);
}

#[tokio::test(start_paused = true)]
async fn ended_sessions_close_their_sockets_and_no_others() {
    let world = World::new();
    let (mut one, ends) = open(&world, 1 << 16, 1).await;
    let (mut two, stays) = open(&world, 1 << 16, 2).await;
    world.hub.end_account(AccountId(2), Some(SessionId(20)));
    world.hub.end_session(SessionId(10));
    assert_eq!(hear(&mut one).await, closed(CloseCode::POLICY, "session ended"));
    assert!(one.next().await.is_none());
    assert_eq!(ends.await.unwrap(), Parting::Clean);
    world.say(&["still here?"]);
    assert_eq!(hear(&mut two).await, said("1 still here?"));
    assert!(!stays.is_finished());
    world.hub.end_account(AccountId(2), None);
    assert_eq!(hear(&mut two).await, closed(CloseCode::POLICY, "session ended"));
}

#[tokio::test(start_paused = true)]
async fn a_farewell_is_heard_while_a_write_is_stuck() {
    let world = World::new();
    let (peer, served) = open(&world, 128, 1).await;
    world.say(&["x"; 100]);
    pass(Duration::from_secs(1)).await;
    world.hub.end_session(SessionId(10));
    assert_eq!(served.await.unwrap(), Parting::Clean);
    assert_eq!(world.hub.counts().connections, 0);
    drop(peer);
}

#[tokio::test(start_paused = true)]
async fn a_drain_tells_everybody_to_come_back_one_after_the_other() {
    let world = World::new();
    let mut all = Vec::new();
    for account in 0..20 {
        all.push(open(&world, 1 << 16, account).await);
    }
    let hub = world.hub.clone();
    let start = tokio::time::Instant::now();
    let draining = tokio::spawn(async move { hub.drain(Duration::from_secs(10)).await });
    let mut moments = Vec::new();
    let readers: Vec<_> = all
        .into_iter()
        .map(|(mut peer, served)| {
            tokio::spawn(async move {
                assert_eq!(hear(&mut peer).await, closed(CloseCode::SERVICE_RESTART, "restarting"));
                let at = start.elapsed();
                while peer.next().await.is_some() {}
                assert_eq!(served.await.unwrap(), Parting::Broken);
                at
            })
        })
        .collect();
    for reader in readers {
        moments.push(reader.await.unwrap().as_millis() / 100);
    }
    draining.await.unwrap();
    moments.sort_unstable();
    assert_eq!(moments, (0..20).map(|n| n * 4).collect::<Vec<u128>>(), "0.4 s apart");
    assert_eq!(world.hub.counts().connections, 0);
    let (mut late, _served) = open(&world, 1 << 16, 99).await;
    assert_eq!(hear(&mut late).await, closed(CloseCode::SERVICE_RESTART, "restarting"));
}

#[tokio::test(start_paused = true)]
async fn a_drain_without_time_tells_everybody_all_the_same() {
    let world = World::new();
    let all: Vec<_> = (0..1_000).map(|_| world.connect()).collect();
    world.hub.drain(Duration::ZERO).await;
    for connection in &all {
        assert_eq!(connection.farewell().now_or_never(), Some(Farewell::Restarting));
    }
}
