//! What goes out in one write: whole frames, and what each of them means for whoever has it behind them.

use bytes::Bytes;

use crate::ring::Position;

/// The most bytes of one write: what a socket's buffer takes at once.
const PAGE_BYTES: usize = 64 * 1024;

/// Of what is said on a connection that follows many rooms, of one of them: so that several fit into one write, and
/// answers beside it into the private queue.
const SHARE_BYTES: usize = 16 * 1024;

/// Whole frames for one write. Nothing is taken from where they come from until they are written: so a page may
/// be shared by all who have read equally far.
#[derive(Default)]
pub(crate) struct Page {
    pieces: Vec<Piece>,
    /// The frames one after the other. Left empty for a single one.
    joined: Vec<u8>,
    bytes: usize,
    /// Whether it is one of several in a write.
    is_share: bool,
    /// The place in the ring that is reached when all is written; `None` when the page became full before, or
    /// does not come from the ring.
    pub(crate) reached: Option<Reached>,
}

/// How far a reader is who has had a whole page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) cursor: Position,
    /// Whether from here on everything in the ring is news to the reader.
    pub(crate) plain: bool,
    /// Whether its own coming, of which it knows, is still before it.
    pub(crate) awaits_own: bool,
}

impl Reached {
    /// Of one to whom everything is news.
    pub(crate) fn plain(cursor: Position) -> Self {
        Self { cursor, plain: true, awaits_own: false }
    }
}

/// A frame, and what it means to have it behind oneself.
pub(crate) struct Piece {
    pub(crate) frame: Bytes,
    pub(crate) step: Step,
}

/// What is done with a frame that was written, or begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The rest of a frame that was begun.
    Rest,
    /// The pong that is owed.
    Pong,
    /// The first of the private queue.
    Private,
    /// The first of those read from the history.
    History,
    /// Of the ring: the reader goes on there.
    Ring(Reached),
}

impl Page {
    /// One room's share of a write.
    pub(crate) fn share() -> Self {
        Self { is_share: true, ..Self::default() }
    }

    /// Adds a frame. `false`: it has to wait for the next page. One that is longer than a page has one of its own.
    pub(crate) fn add(&mut self, frame: Bytes, step: Step) -> bool {
        let most = if self.is_share { SHARE_BYTES } else { PAGE_BYTES };
        if !self.pieces.is_empty() && self.bytes + frame.len() > most {
            return false;
        }
        if let [first] = &self.pieces[..] {
            self.joined.extend_from_slice(&first.frame);
        }
        if !self.pieces.is_empty() {
            self.joined.extend_from_slice(&frame);
        }
        self.bytes += frame.len();
        self.pieces.push(Piece { frame, step });
        true
    }

    /// All its frames, contiguous.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.pieces[..] {
            [] => &[],
            [only] => &only.frame,
            _ => &self.joined,
        }
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_contiguous_and_bounded() {
        let mut page = Page::default();
        assert_eq!(page.bytes(), b"");
        assert!(page.add(Bytes::from_static(b"ab"), Step::Private));
        assert_eq!(page.bytes(), b"ab");
        assert!(
            page.add(Bytes::from_static(b"cd"), Step::History) && page.add(Bytes::from_static(b"e"), Step::History)
        );
        assert_eq!(page.bytes(), b"abcde");
        assert!(!page.add(Bytes::from(vec![0; PAGE_BYTES]), Step::History), "it waits");
        let mut large = Page::default();
        assert!(large.add(Bytes::from(vec![0; PAGE_BYTES + 1]), Step::History), "it is alone");
    }
}
