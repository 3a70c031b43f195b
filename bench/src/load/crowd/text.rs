//! The text of a measured message: who sent it, as which of theirs, and when, at known places in 128 bytes.
//!
//! Numbers are eight letters each, `a` to `p`, four bits a letter: a few shifts read them, and no server escapes them.

/// Bytes of a text.
pub(crate) const LENGTH: usize = 128;

/// What a stamp begins with; nothing else in a frame looks like it.
const MARK: [u8; 8] = *b"measure:";

/// Three numbers.
const STAMP: usize = 24;

/// A stamp as it stands in the text.
pub(crate) type Raw = [u8; STAMP];

/// What a text says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The sender's number in the crowd.
    pub(crate) sender: u32,
    /// How many its sender had sent before.
    pub(crate) counter: u32,
    /// When it was sent, or should have been: microseconds of the crowd's clock.
    pub(crate) sent: u32,
}

impl Stamp {
    /// The counter of a message that only asks who is there.
    pub(crate) const PROBE: u32 = u32::MAX;

    /// The stamp as it stands in the text.
    pub(crate) fn raw(self) -> Raw {
        let mut raw = [0; STAMP];
        for (place, number) in raw.chunks_exact_mut(8).zip([self.sender, self.counter, self.sent]) {
            place.copy_from_slice(&letters(number));
        }
        raw
    }

    /// Reads a stamp; `None` when these are not its letters.
    pub(crate) fn read(raw: &Raw) -> Option<Self> {
        let (eights, _) = raw.as_chunks::<8>();
        let [sender, counter, sent] = eights else { return None };
        Some(Self { sender: number(*sender)?, counter: number(*counter)?, sent: number(*sent)? })
    }
}

/// Appends a text of [`LENGTH`] bytes.
pub(crate) fn append(stamp: Stamp, out: &mut Vec<u8>) {
    let end = out.len() + LENGTH;
    out.extend_from_slice(&MARK);
    out.extend_from_slice(&stamp.raw());
    out.resize(end, b'.');
}

/// Finds stamps in payloads. Frames of one server are alike, so that it looks first where the last one was.
#[derive(Debug, Default)]
pub(crate) struct Finder {
    /// Bytes from the mark to the payload's end: what comes before a text has numbers of any length.
    from_end: usize,
}

impl Finder {
    /// The stamp in a payload that should have one.
    #[inline]
    pub(crate) fn find<'a>(&mut self, payload: &'a [u8]) -> Option<&'a Raw> {
        let guess = payload.len().wrapping_sub(self.from_end);
        if let Some(raw) = stamp_at(payload, guess) {
            return Some(raw);
        }
        let place = payload.windows(MARK.len()).position(|eight| eight == MARK)?;
        self.from_end = payload.len() - place;
        stamp_at(payload, place)
    }
}

/// Every stamp in a payload that has any number of them.
pub(crate) fn all(payload: &[u8]) -> impl Iterator<Item = &Raw> {
    let places = payload.windows(MARK.len()).enumerate().filter(|(_, eight)| *eight == MARK);
    places.filter_map(|(place, _)| stamp_at(payload, place))
}

#[inline]
fn stamp_at(payload: &[u8], place: usize) -> Option<&Raw> {
    payload.get(place..)?.strip_prefix(&MARK)?.first_chunk()
}

/// Eight letters, the lowest four bits first.
fn letters(number: u32) -> [u8; 8] {
    let mut spread = u64::from(number);
    spread = (spread | spread << 16) & 0x0000_ffff_0000_ffff;
    spread = (spread | spread << 8) & 0x00ff_00ff_00ff_00ff;
    spread = (spread | spread << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    (spread + u64::from_le_bytes([b'a'; 8])).to_le_bytes()
}

fn number(letters: [u8; 8]) -> Option<u32> {
    let mut spread = u64::from_le_bytes(letters).wrapping_sub(u64::from_le_bytes([b'a'; 8]));
    if spread & 0xf0f0_f0f0_f0f0_f0f0 != 0 {
        return None;
    }
    spread = (spread | spread >> 4) & 0x00ff_00ff_00ff_00ff;
    spread = (spread | spread >> 8) & 0x0000_ffff_0000_ffff;
    u32::try_from((spread | spread >> 16) & 0xffff_ffff).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp { sender: 7, counter: 0xfedc_ba98, sent: 1_234_567 };

    #[test]
    fn a_stamp_comes_back_from_its_letters() {
        for stamp in [STAMP, Stamp { sender: 0, counter: Stamp::PROBE, sent: u32::MAX }] {
            assert_eq!(Stamp::read(&stamp.raw()), Some(stamp));
        }
        let mut raw = STAMP.raw();
        raw[3] = b'z';
        assert_eq!(Stamp::read(&raw), None);
    }

    #[test]
    fn a_text_has_its_length_and_only_bytes_that_nobody_escapes() {
        let mut text = b"before".to_vec();
        append(STAMP, &mut text);
        assert_eq!(text.len(), 6 + LENGTH);
        assert!(text.iter().all(|byte| byte.is_ascii_graphic() && !b"\"\\<>&".contains(byte)));
    }

    #[test]
    fn a_stamp_is_found_wherever_it_moves() {
        let mut finder = Finder::default();
        let payload = |before: &str, after: &str| {
            let mut payload = before.as_bytes().to_vec();
            append(STAMP, &mut payload);
            payload.extend_from_slice(after.as_bytes());
            payload
        };
        let payloads =
            [payload("[{\"id\":9,", "\"}]"), payload("[{\"id\":10,", "\"}]"), payload("", ""), payload("x", "y")];
        for payload in payloads {
            assert_eq!(finder.find(&payload).and_then(Stamp::read), Some(STAMP));
        }
        let both = [payload("MSG a 1 128\r\n", "\r\n"), payload("MSG a 1 128\r\n", "\r\n")].concat();
        assert_eq!(all(&both).filter_map(Stamp::read).collect::<Vec<_>>(), [STAMP, STAMP]);
        assert_eq!(all(b"INFO {}\r\n").count(), 0);
        assert_eq!(finder.find(b"measure:"), None);
        assert_eq!(finder.find(b""), None);
    }
}
