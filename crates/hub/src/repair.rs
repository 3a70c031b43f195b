//! Filling holes in a room's log from the history.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::history::History;
use crate::room::Room;

/// How long to wait before asking a history again that was away.
pub(crate) const RETRY: Duration = Duration::from_millis(250);
/// How many events are read at once.
pub(crate) const PAGE: i64 = 256;

/// Fills the hole in a room's log from the history, for as long as there is one and the room is active.
pub(crate) async fn repair(history: Arc<dyn History>, reads: Arc<Semaphore>, room: Weak<Room>) {
    loop {
        let hole = room.upgrade().and_then(|room| room.hole());
        let Some((log, after)) = hole else {
            return;
        };
        let page = {
            // All rooms may have one at once, as after a time without the bus.
            let _permit = reads.acquire().await;
            history.after(log.id, after, PAGE).await.unwrap_or_default()
        };
        if page.is_empty() {
            sleep(RETRY).await;
        } else if let Some(room) = room.upgrade() {
            // While this task is the room's repair, no second one is asked for.
            let _ = room.take(log, page);
        }
    }
}
