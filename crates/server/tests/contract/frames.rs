//! What a bad frame gets, on the sockets of all three contracts that have one.

use futures_util::future::{join_all, select_all};
use serde_json::json;
use tokio::time::timeout;

use crate::harness::Server;
use crate::hostile::assert_alive;
use crate::http::PATIENCE;
use crate::rooms::only;
use crate::socket::{Socket, frame, unmasked};

const ROOM: &str = "/api/v1/rooms/tea/messages/ws";

/// Opens the three sockets of a member, one of each kind.
async fn sockets(server: &Server) -> Vec<(&'static str, Socket)> {
    let ada = server.log_in("ada").await;
    let mut sockets = Vec::new();
    for path in ["/users/", ROOM, "/join"] {
        let handshake = server.socket(path).subprotocols(&[&ada.token]);
        sockets.push((path, handshake.connect().await));
    }
    sockets
}

#[tokio::test]
async fn a_frame_that_breaks_the_protocol_closes_with_1002() {
    let server = Server::start().await;
    server.member("ada").await;
    let wrong = [
        unmasked(0x81, b"{}"),
        frame(0xC1, b"{}"),
        frame(0x83, b"{}"),
        frame(0x80, b"{}"),
        frame(0x09, b"a ping in parts"),
        frame(0x89, &[b'x'; 126]),
        frame(0x88, b"\x03"),
        [frame(0x01, b"{"), frame(0x81, b"}")].concat(),
    ];
    for bytes in wrong {
        for (path, mut socket) in sockets(&server).await {
            socket.send_raw(&bytes).await;
            assert_eq!(socket.closed().await.code, Some(1002), "{path}: {bytes:x?}");
        }
    }
    assert_alive(&server).await;
}

#[tokio::test]
async fn a_frame_too_long_is_refused_before_it_comes() {
    let server = Server::start().await;
    server.member("ada").await;
    for announced in [10_000_000_u64, 1 << 62, u64::MAX] {
        for (path, mut socket) in sockets(&server).await {
            let head = [&[0x81, 0xFF][..], &announced.to_be_bytes(), &[0; 4]].concat();
            socket.send_raw(&head).await;
            let code = socket.closed().await.code;
            assert!(matches!(code, Some(1002 | 1009)), "{path}: {code:?}");
        }
    }
}

#[tokio::test]
async fn many_small_parts_make_no_large_message() {
    let server = Server::start().await;
    server.member("ada").await;
    for (path, mut socket) in sockets(&server).await {
        let part = vec![b' '; 60_000];
        socket.send_raw(&frame(0x01, &part)).await;
        for _ in 0..200 {
            socket.send_raw(&frame(0x00, &part)).await;
        }
        let code = socket.closed().await.code;
        // The reset that answers what still comes may overtake the close frame.
        assert!(matches!(code, None | Some(1009)), "{path}: {code:?}");
    }
    assert_alive(&server).await;
}

#[tokio::test]
async fn a_message_in_parts_with_a_ping_between_is_one_message() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let mut room = crate::rooms::join(&server, ROOM, &ada).await;
    let parts = [frame(0x01, b"{\"text\":"), frame(0x89, b"hello"), frame(0x80, b"\"whole\"}")];
    room.send_raw(&parts.concat()).await;
    assert_eq!(only(&room.receive().await)["text"], "whole");
}

/// What has begun has to end: its parts take memory. Whoever answers pings meanwhile is no better than who is silent,
/// and whoever only listens and answers them stays.
#[tokio::test]
async fn a_message_that_stays_unfinished_ends_the_socket() {
    let server = Server::with(&[("chat.ping_seconds", "1"), ("chat.idle_seconds", "2")]).await;
    server.member("ada").await;
    let mut listeners = sockets(&server).await;
    // In the second, the pongs themselves become the frame's next bytes, a few at a time.
    let half_a_frame = [&[0x81, 0xFE][..], &4_000_u16.to_be_bytes(), &[0; 4], b"{"].concat();
    let mut dawdlers = Vec::new();
    for bytes in [frame(0x01, b"{"), half_a_frame] {
        for (_, mut socket) in sockets(&server).await {
            socket.send_raw(&bytes).await;
            dawdlers.push(socket);
        }
    }
    let one_listener_ends = select_all(listeners.iter_mut().map(|(_, socket)| Box::pin(socket.closed())));
    let dawdlers_end = join_all(dawdlers.iter_mut().map(Socket::closed));
    tokio::select! {
        biased;
        (end, listener, _) = one_listener_ends => panic!("listener {listener} was cut off: {end:?}"),
        ends = timeout(PATIENCE, dawdlers_end) => drop(ends.expect("a message may stay unfinished for ever")),
    }
}

#[tokio::test]
async fn a_binary_frame_is_no_message() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let mut guest = server.socket(ROOM).connect().await;
    let mut room = crate::rooms::join(&server, ROOM, &ada).await;
    room.send_binary(b"{\"text\":\"binary\"}").await;
    let closed = room.closed().await;
    assert!(matches!(closed.code, Some(1003 | 1008)), "{closed:?}");
    let mut room = crate::rooms::join(&server, ROOM, &ada).await;
    room.send(&json!({"text": "text"})).await;
    assert_eq!(only(&guest.receive().await)["text"], "text");
}

#[tokio::test]
async fn odd_messages_neither_pass_nor_break_the_room() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let deep = format!("{{\"text\":{}{}}}", "[".repeat(2_000), "]".repeat(2_000));
    let wrong_types = [
        "{}",
        "[]",
        "null",
        "{\"text\":null}",
        "{\"text\":[\"a\"]}",
        "{\"text\":\"\"}",
        "{\"text\":\"a\\u0000b\"}",
        &deep,
    ];
    for text in wrong_types {
        let mut room = crate::rooms::join(&server, ROOM, &ada).await;
        room.send_text(text).await;
        assert_eq!(room.closed().await.code, Some(1008), "{text:.80}");
    }
    let mut room = crate::rooms::join(&server, ROOM, &ada).await;
    room.send(&json!({"text": "fine"})).await;
    assert_eq!(only(&room.receive().await)["id"], 1);
}

#[tokio::test]
async fn text_is_text_whatever_it_looks_like() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let mut room = crate::rooms::join(&server, ROOM, &ada).await;
    for text in ["<script>alert(1)</script>", "'; drop table account; --", "\u{202e}abc", "a\r\nb", "\u{1F989}"] {
        room.send(&json!({"text": text})).await;
        assert_eq!(only(&room.receive().await)["text"], text);
    }
}
