//! How servers want to be spoken to: what stands around a text, and what comes before the first one.

use super::frame::{Kind, append};
use super::text;

/// A server's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// The `rooms` contract: the room stands in the path, a frame holds one message.
    Rooms,
    /// Socket.IO 4 (Engine.IO 4 over WebSocket): the room stands in the query, packets are text.
    SocketIo,
    /// NATS over WebSocket: a room is a subject.
    Nats,
    /// MQTT 3.1.1 over WebSocket: a room is a topic.
    Mqtt,
}

/// What a sender writes before and after every text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Around {
    pub(super) kind: Kind,
    pub(super) before: Box<[u8]>,
    pub(super) after: &'static [u8],
}

impl Dialect {
    /// What an upgrade asks for.
    pub(super) fn path(self, room: &str) -> String {
        match self {
            Self::Rooms => format!("/api/v1/rooms/{room}/messages/ws"),
            Self::SocketIo => format!("/socket.io/?EIO=4&transport=websocket&room={room}"),
            Self::Nats => "/".to_owned(),
            Self::Mqtt => "/mqtt".to_owned(),
        }
    }

    /// The subprotocol that an upgrade names for want of a token.
    pub(super) fn protocol(self) -> Option<&'static str> {
        (self == Self::Mqtt).then_some("mqtt")
    }

    /// What is sent after the upgrade, whatever the server says first.
    pub(super) fn greeting(self, room: &str) -> Vec<u8> {
        let (kind, payload) = match self {
            Self::Rooms => return Vec::new(),
            Self::SocketIo => (Kind::Text, b"40".to_vec()),
            Self::Nats => (Kind::Binary, format!("CONNECT {{\"verbose\":false}}\r\nSUB {room} 1\r\n").into_bytes()),
            Self::Mqtt => (Kind::Binary, mqtt_greeting(room)),
        };
        let mut frame = Vec::new();
        append(&mut frame, kind, |out| out.extend_from_slice(&payload));
        frame
    }

    /// What a sender writes around every text.
    pub(super) fn around(self, room: &str) -> Around {
        let (kind, before, after): (_, Vec<u8>, &[u8]) = match self {
            Self::Rooms => (Kind::Text, br#"{"text":""#.to_vec(), br#""}"#),
            Self::SocketIo => (Kind::Text, br#"42["say",""#.to_vec(), br#""]"#),
            Self::Nats => (Kind::Binary, format!("PUB {room} {}\r\n", text::LENGTH).into_bytes(), b"\r\n"),
            Self::Mqtt => (Kind::Binary, mqtt_publish(room), b""),
        };
        Around { kind, before: before.into(), after }
    }

    /// Whether every message that comes is one text: the others' may be about something else, or hold several.
    #[inline]
    pub(super) fn one_a_frame(self) -> bool {
        self == Self::Rooms
    }
}

/// CONNECT and SUBSCRIBE (MQTT 3.1.1 §3.1, §3.8): a clean session without a name, delivery at most once.
fn mqtt_greeting(room: &str) -> Vec<u8> {
    let connect = [&string("MQTT")[..], &[4, 2, 0, 0], &string("")].concat();
    let subscribe = [&[0, 1][..], &string(room), &[0]].concat();
    [&packet(0x10, connect.len()), &connect[..], &packet(0x82, subscribe.len()), &subscribe].concat()
}

/// The head of a PUBLISH (MQTT 3.1.1 §3.3), delivered at most once.
fn mqtt_publish(room: &str) -> Vec<u8> {
    let topic = string(room);
    [packet(0x30, topic.len() + text::LENGTH), topic].concat()
}

/// The fixed head of a packet (MQTT 3.1.1 §2.2), seven bits of the length a byte.
fn packet(kind: u8, length: usize) -> Vec<u8> {
    let byte = |part: usize| u8::try_from(part).expect("the packets of a measurement are short");
    let (low, high) = (byte(length % 128), byte(length / 128));
    if high == 0 { vec![kind, low] } else { vec![kind, low | 0x80, high] }
}

fn string(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("rooms have short names");
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mqtt_packets_are_those_of_the_standard() {
        let connect = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00";
        assert_eq!(mqtt_greeting("a"), [&connect[..], b"\x82\x06\x00\x01\x00\x01a\x00"].concat());
        assert_eq!(mqtt_publish("a"), b"\x30\x83\x01\x00\x01a");
    }

    #[test]
    fn nats_is_told_how_long_a_text_is() {
        assert_eq!(&*Dialect::Nats.around("a-1").before, b"PUB a-1 128\r\n");
    }
}
