//! From bytes to messages: frames put together, checked and bounded, without any I/O.

use crate::frame::{Control, Data, HEADER_BYTES, Header, Mask, Opcode};
use crate::text::Text;
use crate::{Close, Violation, deflate};

/// What a peer sends, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A ping; [`frame::pong`](crate::frame::pong) with its payload (at most 125 bytes) answers it.
    Ping(Vec<u8>),
    /// A pong, with the payload of the ping that it answers; it may also come unasked.
    Pong(Vec<u8>),
    /// The last thing that a peer says, with its reason if it gives one.
    Close(Option<Close>),
}

/// Takes bytes in pieces of any size and gives messages.
///
/// It keeps what belongs to unfinished frames and messages and nothing else: between messages it owns no memory on the heap.
/// What it keeps grows with the bytes that came, never with a length that a header claims.
pub(crate) struct Decoder {
    message_bytes: usize,
    /// Whether the peer may compress its messages.
    pub(crate) deflate: bool,
    /// The front of a header that has not come whole.
    head: [u8; HEADER_BYTES],
    head_len: usize,
    /// The frame whose payload is coming in.
    frame: Option<Frame>,
    /// The message that this frame or the next one continues.
    message: Option<Message>,
    /// The payload of a control frame, as far as it has come.
    control: Vec<u8>,
}

struct Frame {
    purpose: Purpose,
    /// Bytes of payload that have not come yet.
    missing: usize,
    mask: Mask,
}

#[derive(Clone, Copy)]
enum Purpose {
    Message { last: bool },
    Control(Control),
}

enum Message {
    Text(Text),
    Binary(Vec<u8>),
    /// One that is inflated when it is whole, so that no connection keeps a decompressor.
    Deflated {
        text: bool,
        bytes: Vec<u8>,
    },
}

impl Decoder {
    /// A decoder of messages of up to `message_bytes` bytes, which with `deflate` may come compressed.
    pub(crate) fn new(message_bytes: usize, deflate: bool) -> Self {
        Self {
            message_bytes,
            deflate,
            head: [0; HEADER_BYTES],
            head_len: 0,
            frame: None,
            message: None,
            control: Vec::new(),
        }
    }

    /// Whether a message, or a frame of one, has begun and is not whole.
    pub(crate) fn has_begun(&self) -> bool {
        self.head_len > 0 || self.frame.is_some() || self.message.is_some()
    }

    /// Takes bytes from the front of `input`, which it unmasks in place, until something is whole or no byte is left.
    /// Says how many it took. After a violation the rest of the stream has no meaning.
    pub(crate) fn decode(&mut self, input: &mut [u8]) -> Result<(usize, Option<Incoming>), Violation> {
        let mut taken = 0;
        loop {
            if self.frame.is_none() {
                let (size, header) = self.take_header(&input[taken..])?;
                taken += size;
                let Some(header) = header else {
                    return Ok((taken, None));
                };
                self.frame = Some(self.open(&header)?);
            }
            taken += self.take_payload(&mut input[taken..])?;
            let Some(frame) = self.frame.take_if(|frame| frame.missing == 0) else {
                return Ok((taken, None));
            };
            if let Some(incoming) = self.finish(frame.purpose)? {
                return Ok((taken, Some(incoming)));
            }
        }
    }

    /// Parses the next header. The bytes of one that is not whole are put aside.
    fn take_header(&mut self, input: &[u8]) -> Result<(usize, Option<Header>), Violation> {
        let old = self.head_len;
        let new = input.len().min(HEADER_BYTES - old);
        self.head[old..old + new].copy_from_slice(&input[..new]);
        self.head_len += new;
        let Some((header, size)) = Header::parse(&self.head[..self.head_len], self.deflate)? else {
            return Ok((new, None));
        };
        self.head_len = 0;
        Ok((size - old, Some(header)))
    }

    /// Begins a frame, if it may stand here and its message stays within the limit.
    fn open(&mut self, header: &Header) -> Result<Frame, Violation> {
        let purpose = match header.opcode {
            Opcode::Control(control) => Purpose::Control(control),
            Opcode::Data(data) => {
                self.open_message(data, header.deflated)?;
                Purpose::Message { last: header.fin }
            }
        };
        let room = match purpose {
            Purpose::Control(_) => usize::MAX,
            Purpose::Message { .. } => self.message_bytes - self.message_len(),
        };
        let missing = usize::try_from(header.length).map_err(|_| Violation::TooLong)?;
        if missing > room {
            return Err(Violation::TooLong);
        }
        Ok(Frame { purpose, missing, mask: header.mask })
    }

    fn open_message(&mut self, data: Data, deflated: bool) -> Result<(), Violation> {
        let message = match (data, &self.message) {
            (Data::Continuation, Some(_)) => return Ok(()),
            (Data::Continuation, None) => return Err(Violation::LoneContinuation),
            (_, Some(_)) => return Err(Violation::InterruptedMessage),
            (_, None) if deflated => Message::Deflated { text: data == Data::Text, bytes: Vec::new() },
            (Data::Text, None) => Message::Text(Text::default()),
            (Data::Binary, None) => Message::Binary(Vec::new()),
        };
        self.message = Some(message);
        Ok(())
    }

    fn message_len(&self) -> usize {
        match &self.message {
            Some(Message::Text(text)) => text.len(),
            Some(Message::Binary(bytes) | Message::Deflated { bytes, .. }) => bytes.len(),
            None => 0,
        }
    }

    /// Moves what has come of the frame's payload to where it belongs.
    fn take_payload(&mut self, input: &mut [u8]) -> Result<usize, Violation> {
        let Some(frame) = &mut self.frame else {
            return Ok(0);
        };
        let size = input.len().min(frame.missing);
        let payload = &mut input[..size];
        frame.missing -= size;
        frame.mask.undo(payload);
        match (frame.purpose, &mut self.message) {
            (Purpose::Message { .. }, Some(Message::Text(text))) => text.push(payload)?,
            (Purpose::Message { .. }, Some(Message::Binary(bytes) | Message::Deflated { bytes, .. })) => {
                bytes.extend_from_slice(payload);
            }
            _ => self.control.extend_from_slice(payload),
        }
        Ok(size)
    }

    /// What a frame completes, now that all of it is here.
    fn finish(&mut self, purpose: Purpose) -> Result<Option<Incoming>, Violation> {
        match purpose {
            Purpose::Message { last: false } => Ok(None),
            Purpose::Message { last: true } => {
                self.message.take().map(|message| message.finish(self.message_bytes)).transpose()
            }
            Purpose::Control(control) => finish_control(control, std::mem::take(&mut self.control)).map(Some),
        }
    }
}

impl Message {
    /// The message, if it is no longer than `most` bytes when inflated.
    fn finish(self, most: usize) -> Result<Incoming, Violation> {
        match self {
            Self::Text(text) => text.finish().map(Incoming::Text),
            Self::Binary(bytes) => Ok(Incoming::Binary(bytes)),
            Self::Deflated { text: false, bytes } => deflate::inflate(&bytes, most).map(Incoming::Binary),
            Self::Deflated { text: true, bytes } => {
                let text = String::from_utf8(deflate::inflate(&bytes, most)?);
                text.map(Incoming::Text).map_err(|_| Violation::InvalidUtf8)
            }
        }
    }
}

fn finish_control(control: Control, payload: Vec<u8>) -> Result<Incoming, Violation> {
    match control {
        Control::Close => Close::parse(&payload).map(Incoming::Close),
        Control::Ping => Ok(Incoming::Ping(payload)),
        Control::Pong => Ok(Incoming::Pong(payload)),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]
mod tests {
    use super::*;

    const LIMIT: usize = 1000;

    /// A client's frame with a short payload under the mask of zeros, which changes nothing.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap() | 0x80;
        [&[first, length, 0, 0, 0, 0], payload].concat()
    }

    /// All that comes out of `bytes`, and how it ends.
    fn decode(mut bytes: Vec<u8>) -> (Vec<Incoming>, Result<(), Violation>) {
        let (mut decoder, mut rest) = (Decoder::new(LIMIT, false), &mut bytes[..]);
        let mut messages = Vec::new();
        loop {
            match decoder.decode(rest) {
                Ok((_, None)) => return (messages, Ok(())),
                Ok((taken, Some(incoming))) => {
                    messages.push(incoming);
                    rest = &mut rest[taken..];
                }
                Err(violation) => return (messages, Err(violation)),
            }
        }
    }

    #[test]
    fn reads_the_masked_sample_of_the_rfc() {
        // §5.7
        let bytes = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec();
        assert_eq!(decode(bytes), (vec![Incoming::Text("Hello".to_owned())], Ok(())));
    }

    #[test]
    fn control_frames_stand_between_fragments() {
        let bytes = [frame(0x01, b"Hel"), frame(0x89, b"?"), frame(0x00, b""), frame(0x80, b"lo")];
        let expected = vec![Incoming::Ping(b"?".to_vec()), Incoming::Text("Hello".to_owned())];
        assert_eq!(decode(bytes.concat()), (expected, Ok(())));
    }

    #[test]
    fn empty_messages_are_messages() {
        let bytes = [frame(0x81, b""), frame(0x82, b""), frame(0x8a, b""), frame(0x88, b"")];
        let expected = vec![
            Incoming::Text(String::new()),
            Incoming::Binary(Vec::new()),
            Incoming::Pong(Vec::new()),
            Incoming::Close(None),
        ];
        assert_eq!(decode(bytes.concat()), (expected, Ok(())));
    }

    #[test]
    fn refuses_frames_that_break_the_order() {
        let cases = [
            (vec![frame(0x80, b"x")], Violation::LoneContinuation),
            (vec![frame(0x00, b"x")], Violation::LoneContinuation),
            (vec![frame(0x01, b"x"), frame(0x81, b"y")], Violation::InterruptedMessage),
            (vec![frame(0x02, b"x"), frame(0x01, b"y")], Violation::InterruptedMessage),
            (vec![frame(0x01, b"\xce"), frame(0x80, b"x")], Violation::InvalidUtf8),
            (vec![frame(0x01, b"\xce"), frame(0x80, b"")], Violation::InvalidUtf8),
            (vec![frame(0x88, b"\x03")], Violation::BadClose),
            (vec![frame(0x88, b"\x03\xec")], Violation::BadClose),
            (vec![frame(0x88, b"\x03\xe8\xc0\x80")], Violation::InvalidUtf8),
        ];
        for (frames, violation) in cases {
            assert_eq!(decode(frames.concat()), (Vec::new(), Err(violation)), "{frames:x?}");
        }
    }

    #[test]
    fn a_message_is_refused_by_its_header_alone() {
        let over = [b"\x81\xfe\x03\xe9".as_slice(), &[0; 4]].concat();
        assert_eq!(decode(over), (Vec::new(), Err(Violation::TooLong)));
        let huge = [b"\x82\xff\x7f".as_slice(), &[0xff; 7], &[0; 4]].concat();
        assert_eq!(decode(huge), (Vec::new(), Err(Violation::TooLong)));
    }

    #[test]
    fn the_limit_counts_all_fragments() {
        let piece = || frame(0x00, &[b'x'; 100]);
        let mut frames = vec![frame(0x01, &[])];
        frames.extend((0..10).map(|_| piece()));
        let fits = [frames.concat(), frame(0x80, b"")].concat();
        assert_eq!(decode(fits), (vec![Incoming::Text("x".repeat(LIMIT))], Ok(())));
        let over = [frames.concat(), frame(0x80, b"y")].concat();
        assert_eq!(decode(over), (Vec::new(), Err(Violation::TooLong)));
    }

    #[test]
    fn a_claimed_length_takes_no_memory() {
        let mut decoder = Decoder::new(usize::MAX, false);
        let mut claim = [b"\x82\xff\x00\x00\x7f".as_slice(), &[0; 5], &[0; 4], b"abc"].concat();
        assert_eq!(decoder.decode(&mut claim), Ok((claim.len(), None)));
        let Some(Message::Binary(bytes)) = &decoder.message else { panic!("a message is open") };
        assert!(bytes.capacity() < 100);
    }

    #[test]
    fn invalid_text_is_refused_before_its_frame_is_whole() {
        let mut decoder = Decoder::new(LIMIT, false);
        assert_eq!(decoder.decode(&mut frame(0x01, b"\xf4")), Ok((7, None)));
        let mut start = b"\x80\xe4\0\0\0\0\x90".to_vec();
        assert_eq!(decoder.decode(&mut start), Err(Violation::InvalidUtf8));
    }
}
