//! Frames (RFC 6455 §5.2): a server's are encoded here, ready for the wire; a client's headers are parsed and its masks undone.
//!
//! An encoded frame is [`Bytes`]: made once, shared by every connection that it goes to.

use bytes::{BufMut, Bytes, BytesMut};

use crate::{CloseCode, Violation, deflate};

/// The longest payload of a control frame, in bytes (§5.5).
const CONTROL_BYTES: usize = 125;
/// The longest frame header a client can send: two bytes, a 64-bit length, a mask.
pub(crate) const HEADER_BYTES: usize = 14;

/// A text message in one frame.
pub fn text(message: &str) -> Bytes {
    encode(Opcode::TEXT, message.as_bytes())
}

/// A binary message in one frame.
pub fn binary(message: &[u8]) -> Bytes {
    encode(Opcode::BINARY, message)
}

/// A text message in one compressed frame, for connections with
/// [`Reader::takes_deflated`](crate::Reader::takes_deflated) only. `None`: too little is saved, send it plain.
///
/// How long a frame is tells how much its message repeats itself: what a message keeps secret should not stand in it beside
/// words of others.
pub fn deflated_text(message: &str) -> Option<Bytes> {
    deflate::deflate(message.as_bytes()).map(|payload| encode(DEFLATED | Opcode::TEXT, &payload))
}

/// A binary message in one compressed frame; all else is as with [`deflated_text`].
pub fn deflated_binary(message: &[u8]) -> Option<Bytes> {
    deflate::deflate(message).map(|payload| encode(DEFLATED | Opcode::BINARY, &payload))
}

/// A ping with the first 125 bytes of `payload`, which the peer sends back in its pong.
pub fn ping(payload: &[u8]) -> Bytes {
    encode(Opcode::PING, &payload[..payload.len().min(CONTROL_BYTES)])
}

/// The answer to a ping with this payload (of which 125 bytes are sent: no ping has more).
pub fn pong(payload: &[u8]) -> Bytes {
    encode(Opcode::PONG, &payload[..payload.len().min(CONTROL_BYTES)])
}

/// A close frame. Of `reason` at most 123 bytes are sent, cut between two characters.
pub fn close(code: CloseCode, reason: &str) -> Bytes {
    let reason = &reason[..reason.floor_char_boundary(CONTROL_BYTES - 2)];
    let mut payload = code.number().to_be_bytes().to_vec();
    payload.extend_from_slice(reason.as_bytes());
    encode(Opcode::CLOSE, &payload)
}

/// One final, unmasked frame, whose first byte has these bits besides.
fn encode(opcode: u8, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(10 + payload.len());
    frame.put_u8(FIN | opcode);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ 0..=125), _) => frame.put_u8(short),
        (_, Ok(medium)) => {
            frame.put_u8(LENGTH_16);
            frame.put_u16(medium);
        }
        _ => {
            frame.put_u8(LENGTH_64);
            frame.put_u64(payload.len() as u64);
        }
    }
    frame.put_slice(payload);
    frame.freeze()
}

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
/// RSV1: this frame is the first of a compressed message (RFC 7692 §6).
const DEFLATED: u8 = 0x40;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;

/// What a frame carries: a piece of a message, or a word about the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    Data(Data),
    Control(Control),
}

/// The frames that make up messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    Continuation,
    Text,
    Binary,
}

/// The frames that may stand between those of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    Close,
    Ping,
    Pong,
}

impl Opcode {
    const CONTINUATION: u8 = 0;
    const TEXT: u8 = 1;
    const BINARY: u8 = 2;
    const CLOSE: u8 = 8;
    const PING: u8 = 9;
    const PONG: u8 = 10;

    fn parse(bits: u8) -> Result<Self, Violation> {
        Ok(match bits {
            Self::CONTINUATION => Self::Data(Data::Continuation),
            Self::TEXT => Self::Data(Data::Text),
            Self::BINARY => Self::Data(Data::Binary),
            Self::CLOSE => Self::Control(Control::Close),
            Self::PING => Self::Control(Control::Ping),
            Self::PONG => Self::Control(Control::Pong),
            _ => return Err(Violation::ReservedOpcode),
        })
    }
}

/// The header of a client's frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Whether this frame is its message's last.
    pub(crate) fin: bool,
    /// Whether it begins a compressed message.
    pub(crate) deflated: bool,
    pub(crate) opcode: Opcode,
    /// Bytes of payload that follow.
    pub(crate) length: u64,
    pub(crate) mask: Mask,
}

impl Header {
    /// Parses the header that `bytes` begins with, and says how many bytes it takes. `None`: more bytes are needed.
    /// With `deflate`, a message may be compressed.
    pub(crate) fn parse(bytes: &[u8], deflate: bool) -> Result<Option<(Self, usize)>, Violation> {
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        let fin = first & FIN != 0;
        let short = second & !MASKED;
        let opcode = check_start(*first, *second, deflate)?;
        let Some((length, rest)) = parse_length(short, rest)? else {
            return Ok(None);
        };
        let Some((key, rest)) = rest.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let header = Self { fin, deflated: first & DEFLATED != 0, opcode, length, mask: Mask(*key) };
        Ok(Some((header, bytes.len() - rest.len())))
    }
}

/// Everything that the first two bytes can be wrong about, so that nothing more is waited for.
fn check_start(first: u8, second: u8, deflate: bool) -> Result<Opcode, Violation> {
    let opcode = Opcode::parse(first & OPCODE);
    let begins_message = matches!(opcode, Ok(Opcode::Data(Data::Text | Data::Binary)));
    let meaningful = if deflate && begins_message { DEFLATED } else { 0 };
    if first & RESERVED & !meaningful != 0 {
        return Err(Violation::ReservedBit);
    }
    let opcode = opcode?;
    if second & MASKED == 0 {
        return Err(Violation::Unmasked);
    }
    match opcode {
        Opcode::Control(_) if first & FIN == 0 => Err(Violation::FragmentedControl),
        Opcode::Control(_) if usize::from(second & !MASKED) > CONTROL_BYTES => Err(Violation::LongControl),
        _ => Ok(opcode),
    }
}

/// The payload's length, from the seven bits and what follows them, and the bytes after it.
fn parse_length(short: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, Violation> {
    let (length, rest, shortest) = match short {
        LENGTH_16 => {
            let Some((bytes, rest)) = rest.split_first_chunk() else {
                return Ok(None);
            };
            (u64::from(u16::from_be_bytes(*bytes)), rest, 126)
        }
        LENGTH_64 => {
            let Some((bytes, rest)) = rest.split_first_chunk() else {
                return Ok(None);
            };
            (u64::from_be_bytes(*bytes), rest, 1 << 16)
        }
        short => (u64::from(short), rest, 0),
    };
    if length < shortest || length >> 63 != 0 {
        return Err(Violation::BadLength);
    }
    Ok(Some((length, rest)))
}

/// A client's masking key (§5.3), turned so that its first byte belongs to the next byte of payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mask([u8; 4]);

impl Mask {
    /// Undoes the mask on the next bytes of the payload, eight at a time.
    pub(crate) fn undo(&mut self, payload: &mut [u8]) {
        let [a, b, c, d] = self.0;
        let key = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
        let (words, tail) = payload.as_chunks_mut();
        for word in words {
            *word = (u64::from_ne_bytes(*word) ^ key).to_ne_bytes();
        }
        for (byte, key) in tail.iter_mut().zip(self.0.into_iter().cycle()) {
            *byte ^= key;
        }
        self.0.rotate_left(tail.len() % 4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    #[test]
    fn encodes_the_samples_of_the_rfc() {
        // §5.7
        assert_eq!(text("Hello"), &b"\x81\x05Hello"[..]);
        assert_eq!(ping(b"Hello"), &b"\x89\x05Hello"[..]);
        assert_eq!(binary(&[7; 256])[..4], b"\x82\x7e\x01\x00"[..]);
        assert_eq!(binary(&vec![7; 65536])[..10], b"\x82\x7f\0\0\0\0\0\x01\0\0"[..]);
    }

    #[test]
    fn lengths_take_their_shortest_form() {
        let headers = [(125, 2), (126, 4), (65_535, 4), (65_536, 10)];
        for (payload, header) in headers {
            assert_eq!(binary(&vec![0; payload]).len(), header + payload);
        }
    }

    #[test]
    fn control_frames_never_carry_more_than_they_may() {
        assert_eq!(pong(&[0; 200]).len(), 2 + 125);
        assert_eq!(close(CloseCode::NORMAL, "bye"), &b"\x88\x05\x03\xe8bye"[..]);
        let long = close(CloseCode::POLICY, &"€".repeat(50));
        assert_eq!(long[4..], *"€".repeat(41).as_bytes(), "123 bytes are 41 characters of three");
        let uneven = close(CloseCode::POLICY, &format!("a{}", "€".repeat(50)));
        assert_eq!(uneven[4..], *format!("a{}", "€".repeat(40)).as_bytes());
    }

    #[test]
    fn parses_a_header_as_soon_as_it_is_whole() {
        let cases: [(&[u8], u64); 5] = [
            (b"\x81\x85", 5),
            (b"\x81\xfe\x00\x7e", 126),
            (b"\x81\xfe\xff\xff", 65_535),
            (b"\x81\xff\0\0\0\0\0\x01\0\0", 65_536),
            (b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff", u64::MAX >> 1),
        ];
        for (start, length) in cases {
            let bytes = [start, &KEY, b"payload"].concat();
            let size = start.len() + 4;
            for short in 0..size {
                assert_eq!(Header::parse(&bytes[..short], false), Ok(None), "{short} bytes of {size}");
            }
            let opcode = Opcode::Data(Data::Text);
            let header = Header { fin: true, deflated: false, opcode, length, mask: Mask(KEY) };
            assert_eq!(Header::parse(&bytes, false), Ok(Some((header, size))));
        }
    }

    #[test]
    fn refuses_malformed_headers_at_the_first_byte_that_shows_it() {
        let cases: [(&[u8], Violation); 15] = [
            (b"\xc1\x80", Violation::ReservedBit),
            (b"\xa1\x80", Violation::ReservedBit),
            (b"\x91\x80", Violation::ReservedBit),
            (b"\x83\x80", Violation::ReservedOpcode),
            (b"\x87\x80", Violation::ReservedOpcode),
            (b"\x8b\x80", Violation::ReservedOpcode),
            (b"\x8f\x80", Violation::ReservedOpcode),
            (b"\x81\x05", Violation::Unmasked),
            (b"\x09\x80", Violation::FragmentedControl),
            (b"\x08\x80", Violation::FragmentedControl),
            (b"\x89\xfe", Violation::LongControl),
            (b"\x88\xff", Violation::LongControl),
            (b"\x81\xfe\x00\x7d", Violation::BadLength),
            (b"\x81\xff\0\0\0\0\0\0\xff\xff", Violation::BadLength),
            (b"\x81\xff\x80\0\0\0\0\0\0\0", Violation::BadLength),
        ];
        for (bytes, violation) in cases {
            assert_eq!(Header::parse(bytes, false), Err(violation), "{bytes:x?}");
        }
    }

    #[test]
    fn the_first_frame_of_a_message_may_say_that_it_is_compressed() {
        for first in 0..=u8::MAX {
            let header = Header::parse(&[&[first, 0x80][..], &KEY].concat(), true);
            let deflated = header.map(|header| header.is_some_and(|(header, _)| header.deflated));
            match first {
                0xc1 | 0xc2 | 0x41 | 0x42 => assert_eq!(deflated, Ok(true), "{first:x}"),
                _ if first & RESERVED != 0 => assert_eq!(deflated, Err(Violation::ReservedBit), "{first:x}"),
                _ => assert_ne!(deflated, Ok(true), "{first:x}"),
            }
        }
    }

    #[test]
    fn undoes_the_mask_wherever_the_payload_is_cut() {
        let plain: Vec<u8> = (0..50).collect();
        let masked: Vec<u8> = plain.iter().zip(KEY.iter().cycle()).map(|(b, k)| b ^ k).collect();
        for size in 1..=plain.len() {
            let (mut mask, mut payload) = (Mask(KEY), masked.clone());
            payload.chunks_mut(size).for_each(|chunk| mask.undo(chunk));
            assert_eq!(payload, plain, "pieces of {size}");
        }
    }
}
