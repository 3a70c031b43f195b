//! Text that comes in pieces, cut anywhere, and is UTF-8 as a whole (RFC 6455 §8.1).

use simdutf8::compat;

use crate::Violation;

/// The valid text so far, and the bytes of a character whose end has not come yet.
#[derive(Default)]
pub(crate) struct Text {
    whole: String,
    cut: [u8; 4],
    cut_len: usize,
}

impl Text {
    /// Bytes received, those of a cut character included.
    pub(crate) fn len(&self) -> usize {
        self.whole.len() + self.cut_len
    }

    /// Takes the next piece. Fails at the first byte that no continuation could make valid, not only at the end.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<(), Violation> {
        let piece = self.mend(piece)?;
        let Err(error) = compat::from_utf8(piece).map(|text| self.whole.push_str(text)) else {
            return Ok(());
        };
        if error.error_len().is_some() {
            return Err(Violation::InvalidUtf8);
        }
        let (valid, cut) = piece.split_at(error.valid_up_to());
        self.whole.push_str(utf8(valid)?);
        self.cut[..cut.len()].copy_from_slice(cut);
        self.cut_len = cut.len();
        Ok(())
    }

    /// The text, if it does not end inside a character.
    pub(crate) fn finish(self) -> Result<String, Violation> {
        if self.cut_len == 0 { Ok(self.whole) } else { Err(Violation::InvalidUtf8) }
    }

    /// Gives the cut character its missing bytes from the front of `piece` and returns the rest of it.
    fn mend<'a>(&mut self, mut piece: &'a [u8]) -> Result<&'a [u8], Violation> {
        while self.cut_len > 0 {
            let [byte, rest @ ..] = piece else { break };
            self.cut[self.cut_len] = *byte;
            self.cut_len += 1;
            piece = rest;
            match std::str::from_utf8(&self.cut[..self.cut_len]) {
                Ok(character) => {
                    self.whole.push_str(character);
                    self.cut_len = 0;
                }
                // A fourth byte completes the longest character or is an error: the index above stays in bounds.
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(Violation::InvalidUtf8),
            }
        }
        Ok(piece)
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Violation> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| Violation::InvalidUtf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<String, Violation> {
        let mut text = Text::default();
        pieces.into_iter().try_for_each(|piece| text.push(piece))?;
        text.finish()
    }

    #[test]
    fn characters_may_be_cut_anywhere() {
        let whole = "aé€😀\u{0}\u{10ffff}z";
        for size in 1..=whole.len() {
            assert_eq!(read(whole.as_bytes().chunks(size)).as_deref(), Ok(whole), "pieces of {size}");
        }
    }

    #[test]
    fn a_cut_character_must_be_finished() {
        assert_eq!(read([&b"\xe2\x82"[..]]), Err(Violation::InvalidUtf8));
        assert_eq!(read([&b"\xe2"[..], b"\x82", b"a"]), Err(Violation::InvalidUtf8));
    }

    #[test]
    fn fails_at_the_first_hopeless_byte() {
        let mut text = Text::default();
        assert_eq!(text.push(b"ok\xf4"), Ok(()));
        assert_eq!(text.len(), 3);
        assert_eq!(text.push(b"\x90"), Err(Violation::InvalidUtf8), "U+110000 does not exist");
    }
}
