//! The block of memory that one hashing thread fills again and again.
//!
//! Argon2id is bound by memory: fresh pages for every hash cost a quarter of the throughput (measured: 48
//! hashes/s a core with fresh memory, 62 with one reused block on 2 MiB pages).

use std::ptr::NonNull;

use argon2::Block;

const HUGE_PAGE: usize = 2 * 1024 * 1024;

/// One mapping of anonymous memory, given back to the system when dropped.
pub struct Arena {
    start: NonNull<libc::c_void>,
    bytes: usize,
}

#[expect(unsafe_code, reason = "the mapping is owned by this value alone, so it may move to another thread with it")]
// SAFETY: `Arena` is the only holder of its mapping, and nothing in a mapping is bound to a thread.
unsafe impl Send for Arena {}

impl Arena {
    /// Maps room for `blocks` blocks, on huge pages where the system has them. `None` when there is no memory.
    #[expect(unsafe_code, reason = "neither the standard library nor argon2 offers memory on huge pages")]
    pub fn map(blocks: usize) -> Option<Self> {
        let bytes = (blocks * Block::SIZE).next_multiple_of(HUGE_PAGE);
        // SAFETY: an anonymous private mapping at an address of the kernel's choice touches no memory of ours.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return None;
        }
        let start = NonNull::new(start)?;
        // SAFETY: the range is the mapping just made. The advice may be refused; the memory works all the same.
        unsafe { libc::madvise(start.as_ptr(), bytes, libc::MADV_HUGEPAGE) };
        Some(Self { start, bytes })
    }

    /// The memory as blocks. What an earlier hash left in them does not matter: every hash writes a block before it reads it.
    #[expect(unsafe_code, reason = "argon2 takes its memory as a slice of blocks")]
    pub fn blocks(&mut self) -> &mut [Block] {
        // SAFETY: the mapping is page-aligned, which is more than a block's 64 bytes; any bit pattern is a
        // block (an array of integers); the mapping starts as zeros, so it is initialised; `&mut self` makes the borrow unique.
        unsafe { std::slice::from_raw_parts_mut(self.start.cast().as_ptr(), self.bytes / Block::SIZE) }
    }
}

impl Drop for Arena {
    #[expect(unsafe_code, reason = "what was mapped by hand is unmapped by hand")]
    fn drop(&mut self) {
        // SAFETY: the mapping was made in `map` and no borrow of it outlives `self`.
        unsafe { libc::munmap(self.start.as_ptr(), self.bytes) };
    }
}

/// Lets the calling thread run only when nobody else wants the core: hashing must not delay those who are already
/// in. A nice value is not enough: the scheduler lets a running thread finish its slice of some milliseconds
/// before it looks at the weights, and only an idle thread gives way at once.
#[expect(unsafe_code, reason = "the standard library has no scheduling classes")]
pub fn step_back() {
    let priority = libc::sched_param { sched_priority: 0 };
    // SAFETY: 0 means the calling thread; the call reads the value it is given a pointer to. It may be refused, and
    // then hashing only competes more than it should.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const priority) };
}

/// Gives freed memory back to the system. The allocator keeps what a flood of requests has used, on a small machine
/// more than the server itself needs.
#[cfg_attr(target_env = "gnu", expect(unsafe_code, reason = "only glibc itself can be asked for this"))]
pub fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: the call takes the allocator's own locks and frees nothing that is in use.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_holds_what_it_was_asked_for() {
        let mut arena = Arena::map(19_456).expect("memory");
        assert!(arena.blocks().len() >= 19_456);
        arena.blocks()[19_455] = Block::new();
    }
}
