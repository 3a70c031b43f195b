//! What every handler has at hand.

use std::ops::Deref;
use std::sync::Arc;

use parlour_service::App;

use crate::readiness::Readiness;
use crate::settings::ContractSettings;

/// What every handler has at hand. Cheap to clone, which the router does several times a request.
#[derive(Clone)]
pub(crate) struct Desk(Arc<Things>);

/// What lies on the desk.
pub(crate) struct Things {
    /// The use cases.
    pub(crate) app: App,
    /// What the operator chose.
    pub(crate) settings: ContractSettings,
    /// Whether the server takes work.
    pub(crate) readiness: Readiness,
}

impl Desk {
    pub(crate) fn new(app: App, settings: ContractSettings, readiness: Readiness) -> Self {
        Self(Arc::new(Things { app, settings, readiness }))
    }
}

impl Deref for Desk {
    type Target = Things;

    fn deref(&self) -> &Things {
        &self.0
    }
}
