//! What every handler has at hand.

use std::sync::Arc;

use parlour_service::App;

use crate::readiness::Readiness;
use crate::settings::ContractSettings;

/// What every handler has at hand. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Desk {
    /// The use cases.
    pub(crate) app: App,
    /// What the operator chose.
    pub(crate) settings: Arc<ContractSettings>,
    /// Whether the server takes work.
    pub(crate) readiness: Readiness,
}
