//! Where the search is behind: what was written and is not known to it yet.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use parlour_model::RoomId;
use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncMutexGuard};
use tokio::time::Instant;

/// For how long nobody must have written before everything is done that waits.
const QUIET: Duration = Duration::from_millis(200);

/// The most rooms that are remembered to be behind. With more, all that are behind are asked for.
const MOST_ROOMS: usize = 10_000;

/// Which rooms the search is behind in.
pub(crate) struct Behind {
    rooms: Mutex<HashSet<RoomId>>,
    /// Held for a step: whoever waits for it finds what the step has made known.
    step: AsyncMutex<()>,
    begun: Instant,
    /// When something was written last, in milliseconds since the beginning.
    written: AtomicU64,
}

impl Default for Behind {
    fn default() -> Self {
        Self { rooms: Mutex::default(), step: AsyncMutex::default(), begun: Instant::now(), written: AtomicU64::new(0) }
    }
}

impl Behind {
    /// Something was written in a room.
    pub(crate) fn note(&self, room: RoomId) {
        self.written.store(self.elapsed(), Ordering::Relaxed);
        let mut rooms = self.rooms();
        if rooms.len() < MOST_ROOMS {
            rooms.insert(room);
        }
    }

    /// The search is behind in these rooms.
    pub(super) fn note_all(&self, rooms: Vec<RoomId>) {
        self.rooms().extend(rooms.into_iter().take(MOST_ROOMS));
    }

    /// There is more to do in a room that was taken out.
    pub(super) fn put_back(&self, room: RoomId) {
        self.rooms().insert(room);
    }

    /// Whether as many rooms are remembered as can be.
    pub(super) fn is_full(&self) -> bool {
        self.rooms().len() >= MOST_ROOMS
    }

    /// The right to do a step, which one has at a time.
    pub(super) async fn turn(&self) -> AsyncMutexGuard<'_, ()> {
        self.step.lock().await
    }

    /// Whether nobody has written for a while.
    pub(super) fn is_quiet(&self) -> bool {
        let since = self.elapsed().saturating_sub(self.written.load(Ordering::Relaxed));
        u128::from(since) >= QUIET.as_millis()
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// One of the rooms, taken out, and whether as many are remembered as can be.
    pub(super) fn take(&self) -> Option<(RoomId, bool)> {
        let mut rooms = self.rooms();
        let is_full = rooms.len() >= MOST_ROOMS;
        let room = rooms.iter().next().copied()?;
        rooms.remove(&room);
        Some((room, is_full))
    }

    fn rooms(&self) -> MutexGuard<'_, HashSet<RoomId>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
