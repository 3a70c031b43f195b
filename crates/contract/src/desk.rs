//! What every handler has at hand.

use std::ops::Deref;
use std::sync::Arc;

use parlour_service::App;

use crate::asset::Asset;
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
    /// What describes the server to programs.
    pub(crate) descriptions: Descriptions,
}

/// What describes the server to programs: made when somebody first asks for it, of everything that is served. That is
/// known only above the handlers, so it is handed to them.
pub(crate) struct Descriptions {
    /// The routes.
    pub(crate) openapi: fn() -> &'static Asset,
    /// The sockets.
    pub(crate) asyncapi: fn() -> &'static Asset,
}

impl Desk {
    pub(crate) fn new(app: App, settings: ContractSettings, readiness: Readiness, descriptions: Descriptions) -> Self {
        Self(Arc::new(Things { app, settings, readiness, descriptions }))
    }
}

impl Deref for Desk {
    type Target = Things;

    fn deref(&self) -> &Things {
        &self.0
    }
}
