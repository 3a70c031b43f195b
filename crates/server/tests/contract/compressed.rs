//! Compressed messages (RFC 7692): where the operator wants them, for clients that offer to take them.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use serde_json::{Value, json};

use crate::harness::Server;
use crate::http::{Connection, Response};
use crate::rooms::only;
use crate::socket::frame;

const ROOM: &str = "/api/v1/rooms/tea/messages/ws";

/// What ends a message on the wire as far as a decompressor is concerned (section 7.2.2).
const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];

/// A socket that offers compression, and how that was answered.
async fn offering(server: &Server, token: &str) -> (Connection, Response) {
    let offer = server.socket(ROOM).header("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits");
    offer.bearer(token).upgrade().await
}

/// The next frame: its first byte and its payload.
async fn next(connection: &mut Connection) -> (u8, Vec<u8>) {
    let header = connection.exactly(2).await.unwrap();
    let length = match header[1] {
        126 => connection.exactly(2).await.unwrap().iter().fold(0, |length, byte| length << 8 | usize::from(*byte)),
        short => usize::from(short),
    };
    (header[0], connection.exactly(length).await.unwrap())
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
