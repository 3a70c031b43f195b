//! What the connections of one client may take of the server: so many places, and each for so long.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use tokio::time::timeout;

use crate::harness::Server;
use crate::hostile::assert_alive;
use crate::http::{Connection, PATIENCE};
use crate::security::until;

const QUESTION: &str = "/healthz";

/// Connections that the server has answered, and that stay.
async fn guests(server: &Server, count: usize) -> Vec<Connection> {
    let mut guests = Vec::new();
    for _ in 0..count {
        guests.push(Connection::to(server.address()).await);
    }
    assert_answered(&mut guests).await;
    guests
}

async fn assert_answered(guests: &mut [Connection]) {
    for guest in guests {
        guest.ask(QUESTION).await.unwrap().expect(200);
    }
}

#[tokio::test]
async fn a_source_has_as_many_connections_as_it_may() {
    let server = Server::alone(&[("chat.connections_per_address", "3")]).await;
    let mut guests = guests(&server, 3).await;
    for _ in 0..3 {
        let answer = server.get(QUESTION).open().await.until_closed().await;
        assert!(answer.is_empty(), "one too many was answered");
    }
    assert_answered(&mut guests).await;
    guests.pop();
    let entered = until(async || server.get(QUESTION).attempt().await.is_ok()).await;
    assert!(entered, "the place of somebody who has left is never given back");
    assert_answered(&mut guests).await;
}

/// Only Linux gives a machine more than one address to call itself by.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_source_that_takes_all_its_places_takes_nobody_elses() {
    let server = Server::with(&[("chat.connections_per_address", "1")]).await;
    let _here = guests(&server, 1).await;
    let elsewhere = TcpSocket::new_v4().unwrap();
    elsewhere.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let stream = elsewhere.connect(server.address()).await.unwrap();
    assert_answered(&mut [Connection { stream, unread: Vec::new() }]).await;
}

/// Everybody comes through it.
#[tokio::test]
async fn a_proxy_has_all_the_connections_it_wants() {
    let settings = [("chat.connections_per_address", "1"), ("server.trusted_proxies", "[\"127.0.0.1\"]")];
    let server = Server::with(&settings).await;
    guests(&server, 3).await;
}

/// A client that asks and asks and takes no answer soon leaves the server no room for the next, and is given up then.
#[tokio::test]
async fn who_never_reads_is_cut_off() {
    let server = Server::start().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket.connect(server.address()).await.unwrap();
    let questions = format!("GET {QUESTION} HTTP/1.1\r\nHost: parlour.example\r\n\r\n").repeat(100);
    let asking = async { while stream.write_all(questions.as_bytes()).await.is_ok() {} };
    assert!(timeout(PATIENCE, asking).await.is_ok(), "it may hold its place for ever");
    assert_alive(&server).await;
}

/// The deadline is that of the whole head: a byte now and then does not move it.
#[tokio::test]
async fn a_head_that_comes_by_drops_is_cut_off() {
    let server = Server::start().await;
    let mut slow = guests(&server, 1).await.remove(0);
    slow.write(b"GET / HTTP/1.1\r\nHost: parlour.example\r\nX-Slow: ").await;
    let dripping = async {
        while slow.stream.write_all(b"x").await.is_ok() {
            // sleep: the client is slow.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    assert!(timeout(PATIENCE, dripping).await.is_ok(), "it may hold its place for ever");
    assert_alive(&server).await;
}
