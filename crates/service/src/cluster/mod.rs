//! One of several servers on one database: its number, what it hears the others by, and its lease.

mod doorbell;
mod leases;

use std::sync::Arc;

use parlour_hub::{Carrier, Nats, NodeId, Others};
use parlour_model::Clock;
use parlour_store::{NewNode, Store};

use crate::secret::Chance;
use crate::settings::ClusterSettings;
use crate::{Error, Result};
use doorbell::ByStore;
use leases::StoredLeases;

/// What the hub needs of other nodes.
///
/// # Errors
/// What is set of NATS cannot be read.
pub(crate) fn others(
    store: &Store,
    settings: &ClusterSettings,
    clock: Arc<dyn Clock>,
    chance: &dyn Chance,
) -> Result<Others> {
    let mut drawn = [0; 8];
    chance.fill(&mut drawn)?;
    let node = NodeId(u64::from_le_bytes(drawn));
    let carrier: Arc<dyn Carrier> = match &settings.nats {
        Some(nats) => Arc::new(Nats::new(nats.clone()).map_err(Error::internal)?),
        None => Arc::new(ByStore::new(store, &settings.channel)),
    };
    let new = NewNode {
        id: i64::from_le_bytes(drawn),
        name: node.to_string(),
        address: settings.address.clone(),
        version: settings.version.to_owned(),
    };
    Ok(Others { node, carrier, leases: Arc::new(StoredLeases::new(store.clone(), clock, new)) })
}
