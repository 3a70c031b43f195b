//! The bound of every login: bare Argon2id hashes, one thread a core, nothing else.

use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Params, Version};

use super::memory::{Pages, Room};
use crate::Result;

/// What one hash costs: the server's `password.hash=default` (OWASP's first line for Argon2id).
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;

/// Where a hash finds its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// One block a thread, used again and again, on huge pages.
    Reused,
    /// New pages for every hash, as a program has them that allocates and frees.
    Fresh,
}

/// Hashes for `window` on each of `threads` threads. Hashes a second, all threads together.
pub(crate) fn hashes_a_second(memory: Memory, threads: usize, window: Duration) -> Result<f64> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(move || of_one_thread(memory, window))).collect();
        let rates = threads.into_iter().map(|thread| thread.join().map_err(|_panic| "a hashing thread panicked")?);
        rates.sum()
    })
}

fn of_one_thread(memory: Memory, window: Duration) -> Result<f64> {
    lower_priority();
    let hasher = hasher()?;
    let mut reused = Room::map(hasher.params().block_count(), Pages::Huge)?;
    // The first one maps the pages.
    hash(&hasher, &mut reused)?;
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < window {
        match memory {
            Memory::Reused => hash(&hasher, &mut reused)?,
            Memory::Fresh => hash(&hasher, &mut Room::map(hasher.params().block_count(), Pages::Ordinary)?)?,
        }
        count += 1;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).map_err(|fault| fault.to_string())?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(hasher: &Argon2<'_>, room: &mut Room) -> Result<()> {
    let mut tag = [0; 32];
    let done = hasher.hash_password_into_with_memory(b"correct horse", &[7; 16], &mut tag, room.blocks());
    Ok(done.map_err(|fault| fault.to_string())?)
}

/// The server's hashing threads run only when nobody else wants the core. So do these, or whatever else the machine does would slow
/// the server alone.
#[expect(unsafe_code, reason = "the standard library has no scheduling classes")]
fn lower_priority() {
    let priority = libc::sched_param { sched_priority: 0 };
    // SAFETY: 0 is the calling thread, and the call only reads the value it is given a pointer to.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const priority) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_memory_hash() {
        for memory in [Memory::Reused, Memory::Fresh] {
            let rate = hashes_a_second(memory, 2, Duration::from_millis(1)).expect("hashes");
            assert!(rate > 0.0, "{memory:?}: {rate}");
        }
    }
}
