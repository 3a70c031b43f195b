//! The lease of this node in the store, and those of others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use parlour_hub::{BoxFuture, HistoryError, Leases, NodeId};
use parlour_model::Clock;
use parlour_store::{NewNode, NodeRow, Store};
use tokio::time::Instant;

/// A lease that nobody has held for so long is taken away by whoever sees it.
const ABANDONED: Duration = Duration::from_mins(1);

/// The store's leases.
pub(super) struct StoredLeases {
    store: Store,
    clock: Arc<dyn Clock>,
    own: NewNode,
    /// Each beat of others, and since when it has stood so.
    seen: Mutex<HashMap<i64, (i64, Instant)>>,
}

impl StoredLeases {
    pub(super) fn new(store: Store, clock: Arc<dyn Clock>, own: NewNode) -> Self {
        Self { store, clock, own, seen: Mutex::default() }
    }

    async fn beat(&self) -> parlour_store::Result<Vec<NodeRow>> {
        if !self.store.beat(self.own.id, self.clock.now()).await? {
            self.store.enter_node(self.own.clone(), self.clock.now()).await?;
        }
        let rows = self.store.nodes().await?;
        for (id, beat) in self.abandoned(&rows, Instant::now()) {
            self.store.remove_dead_node(id, beat).await?;
        }
        Ok(rows)
    }

    fn abandoned(&self, rows: &[NodeRow], now: Instant) -> Vec<(i64, i64)> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|id, _| rows.iter().any(|row| row.id == *id));
        let mut abandoned = Vec::new();
        for row in rows {
            let since = seen.entry(row.id).or_insert((row.beat, now));
            if since.0 != row.beat {
                *since = (row.beat, now);
            } else if row.id != self.own.id && now.duration_since(since.1) >= ABANDONED {
                abandoned.push((row.id, row.beat));
            }
        }
        abandoned
    }
}

impl Leases for StoredLeases {
    fn beat(&self, _: NodeId) -> BoxFuture<'_, Result<Vec<(NodeId, u64)>, HistoryError>> {
        Box::pin(async move {
            let rows = self.beat().await.map_err(|error| {
                tracing::debug!(%error, "the leases cannot be read");
                HistoryError
            })?;
            Ok(rows.iter().map(|row| (NodeId(row.id.cast_unsigned()), row.beat.cast_unsigned())).collect())
        })
    }

    fn leave(&self, _: NodeId) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Err(error) = self.store.leave_node(self.own.id).await {
                // The others find out all the same, a little later.
                tracing::debug!(%error, "the lease cannot be given back");
            }
        })
    }
}
