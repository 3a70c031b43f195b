//! Following the logs with the search: what was written becomes known to it a moment later, so that writing waits for
//! nothing.

use std::time::Duration;

use tokio::time::Instant;

use crate::Result;
use crate::app::App;

/// How often it is looked whether something is to be done; while people write, one step is done each time.
const EVERY: Duration = Duration::from_millis(250);

/// How often it is looked what a node has left undone that died.
const OTHERS: Duration = Duration::from_mins(1);

/// The most steps that a search does itself, so that whoever searches finds what was said a moment ago.
const STEPS_OF_A_SEARCH: usize = 4;

/// Follows until the application stops, from where it was left.
pub(crate) async fn follow(app: App) {
    let mut asks_all = true;
    let mut asked = Instant::now();
    loop {
        tokio::select! {
            () = app.stopping() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if app.store.is_shared() && asked.elapsed() >= OTHERS {
            asks_all = true;
        }
        if asks_all {
            asked = Instant::now();
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
        behind.note_all(all);
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
        if app.live.behind().is_full() || step(app).await?.is_none() {
            break;
        }
    }
    Ok(())
}

/// Makes some of what was written in one room known, and says whether as many rooms are remembered as can be. `None` when
/// there is nothing to do.
async fn step(app: &App) -> Result<Option<bool>> {
    let behind = app.live.behind();
    let _only_one = behind.turn().await;
    let Some((room, is_full)) = behind.take() else { return Ok(None) };
    let is_left = app.store.index_room(room).await;
    if !matches!(is_left, Ok(false)) {
        behind.put_back(room);
    }
    is_left?;
    Ok(Some(is_full))
}
