//! Messages compressed one by one (RFC 7692 §7.2), by one compressor and one decompressor a thread.
//!
//! No context is ever taken over from one message to the next, so a connection keeps nothing of either, and one compressed
//! message fits every connection that agreed to the extension.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::Violation;

/// The base-2 logarithm of the distance that compressed messages look back, in bytes.
///
/// One for all connections, since they share frames. 4 KiB hold most chat messages whole, and are as much as some clients
/// are ready to keep. With 32 KiB, which those could not be served, lists of messages came out no smaller.
pub(crate) const WINDOW_BITS: u8 = 12;

/// Shorter payloads are sent plain: the few bytes saved are not worth a receiver's work.
const WORTH_BYTES: usize = 64;

/// The end of a flushed stream, which a sender leaves away and a receiver puts back (§7.2.1, §7.2.2).
const FLUSHED: &[u8] = b"\0\0\xff\xff";

/// What is put back, and after it an empty *final* block: only a message that was whole ends where that one does.
const ENDING: &[u8] = b"\0\0\xff\xff\x01\0\0\xff\xff";

/// A compressor's usual level. Measured with chat messages of 200 bytes, which it makes smaller by a fifth, the faster ones save
/// nothing or no time, and the slower ones no bytes.
const LEVEL: u32 = 6;

/// How often a message may end its deflate stream and begin another. One that cannot be flushed ends once (§7.2.3.4); thousands
/// of empty ones in a message would only cost time.
const STREAMS: u8 = 16;

/// The room first made for an inflated message, if it may be so long, in bytes.
const FIRST_ROOM: usize = 1024;

thread_local! {
    static COMPRESS: RefCell<Compress> =
        RefCell::new(Compress::new_with_window_bits(Compression::new(LEVEL), false, WINDOW_BITS));
    /// Of the largest window, because a client may use any that it likes.
    static INFLATE: RefCell<Decompress> = RefCell::new(Decompress::new(false));
}

/// The compressed payload of a message. `None`: it would not be smaller, or hardly so.
pub(crate) fn deflate(payload: &[u8]) -> Option<Vec<u8>> {
    if payload.len() < WORTH_BYTES {
        return None;
    }
    // No more room than the payload itself takes: what fills it is not smaller.
    let mut out = Vec::with_capacity(payload.len() + FLUSHED.len());
    COMPRESS.with_borrow_mut(|compress| {
        compress.reset();
        compress.compress_vec(payload, &mut out, FlushCompress::Sync).ok()
    })?;
    // A stream that found no room for its end does not end so; one that has no room left may not be at its end.
    let is_whole = out.len() < out.capacity() && out.ends_with(FLUSHED);
    out.truncate(out.len().saturating_sub(FLUSHED.len()));
    is_whole.then_some(out)
}

/// The message whose payload was compressed to these bytes, if it is no longer than `most` bytes.
///
/// It is never given more room than that and one byte, however much the bytes would come to.
pub(crate) fn inflate(compressed: &[u8], most: usize) -> Result<Vec<u8>, Violation> {
    // Strictly an empty message takes one byte (§7.2.3.6), but a compressor with nothing to flush gives none.
    if compressed.is_empty() {
        return Ok(Vec::new());
    }
    let mut message = Inflated { bytes: Vec::new(), most, streams: STREAMS };
    INFLATE.with_borrow_mut(|stream| {
        stream.reset(false);
        message.read(stream, compressed)?;
        let whole = message.read(stream, ENDING)?;
        if whole { Ok(message.bytes) } else { Err(Violation::BadDeflate) }
    })
}

/// A message as far as it is inflated.
struct Inflated {
    bytes: Vec<u8>,
    most: usize,
    /// How many more deflate streams it may have.
    streams: u8,
}

impl Inflated {
    /// Inflates all of `input`, and says whether a final block ends where it does.
    ///
    /// One that ends before is as good as any other (§7.2.3.4); what follows it begins anew.
    fn read(&mut self, stream: &mut Decompress, mut input: &[u8]) -> Result<bool, Violation> {
        loop {
            self.make_room()?;
            let (status, taken) = self.step(stream, input)?;
            input = &input[taken..];
            let has_room = self.bytes.len() < self.bytes.capacity();
            match status {
                Status::StreamEnd => {
                    self.streams = self.streams.checked_sub(1).ok_or(Violation::BadDeflate)?;
                    stream.reset(false);
                    if input.is_empty() {
                        return Ok(true);
                    }
                }
                Status::Ok | Status::BufError if input.is_empty() && has_room => return Ok(false),
                Status::Ok => {}
                Status::BufError => return Err(Violation::BadDeflate),
            }
        }
    }

    /// Inflates as much as there is room for, and says how many bytes of `input` that took.
    fn step(&mut self, stream: &mut Decompress, input: &[u8]) -> Result<(Status, usize), Violation> {
        let before = stream.total_in();
        let status = stream.decompress_vec(input, &mut self.bytes, FlushDecompress::None);
        let status = status.map_err(|_| Violation::BadDeflate)?;
        let taken = usize::try_from(stream.total_in() - before).map_err(|_| Violation::BadDeflate)?;
        Ok((status, taken))
    }

    /// Makes room for more. The byte over `most` that there may be is where a message shows that it is too long.
    fn make_room(&mut self) -> Result<(), Violation> {
        let length = self.bytes.len();
        if length > self.most {
            return Err(Violation::TooLong);
        }
        if length == self.bytes.capacity() {
            let capacity = (2 * length).max(FIRST_ROOM).min(self.most.saturating_add(1));
            self.bytes.reserve_exact(capacity - length);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Inflated, with any length allowed that these tests reach.
    fn read(compressed: &[u8]) -> Result<Vec<u8>, Violation> {
        inflate(compressed, 1 << 20)
    }

    #[test]
    fn reads_the_samples_of_the_rfc() {
        let cases: [(&str, &[u8], &[u8]); 5] = [
            ("7.2.3.1", b"\xf2\x48\xcd\xc9\xc9\x07\x00", b"Hello"),
            ("7.2.3.3", b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", b"Hello"),
            ("7.2.3.4", b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", b"Hello"),
            ("7.2.3.5", b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", b"Hello"),
            ("7.2.3.6", b"\x00", b""),
        ];
        for (section, compressed, message) in cases {
            assert_eq!(read(compressed).as_deref(), Ok(message), "§{section}");
        }
    }

    #[test]
    fn context_is_not_taken_over() {
        // §7.2.3.2: "Hello" as a repetition of the message before.
        assert!(read(b"\xf2\x48\xcd\xc9\xc9\x07\x00").is_ok());
        assert_eq!(read(b"\xf2\x00\x11\x00\x00"), Err(Violation::BadDeflate));
    }

    #[test]
    fn what_is_cut_or_wrong_is_refused() {
        let cases: [(&str, &[u8]); 6] = [
            ("the reserved kind of block", b"\x07"),
            ("a stored block whose lengths differ", b"\x00\x05\x00\x00\x00Hello\x00"),
            ("a stored block that is cut", b"\x00\x05\x00\xfa\xffHe"),
            ("a compressed block that is cut", b"\xf2\x48\xcd\xc9"),
            ("nothing after a final block", b"\xf3\x48\xcd\xc9\xc9\x07\x00"),
            ("the end left in place", b"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff"),
        ];
        for (case, compressed) in cases {
            assert_eq!(read(compressed), Err(Violation::BadDeflate), "{case}");
            assert!(read(b"\x00").is_ok(), "and the next message is read as if nothing had been: {case}");
        }
    }

    #[test]
    fn a_message_may_have_a_few_streams() {
        // The last that may be is the one that shows the end.
        let streams = |count: u8| [b"\x03\x00".repeat(count.into()), b"\x00".to_vec()].concat();
        assert_eq!(read(&streams(STREAMS - 1)).as_deref(), Ok(&b""[..]));
        assert_eq!(read(&streams(STREAMS)), Err(Violation::BadDeflate));
    }

    #[test]
    fn the_limit_is_exact_and_bounds_what_is_allocated() {
        let bomb = deflate(&vec![0; 2 << 20]).expect("zeros get smaller");
        assert!(bomb.len() < 4 << 10);
        for most in [0, 1, 1023, 1024, 1025, 100_000, (2 << 20) - 1] {
            let mut message = Inflated { bytes: Vec::new(), most, streams: STREAMS };
            let result = message.read(&mut Decompress::new(false), &bomb);
            assert_eq!(result, Err(Violation::TooLong), "{most}");
            assert!(message.bytes.capacity() <= most + 1, "{most}");
            assert_eq!(inflate(&bomb, most), Err(Violation::TooLong), "{most}");
        }
        assert!(inflate(&bomb, 2 << 20) == Ok(vec![0; 2 << 20]));
        assert_eq!(inflate(b"\x00", 0).as_deref(), Ok(&b""[..]));
    }

    #[test]
    fn only_what_gets_smaller_is_compressed() {
        assert_eq!(deflate(b""), None);
        assert_eq!(deflate(&[b'a'; WORTH_BYTES - 1]), None);
        assert!(deflate(&[b'a'; WORTH_BYTES]).is_some_and(|bytes| bytes.len() < WORTH_BYTES));
        let noise: Vec<u8> = (0..200_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        assert_eq!(deflate(&noise), None);
    }
}
