//! What talking stands on: the hub with its seats, and the batcher that commits before anybody hears.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use parlour_hub::Hub;
use parlour_model::{Clock, Timestamp};
use parlour_store::Store;

use super::batcher::{Batcher, Seen};
use super::behind::Behind;
use super::doubts::Doubts;
use super::memory::Memory;
use crate::Result;
use crate::settings::ChatSettings;

/// Until when a count of all accounts is good enough.
const COUNT_AGAIN: Duration = Duration::from_mins(1);

/// Rooms, seats and messages.
pub struct Live {
    hub: Hub,
    memory: Arc<Memory>,
    behind: Arc<Behind>,
    doubts: Doubts,
    comparisons: Doubts,
    /// How many accounts there were when they were last counted.
    counted: Mutex<Option<(i64, Timestamp)>>,
    pub(super) batcher: Arc<Batcher>,
}

impl Live {
    pub(crate) fn new(store: Store, hub: Hub, clock: Arc<dyn Clock>, settings: &ChatSettings) -> Self {
        let memory = Arc::new(Memory::default());
        let behind = Arc::new(Behind::default());
        let seen = Seen { memory: memory.clone(), behind: behind.clone() };
        let batcher = Arc::new(Batcher::new(store, hub.clone(), clock, seen, settings.queue));
        Self {
            hub,
            memory,
            behind,
            doubts: Doubts::default(),
            comparisons: Doubts::default(),
            counted: Mutex::default(),
            batcher,
        }
    }

    /// The hub: seats, presence and delivery on this node.
    pub const fn hub(&self) -> &Hub {
        &self.hub
    }

    /// What is remembered of who may do what in which room.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Where this node is to look anew at who may stay.
    pub(crate) fn doubts(&self) -> &Doubts {
        &self.doubts
    }

    /// Which rooms are to be compared with the log. They wait apart, so that who may stay is not looked at after all of them.
    pub(crate) fn comparisons(&self) -> &Doubts {
        &self.comparisons
    }

    /// Where the search is behind.
    pub(crate) fn behind(&self) -> &Behind {
        &self.behind
    }

    /// How many accounts there are, or were a moment ago: counting walks over all of them.
    pub(crate) async fn population(&self, store: &Store, now: Timestamp) -> Result<i64> {
        let counted = *self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((count, at)) = counted
            && now.since(at) < COUNT_AGAIN
        {
            return Ok(count);
        }
        let count = store.count_accounts().await?;
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = Some((count, now));
        Ok(count)
    }

    /// Resolves when every message that was taken is committed and answered.
    pub async fn flushed(&self) {
        self.batcher.flushed().await;
    }
}
