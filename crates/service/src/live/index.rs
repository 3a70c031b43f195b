//! Following the logs with the search: what was written becomes known to it a moment later, so that writing waits for
//! nothing.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use parlour_model::RoomId;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use crate::Result;
use crate::app::App;

/// How often it is looked whether something is to be done; while people write, one step is done each time.
const EVERY: Duration = Duration::from_millis(250);

/// For how long nobody must have written before everything is done that waits.
const QUIET: Duration = Duration::from_millis(200);

/// The most rooms that are remembered to be behind. With more, all that are behind are asked for.
const MOST_ROOMS: usize = 10_000;

/// The most steps that a search does itself, so that whoever searches finds what was said a moment ago.
const STEPS_OF_A_SEARCH: usize = 4;

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

    fn is_quiet(&self) -> bool {
        let since = self.elapsed().saturating_sub(self.written.load(Ordering::Relaxed));
        u128::from(since) >= QUIET.as_millis()
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// One of the rooms, taken out, and whether as many are remembered as can be.
    fn take(&self) -> Option<(RoomId, bool)> {
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

/// Follows until the application stops, from where it was left.
pub(crate) async fn follow(app: App) {
    let mut asks_all = true;
    loop {
        tokio::select! {
            () = app.stopping() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        match catch_up(&app, asks_all).await {
            Ok(is_full) => asks_all = is_full,
            Err(error) => {
                tracing::warn!(?error, "the search cannot follow; trying again");
                asks_all = true;
            }
        }
    }
}

/// Does a step, and more of them while nobody writes. Whether rooms may have been forgotten.
async fn catch_up(app: &App, asks_all: bool) -> Result<bool> {
    let behind = app.live.behind();
    if asks_all {
        let all = app.store.rooms_to_index().await?;
        behind.rooms().extend(all.into_iter().take(MOST_ROOMS));
    }
    let mut forgot = false;
    while let Some(is_full) = step(app).await? {
        forgot |= is_full;
        if !behind.is_quiet() || *app.stop.borrow() {
            break;
        }
    }
    Ok(forgot)
}

/// Makes known what was written last, as far as a few steps go; what is left is done by and by.
///
/// # Errors
/// The store is away.
pub(crate) async fn catch_up_a_little(app: &App) -> Result<()> {
    for _ in 0..STEPS_OF_A_SEARCH {
        // With more rooms behind than are remembered, a few steps change nothing.
        if app.live.behind().rooms().len() >= MOST_ROOMS || step(app).await?.is_none() {
            break;
        }
    }
    Ok(())
}

/// Makes some of what was written in one room known, and says whether as many rooms are remembered as can be. `None` when
/// there is nothing to do.
async fn step(app: &App) -> Result<Option<bool>> {
    let behind = app.live.behind();
    let _only_one = behind.step.lock().await;
    let Some((room, is_full)) = behind.take() else { return Ok(None) };
    let is_left = app.store.index_room(room).await;
    if !matches!(is_left, Ok(false)) {
        behind.rooms().insert(room);
    }
    is_left?;
    Ok(Some(is_full))
}
