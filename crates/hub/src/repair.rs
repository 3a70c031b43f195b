//! Filling holes in a room's log from the history, and looking how far it goes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parlour_model::{RoomName, Seq};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::history::History;
use crate::room::Room;

/// How long to wait before asking a history again that was away, or that has not what it should have; and how long at
/// most, when it says the same again and again.
pub(crate) const RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(8);
/// How many events are read at once.
pub(crate) const PAGE: i64 = 256;

/// What reads of one room what nobody told of.
#[derive(Clone)]
pub(crate) struct Repairer {
    pub(crate) history: Arc<dyn History>,
    /// All rooms may have something to read at once, as after a time without the bus.
    pub(crate) reads: Arc<Semaphore>,
    pub(crate) repaired: Arc<AtomicU64>,
    pub(crate) name: RoomName,
    pub(crate) room: Weak<Room>,
}

impl Repairer {
    /// Fills the hole in the room's log, for as long as there is one and the room is active.
    pub(crate) async fn repair(self) {
        self.repaired.fetch_add(1, Ordering::Relaxed);
        let (mut stood, mut pause): (Option<Seq>, _) = (None, RETRY);
        loop {
            let hole = self.room.upgrade().and_then(|room| room.hole());
            let Some((log, after)) = hole else {
                return;
            };
            if stood.replace(after) == Some(after) {
                // The history has not what it says it has, or is away.
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_RETRY);
            } else {
                pause = RETRY;
            }
            let page = {
                let _permit = self.reads.acquire().await;
                self.history.after(log.id, after, PAGE).await
            };
            match (page, self.room.upgrade()) {
                // While this task is the room's repair, no second one is asked for.
                (Ok(page), Some(room)) => drop(room.take(log, page)),
                (Ok(_), None) => return,
                (Err(_away), _) => pause = RETRY,
            }
        }
    }

    /// Looks at the head, and again if that was wanted meanwhile. When the history is away, whoever compares all heads
    /// comes to it.
    pub(crate) async fn look(self) {
        loop {
            let Some(wanted) = self.room.upgrade().map(|room| room.looks_wanted.load(Ordering::Acquire)) else {
                return;
            };
            let head = {
                let _permit = self.reads.acquire().await;
                self.history.head(&self.name).await
            };
            let Some(room) = self.room.upgrade() else { return };
            let has_hole = head.ok().flatten().is_some_and(|head| {
                room.entitle(&head.name);
                room.learn(&head)
            });
            let is_done = room.looks_wanted.fetch_sub(wanted, Ordering::AcqRel) == wanted;
            if has_hole {
                tokio::spawn(self.clone().repair());
            }
            if is_done {
                return;
            }
        }
    }
}
