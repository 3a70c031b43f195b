//! As much of WebSocket as a floor needs: the handshake, frames of clients, and the one message that it sends.

use std::ops::Range;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// What RFC 6455 §1.3 appends to a key.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A ping without a payload.
pub(super) const PING: [u8; 2] = [0x89, 0];

/// What a client asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Upgrade<'a> {
    /// The path, which names the room.
    pub(super) path: &'a str,
    key: &'a str,
    protocol: Option<&'a str>,
}

impl<'a> Upgrade<'a> {
    /// Reads a request's head, without the empty line; `None` when it asks for something else.
    pub(super) fn read(head: &'a [u8]) -> Option<Self> {
        let mut lines = std::str::from_utf8(head).ok()?.lines();
        let path = lines.next()?.strip_prefix("GET ")?.split(' ').next()?;
        let headers: Vec<_> = lines.filter_map(|line| line.split_once(": ")).collect();
        let value =
            |name: &str| headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
        Some(Self { path, key: value("Sec-WebSocket-Key")?, protocol: value("Sec-WebSocket-Protocol") })
    }

    /// The answer, with the subprotocol that was offered.
    pub(super) fn answer(&self) -> Vec<u8> {
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, [self.key, GUID].concat().as_bytes());
        let protocol = self.protocol.map(|protocol| format!("Sec-WebSocket-Protocol: {protocol}\r\n"));
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {}\r\n{}\r\n",
            BASE64_STANDARD.encode(hash),
            protocol.unwrap_or_default(),
        )
        .into_bytes()
    }
}

/// A whole frame of a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ClientFrame {
    /// What kind it is (RFC 6455 §5.2).
    pub(super) opcode: u8,
    key: [u8; 4],
    /// Where its payload lies, still masked.
    pub(super) payload: Range<usize>,
}

impl ClientFrame {
    pub(super) const TEXT: u8 = 1;

    /// The frame that `bytes` begin with; `None` while some of it is still on its way.
    pub(super) fn first(bytes: &[u8]) -> Option<Self> {
        let (head, length) = match *bytes.get(1)? & 0x7f {
            126 => (4, usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
            127 => (10, usize::try_from(u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)).ok()?),
            length => (2, usize::from(length)),
        };
        let key = *bytes.get(head..)?.first_chunk()?;
        let payload = head + 4..head + 4 + length;
        (payload.end <= bytes.len()).then(|| Self { opcode: bytes[0] & 0x0f, key, payload })
    }
}

/// What stands before and after the text in the frames of the `rooms` contract, its numbers as long as they become.
const BEFORE: &[u8] = br#"[{"id":100000,"sender":{"id":10,"username":"person-10"},"text":""#;
const AFTER: &[u8] = br#"","createTime":1700000000}]"#;

/// What a client writes around the text.
const CLIENTS_BEFORE: usize = br#"{"text":""#.len();
const CLIENTS_AFTER: usize = br#""}"#.len();

/// Appends the frame that everybody gets for a client's `frame`; `false` when it is none of this measurement.
pub(super) fn append_message(frame: &ClientFrame, bytes: &[u8], out: &mut Vec<u8>) -> bool {
    let masked = &bytes[frame.payload.clone()];
    let Some(text) = masked.get(CLIENTS_BEFORE..masked.len().saturating_sub(CLIENTS_AFTER)) else { return false };
    let Ok(length) = u16::try_from(BEFORE.len() + text.len() + AFTER.len()) else { return false };
    let [high, low] = length.to_be_bytes();
    out.extend_from_slice(&[0x81, 126, high, low]);
    out.extend_from_slice(BEFORE);
    let key = u32::from_ne_bytes(std::array::from_fn(|at| frame.key[(at + CLIENTS_BEFORE) % 4]));
    let (fours, rest) = text.as_chunks::<4>();
    out.extend(fours.iter().flat_map(|four| (u32::from_ne_bytes(*four) ^ key).to_ne_bytes()));
    out.extend(rest.iter().zip(key.to_ne_bytes()).map(|(byte, key)| byte ^ key));
    out.extend_from_slice(AFTER);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handshake_is_that_of_the_rfc() {
        let head = b"GET /chat HTTP/1.1\r\nHost: a\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: me";
        let upgrade = Upgrade::read(head).expect("an upgrade");
        assert_eq!(upgrade.path, "/chat");
        let answer = String::from_utf8(upgrade.answer()).expect("text");
        assert!(answer.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{answer}");
        assert!(answer.ends_with("\r\nSec-WebSocket-Protocol: me\r\n\r\n"), "{answer}");
        assert_eq!(Upgrade::read(b"POST /chat HTTP/1.1\r\nSec-WebSocket-Key: a"), None);
    }

    #[test]
    fn a_message_is_unmasked_into_the_contracts_frame() {
        let text = "hello, everyone";
        let key = [1, 2, 3, 4];
        let said = format!("{{\"text\":\"{text}\"}}");
        let mut bytes = vec![0x81, 0x80 | u8::try_from(said.len()).expect("short")];
        bytes.extend_from_slice(&key);
        bytes.extend(said.bytes().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        assert_eq!(ClientFrame::first(&bytes[..bytes.len() - 1]), None);
        bytes.push(0x81);
        let frame = ClientFrame::first(&bytes).expect("a frame");
        let mut out = Vec::new();
        assert!(append_message(&frame, &bytes, &mut out) && frame.opcode == ClientFrame::TEXT);
        let message: serde_json::Value =
            serde_json::from_slice(&out[2..]).or_else(|_| serde_json::from_slice(&out[4..])).expect("JSON");
        assert_eq!(message[0]["text"], text);
    }
}
