//! Routes with their descriptions: what is registered is described, and nothing else is.
//!
//! A handler says under `#[utoipa::path]` what it takes and answers; `routes!` registers both. What all routes of a
//! contract have in common (tags, credentials, refusals) is put in by [`document`], to which `lib.rs` hands what the
//! contracts say of themselves when somebody asks. Nothing here knows a contract.

mod area;
mod document;
mod filling;
mod heads;
mod reach;
pub(crate) mod sockets;
mod texts;

use axum::routing::MethodRouter;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
pub(crate) use utoipa_axum::routes;

pub(crate) use document::document;

use crate::desk::Desk;
use crate::refusal::{Words, wrong_method};

/// Routes of a contract or an area of it, begun with `Routes::default()`.
pub(crate) type Routes = OpenApiRouter<Desk>;

/// How routes are collected.
pub(crate) trait Serve {
    /// Registers the handlers of one path, with and without a slash at its end; described is the path that they name.
    /// Other methods are refused in the words of `W`.
    #[must_use]
    fn serve<W: Words>(self, routes: UtoipaMethodRouter<Desk>) -> Self;

    /// Registers another spelling of a path that is described.
    #[must_use]
    fn also(self, path: &str, methods: MethodRouter<Desk>) -> Self;

    /// Both. Two schemas of one name are a mistake, since one would hide the other.
    #[must_use]
    fn and(self, others: Self) -> Self;
}

impl Serve for Routes {
    fn serve<W: Words>(self, (schemas, paths, methods): UtoipaMethodRouter<Desk>) -> Self {
        let methods = methods.fallback(wrong_method::<W>);
        let spellings: Vec<String> = paths.paths.keys().map(|path| other_spelling(path)).collect();
        let routes = self.routes((schemas, paths, methods.clone()));
        spellings.into_iter().fold(routes, |routes, path| routes.also(&path, methods.clone()))
    }

    fn also(self, path: &str, methods: MethodRouter<Desk>) -> Self {
        self.route(path, methods)
    }

    fn and(self, others: Self) -> Self {
        debug_assert!(agree(self.get_openapi(), others.get_openapi()), "two schemas have the same name");
        self.merge(others)
    }
}

/// The path with a slash at its end, or without the one that it has.
fn other_spelling(path: &str) -> String {
    path.strip_suffix('/').map_or_else(|| format!("{path}/"), str::to_owned)
}

fn agree(ours: &OpenApi, others: &OpenApi) -> bool {
    let (Some(ours), Some(others)) = (&ours.components, &others.components) else { return true };
    ours.schemas.iter().all(|(name, schema)| others.schemas.get(name).is_none_or(|other| other == schema))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_two_spellings() {
        assert_eq!(other_spelling("/api/v2/me"), "/api/v2/me/");
        assert_eq!(other_spelling("/api/users/me/"), "/api/users/me");
    }
}
