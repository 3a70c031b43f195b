//! Every path answers with and without a slash at its end.

use axum::Router;
use axum::routing::MethodRouter;

use super::Native;
use crate::desk::Desk;
use crate::refusal::wrong_method;

/// A router of this contract in the making.
pub(super) trait Slashes {
    /// Serves a path with and without a slash at its end; what it has no method for is refused in this contract's words.
    fn both(self, path: &str, methods: MethodRouter<Desk>) -> Self;
}

impl Slashes for Router<Desk> {
    fn both(self, path: &str, methods: MethodRouter<Desk>) -> Self {
        let methods = methods.fallback(wrong_method::<Native>);
        self.route(path, methods.clone()).route(&format!("{path}/"), methods)
    }
}
