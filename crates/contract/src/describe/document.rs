//! The document: OpenAPI 3.1 of everything that is served, made when somebody first asks for it.

use std::sync::LazyLock;

use parlour_model::Contract;
use serde_json::{Map, Value, json};

use super::{Shape, filling, heads, reach, texts};
use crate::actions::Actions;
use crate::asset::Asset;
use crate::cookies::Cookies;
use crate::lobby::Lobby;
use crate::native::{self, Native};
use crate::refusal::Words;
use crate::rooms::Rooms;
use crate::tokens::Tokens;

static DOCUMENT: LazyLock<Asset> = LazyLock::new(|| Asset::new("application/json", made().to_string().into_bytes()));

/// The document as it is sent.
pub(crate) fn document() -> &'static Asset {
    &DOCUMENT
}

/// What the handlers say of themselves, and what holds for all of a contract.
fn made() -> Value {
    let described = crate::routes().into_openapi();
    let mut document = serde_json::to_value(described).unwrap_or_default();
    let shapes = shapes();
    if let Some(paths) = document["paths"].as_object_mut() {
        filling::fill(paths, &shapes);
    }
    add_schemas(&mut document, &shapes);
    reach::tidy(&mut document);
    heads::put_on_pages(&mut document);
    document["openapi"] = json!("3.1.0");
    document["info"] = texts::info();
    document["servers"] = json!([{"url": "/", "description": "This server."}]);
    document["x-problems"] = native::kinds::described();
    document["tags"] = texts::tags();
    document["components"]["headers"] = heads::components();
    document["components"]["securitySchemes"] = texts::security_schemes();
    document
}

/// How each contract refuses.
fn shapes() -> Vec<(Contract, Shape)> {
    vec![
        (Contract::Actions, Actions::shape()),
        (Contract::Rooms, Rooms::shape()),
        (Contract::Tokens, Tokens::shape()),
        (Contract::Cookies, Cookies::shape()),
        (Contract::Lobby, Lobby::shape()),
        (Contract::Native, Native::shape()),
    ]
}

fn add_schemas(document: &mut Value, shapes: &[(Contract, Shape)]) {
    let mut schemas: Map<String, Value> = shapes
        .iter()
        .flat_map(|(_, shape)| &shape.schemas)
        .map(|(name, schema)| (name.clone(), serde_json::to_value(schema).unwrap_or_default()))
        .collect();
    if let Some(known) = document["components"]["schemas"].as_object_mut() {
        schemas.append(known);
    }
    document["components"]["schemas"] = Value::Object(schemas);
}
