//! How it is said: the public contracts, each in its own words, over the same use cases.
//!
//! [`Door`] is what every request comes to first: it finds out which contract a path belongs to and who is at
//! the other end, refuses what no contract takes, and puts the headers on that every answer has. Behind it is
//! the [`router`], the table of contents of everything served. A contract is one file: its routes, handlers in
//! route order, refusals, wire shapes. A handler parses, calls a use case and puts the answer in its envelope.
//!
//! To add a contract: a file with a `routes()` and an `impl Words`, its line in [`router`], its paths in
//! `territory`, and a folder in `contracts/` with what it promises.

pub mod settings;

mod actions;
mod cookies;
mod docs;
mod lobby;
mod native;
mod pages;
mod rooms;
mod tokens;
mod web;
mod well_known;

mod address;
mod asset;
mod body;
mod caller;
mod describe;
mod desk;
mod door;
mod etag;
mod headers;
mod lasting;
mod live;
mod origin;
mod readiness;
mod refusal;
mod reply;
mod session_cookie;
mod shape;
mod sharing;
mod territory;
mod visitor;

use std::sync::LazyLock;

use axum::Router;
use axum::middleware::from_fn_with_state;
use parlour_model::Contract;
use parlour_service::App;

pub use address::{Network, Peer};
pub use door::{Door, Served};
pub use lasting::Lasting;
pub use readiness::Readiness;
pub use settings::ContractSettings;

use asset::Asset;
use describe::{Routes, Serve, document, sockets};
use desk::{Descriptions, Desk};
use refusal::Words;

/// Everything served, by contract, with its description.
fn routes() -> Routes {
    published().and(native::routes())
}

/// Everything but our own contract.
fn published() -> Routes {
    Routes::default()
        .and(actions::routes())
        .and(rooms::routes())
        .and(tokens::routes())
        .and(cookies::routes())
        .and(lobby::routes())
        .and(pages::routes())
        .and(web::routes())
        .and(docs::routes())
        .and(well_known::routes())
}

/// The same, ready to serve. The description is left behind: it is made anew for the first who asks for it.
fn router(desk: Desk) -> Router {
    // What our own contract answers is counted first.
    let native = native::routes().route_layer(from_fn_with_state(desk.clone(), native::count));
    Router::from(published().and(native)).fallback(well_known::not_found).with_state(desk)
}

/// How each contract refuses.
fn refusals() -> [(Contract, shape::Shape); 6] {
    [
        (Contract::Actions, actions::Actions::shape()),
        (Contract::Rooms, rooms::Rooms::shape()),
        (Contract::Tokens, tokens::Tokens::shape()),
        (Contract::Cookies, cookies::Cookies::shape()),
        (Contract::Lobby, lobby::Lobby::shape()),
        (Contract::Native, native::Native::shape()),
    ]
}

static OPENAPI: LazyLock<Asset> = LazyLock::new(|| document(routes(), &refusals(), &native::kinds::described()));

static ASYNCAPI: LazyLock<Asset> =
    LazyLock::new(|| sockets::sockets(&[native::channel(), actions::channel(), rooms::channel(), lobby::channel()]));

/// OpenAPI 3.1 of every HTTP route, as JSON: what `/api/v2/openapi.json` answers with.
pub fn openapi() -> &'static [u8] {
    &OPENAPI.whole
}

/// AsyncAPI 3 of every socket, as JSON: what `/api/v2/asyncapi.json` answers with.
pub fn asyncapi() -> &'static [u8] {
    &ASYNCAPI.whole
}

/// Puts all contracts behind one door.
pub fn open(app: App, settings: ContractSettings, readiness: Readiness) -> Door {
    let descriptions = Descriptions { openapi: || &OPENAPI, asyncapi: || &ASYNCAPI };
    let desk = Desk::new(app, settings, readiness, descriptions);
    Door::new(desk.clone(), router(desk))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_to_a_place_in_the_document() {
        let document: Value = serde_json::from_slice(asyncapi()).expect("JSON");
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100, "{}", found.len());
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("a reference within the document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_request_and_every_message_of_the_live_socket_is_described() {
        let document: Value = serde_json::from_slice(asyncapi()).expect("JSON");
        let names = |direction: &str| {
            let all = document["channels"]["live"]["messages"].as_object().expect("messages").keys();
            all.filter_map(|name| name.strip_prefix(direction)).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(names("said.").len(), 12, "{:?}", names("said."));
        assert_eq!(names("told.").len(), 15, "{:?}", names("told."));
    }
}
