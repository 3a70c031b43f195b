//! Memory for one Argon2id hash, straight from the kernel.

use std::io;
use std::ptr::{NonNull, null_mut};
use std::slice;

use argon2::Block;

const HUGE_PAGE: usize = 2 << 20;

/// The pages that memory is asked for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pages {
    /// 4 KiB, whatever the system's policy.
    Ordinary,
    /// 2 MiB, where the system has them.
    Huge,
}

/// Room for some blocks, unmapped when dropped.
pub(crate) struct Room {
    start: NonNull<libc::c_void>,
    bytes: usize,
}

impl Room {
    /// Maps room for `blocks` blocks of 1 KiB. The kernel gives the pages when they are first written.
    #[expect(unsafe_code, reason = "only the kernel gives memory that is surely fresh, or on huge pages")]
    pub(crate) fn map(blocks: usize, pages: Pages) -> io::Result<Self> {
        let bytes = (blocks * Block::SIZE).next_multiple_of(HUGE_PAGE);
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new private mapping, at a place that the kernel chooses, touches no memory in use.
        let start = unsafe { libc::mmap(null_mut(), bytes, access, kind, -1, 0) };
        let start = NonNull::new(start).filter(|_| start != libc::MAP_FAILED).ok_or_else(io::Error::last_os_error)?;
        let advice = match pages {
            Pages::Ordinary => libc::MADV_NOHUGEPAGE,
            Pages::Huge => libc::MADV_HUGEPAGE,
        };
        // SAFETY: the range is exactly the new mapping. A system without huge pages refuses, and nothing is lost.
        unsafe { libc::madvise(start.as_ptr(), bytes, advice) };
        Ok(Self { start, bytes })
    }

    /// The room as blocks.
    #[expect(unsafe_code, reason = "a mapping is bytes, and argon2 works on blocks")]
    pub(crate) fn blocks(&mut self) -> &mut [Block] {
        // SAFETY: the mapping lives as long as `self` and begins on a page, so it is aligned for blocks; the kernel
        // hands it out as zeros, and any bits make a block; `&mut self` lets nobody else look at it meanwhile.
        unsafe { slice::from_raw_parts_mut(self.start.cast().as_ptr(), self.bytes / Block::SIZE) }
    }
}

impl Drop for Room {
    #[expect(unsafe_code, reason = "what was mapped by hand is unmapped by hand")]
    fn drop(&mut self) {
        // SAFETY: the mapping is the one that `map` made, and its borrows have ended.
        unsafe { libc::munmap(self.start.as_ptr(), self.bytes) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_as_large_as_asked_and_can_be_written() {
        for pages in [Pages::Ordinary, Pages::Huge] {
            let mut room = Room::map(3_000, pages).expect("memory");
            let blocks = room.blocks();
            assert!(blocks.len() >= 3_000, "{}", blocks.len());
            blocks.fill(Block::new());
        }
    }
}
