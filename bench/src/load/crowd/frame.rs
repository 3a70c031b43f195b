//! The frames that a server sends (RFC 6455 §5.2), found in the bytes that came; and those that a client sends.

use std::fmt::{self, Display, Formatter};

/// One whole frame of a server. It borrows the bytes it came in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// Text or binary, all of it.
    Message(&'a [u8]),
    /// To be answered with the same payload.
    Ping(&'a [u8]),
    /// An answer to nothing, for a crowd never pings.
    Pong,
    /// The end, with its code and reason.
    Close(&'a [u8]),
}

/// A frame that no server may send, or that none of those measured here does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed(u8);

impl Display for Malformed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "a frame that begins with {:#04x}", self.0)
    }
}

impl std::error::Error for Malformed {}

/// The mask of every frame sent. A server has to unmask, whatever the key is, and this one is not zero.
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// That a frame is masked, and its length is in the next two bytes.
const MASKED_16_BITS: u8 = 0xfe;

const FIN: u8 = 0x80;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// The frame that `bytes` begin with and its length, head included; `None` while some of it is still on its way.
#[inline]
pub(crate) fn first(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>, Malformed> {
    let (head, length): (usize, usize) = match bytes {
        // By far the most frequent one: 126 to 65,535 bytes.
        [_, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([*high, *low]))),
        [_, length @ 0..=125, ..] => (2, usize::from(*length)),
        [_, 127, length @ ..] => match length.first_chunk() {
            Some(length) => (10, usize::try_from(u64::from_be_bytes(*length)).map_err(|_far| Malformed(127))?),
            None => return Ok(None),
        },
        // A server does not mask.
        [_, length @ 128..=255, ..] => return Err(Malformed(*length)),
        _ => return Ok(None),
    };
    let Some(payload) = bytes.get(head..head.saturating_add(length)) else { return Ok(None) };
    Ok(Some((told_apart(bytes[0], payload)?, head + length)))
}

#[inline]
fn told_apart(first: u8, payload: &[u8]) -> Result<Frame<'_>, Malformed> {
    match first ^ FIN {
        TEXT | BINARY => Ok(Frame::Message(payload)),
        PING => Ok(Frame::Ping(payload)),
        PONG => Ok(Frame::Pong),
        CLOSE => Ok(Frame::Close(payload)),
        _ => Err(Malformed(first)),
    }
}

/// What the payload of a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// UTF-8.
    Text,
    /// Anything.
    Binary,
}

/// Appends a message of a client; `write` appends its payload.
pub(crate) fn append(out: &mut Vec<u8>, kind: Kind, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    let opcode = match kind {
        Kind::Text => TEXT,
        Kind::Binary => BINARY,
    };
    out.extend_from_slice(&[FIN | opcode, MASKED_16_BITS, 0, 0]);
    out.extend_from_slice(&KEY);
    write(out);
    let payload = start + 8;
    let length = u16::try_from(out.len() - payload).expect("the messages of a measurement are short");
    out[start + 2..start + 4].copy_from_slice(&length.to_be_bytes());
    mask(&mut out[payload..]);
}

/// A pong of a client. Control frames have at most 125 bytes (RFC 6455 §5.5), so that the length fits.
pub(crate) fn pong(payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a parsed ping is short");
    let mut pong = vec![FIN | PONG, 0x80 | length];
    pong.extend_from_slice(&KEY);
    pong.extend_from_slice(payload);
    mask(&mut pong[6..]);
    pong
}

/// Masks, or unmasks, with the one key there is.
fn mask(payload: &mut [u8]) {
    let (fours, rest) = payload.as_chunks_mut::<4>();
    for four in fours {
        *four = (u32::from_ne_bytes(*four) ^ u32::from_ne_bytes(KEY)).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(KEY) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server_frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let length = payload.len();
        let head = match length {
            0..126 => vec![first, u8::try_from(length).expect("short")],
            126..0x1_0000 => [&[first, 126], &u16::try_from(length).expect("short").to_be_bytes()[..]].concat(),
            _ => [&[first, 127], &u64::try_from(length).expect("a length").to_be_bytes()[..]].concat(),
        };
        [head.as_slice(), payload].concat()
    }

    #[test]
    fn a_frame_is_found_once_it_is_whole() {
        for length in [0, 1, 125, 126, 200, 65_535, 65_536, 70_000] {
            let payload = vec![b'x'; length];
            let mut bytes = server_frame(0x81, &payload);
            let whole = bytes.len();
            for cut in [0, 1, 2, 3, 4, 9, whole / 2, whole - 1].into_iter().filter(|cut| *cut < whole) {
                assert_eq!(first(&bytes[..cut]), Ok(None), "{cut} of {whole}");
            }
            bytes.extend_from_slice(b"\x81");
            assert_eq!(first(&bytes), Ok(Some((Frame::Message(&payload), whole))));
        }
    }

    #[test]
    fn the_kinds_are_told_apart() {
        let kind =
            |first_byte: u8| first(&server_frame(first_byte, b"hi")).map(|found| format!("{:?}", found.map(|it| it.0)));
        assert_eq!(kind(0x82), Ok("Some(Message([104, 105]))".to_owned()));
        assert_eq!(kind(0x89), Ok("Some(Ping([104, 105]))".to_owned()));
        assert_eq!(kind(0x8a), Ok("Some(Pong)".to_owned()));
        assert_eq!(kind(0x88), Ok("Some(Close([104, 105]))".to_owned()));
        assert_eq!(kind(0x01), Err(Malformed(0x01)), "a fragment");
        assert_eq!(kind(0xc1), Err(Malformed(0xc1)), "a compressed one, which nobody asked for");
        assert_eq!(first(&[0x81, 0x82, 0, 0]), Err(Malformed(0x82)), "a masked one");
    }

    #[test]
    fn what_a_client_sends_is_masked() {
        let mut out = b"before".to_vec();
        append(&mut out, Kind::Text, |out| out.extend_from_slice(b"Hello"));
        // The masked bytes are those of RFC 6455 §5.7.
        let expected = [0x81, 0xfe, 0, 5, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(out[6..], expected);
        assert_eq!(pong(b"Hello"), [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    }
}
