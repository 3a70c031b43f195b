//! What talking stands on: the hub with its seats, and the batcher that commits before anybody hears.

use std::sync::Arc;

use parlour_hub::Hub;
use parlour_model::Clock;
use parlour_store::Store;

use super::batcher::Batcher;
use super::memory::Memory;
use crate::settings::ChatSettings;

/// Rooms, seats and messages.
pub struct Live {
    hub: Hub,
    memory: Arc<Memory>,
    pub(super) batcher: Arc<Batcher>,
}

impl Live {
    pub(crate) fn new(store: Store, hub: Hub, clock: Arc<dyn Clock>, settings: &ChatSettings) -> Self {
        let memory = Arc::new(Memory::default());
        let batcher = Arc::new(Batcher::new(store, hub.clone(), clock, memory.clone(), settings.queue));
        Self { hub, memory, batcher }
    }

    /// The hub: seats, presence and delivery on this node.
    pub const fn hub(&self) -> &Hub {
        &self.hub
    }

    /// What is remembered of who may do what in which room.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Resolves when every message that was taken is committed and answered.
    pub async fn flushed(&self) {
        self.batcher.flushed().await;
    }
}
