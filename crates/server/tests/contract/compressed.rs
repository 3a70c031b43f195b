//! Compressed messages (RFC 7692): where the operator wants them, for clients that offer to take them.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::harness::Server;
use crate::http::{Connection, PATIENCE, Response};
use crate::rooms::only;
use crate::socket::frame;

const ROOM: &str = "/api/v1/rooms/tea/messages/ws";

/// What ends a message on the wire as far as a decompressor is concerned (section 7.2.2).
const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];

/// A socket that offers compression, and how that was answered.
async fn offering(server: &Server, token: &str) -> (Connection, Response) {
    let request = server
        .request("GET", ROOM)
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits");
    let mut connection = request.bearer(token).open().await;
    let head = connection.head().await.unwrap();
    assert_eq!(head.status, 101);
    (connection, head)
}

/// The next frame: its first byte and its payload.
async fn next(connection: &mut Connection) -> (u8, Vec<u8>) {
    loop {
        if let [first, short, rest @ ..] = &connection.unread[..] {
            let (header, length) = match (short, rest) {
                (126, [high, low, ..]) => (4, usize::from(u16::from_be_bytes([*high, *low]))),
                (short, _) => (2, usize::from(*short)),
            };
            if connection.unread.len() >= header + length {
                let first = *first;
                let frame: Vec<u8> = connection.unread.drain(..header + length).collect();
                return (first, frame[header..].to_vec());
            }
        }
        let read = connection.stream.read_buf(&mut connection.unread);
        assert_ne!(timeout(PATIENCE, read).await.expect("in time").unwrap(), 0, "the socket closed");
    }
}

fn inflated(payload: &[u8]) -> Value {
    let mut text = Vec::with_capacity(64 * 1024);
    let input = [payload, &TAIL].concat();
    Decompress::new(false).decompress_vec(&input, &mut text, FlushDecompress::Sync).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn deflated(text: &str) -> Vec<u8> {
    let mut payload = Vec::with_capacity(64 * 1024);
    let mut compress = Compress::new(Compression::default(), false);
    compress.compress_vec(text.as_bytes(), &mut payload, FlushCompress::Sync).unwrap();
    payload.strip_suffix(&TAIL).unwrap().to_vec()
}

#[tokio::test]
async fn messages_are_compressed_for_those_who_offer_it() {
    let server = Server::with(&[("chat.deflate", "true")]).await;
    let ada = server.member("ada").await;
    let (mut small, head) = offering(&server, &ada.token).await;
    let agreed = head.header("sec-websocket-extensions").unwrap();
    assert!(agreed.starts_with("permessage-deflate") && agreed.contains("server_no_context_takeover"), "{agreed}");
    let mut plain = server.socket(ROOM).bearer(&ada.token).connect().await;

    let text = "tea ".repeat(500);
    plain.send(&json!({"text": text})).await;
    let (first, payload) = next(&mut small).await;
    assert_eq!(first, 0xC1, "a whole text, compressed");
    assert!(payload.len() < 500, "{} bytes", payload.len());
    assert_eq!(only(&inflated(&payload))["text"], text.as_str());
    assert_eq!(only(&plain.receive().await)["text"], text.as_str(), "and plain for everybody else");

    let said = json!({"text": "and back ".repeat(100)});
    small.write(&frame(0xC1, &deflated(&said.to_string()))).await;
    assert_eq!(only(&plain.receive().await)["text"], said["text"]);
}

#[tokio::test]
async fn nothing_is_compressed_unless_the_operator_wants_it() {
    let server = Server::start().await;
    let ada = server.member("ada").await;
    let (mut socket, head) = offering(&server, &ada.token).await;
    assert_eq!(head.header("sec-websocket-extensions"), None);
    socket.write(&frame(0x81, json!({"text": "tea ".repeat(500)}).to_string().as_bytes())).await;
    assert_eq!(next(&mut socket).await.0, 0x81);
}
