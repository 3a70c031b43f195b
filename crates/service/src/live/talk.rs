//! What talking stands on: the hub with its seats, and the batcher that commits before anybody hears.

use std::sync::Arc;

use parlour_hub::Hub;
use parlour_model::Clock;
use parlour_store::Store;

use super::batcher::Batcher;
use crate::settings::ChatSettings;

/// Rooms, seats and messages.
pub struct Live {
    hub: Hub,
    pub(super) batcher: Arc<Batcher>,
}

impl Live {
    pub(crate) fn new(store: Store, hub: Hub, clock: Arc<dyn Clock>, settings: &ChatSettings) -> Self {
        let batcher = Arc::new(Batcher::new(store, hub.clone(), clock, settings.queue));
        Self { hub, batcher }
    }

    /// The hub: seats, presence and delivery on this node.
    pub const fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Resolves when every message that was taken is committed and answered.
    pub async fn flushed(&self) {
        self.batcher.flushed().await;
    }
}
