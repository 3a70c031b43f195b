//! The document: OpenAPI 3.1 of everything that is served, made of what the contracts hand over.

use parlour_model::Contract;
use serde_json::{Map, Value, json};

use super::{Routes, filling, heads, reach, texts};
use crate::asset::Asset;
use crate::shape::Shape;

/// The document as it is sent: what the handlers say of themselves, and what holds for all of a contract. `problems` are
/// the refusals of `native`, explained.
pub(crate) fn document(routes: Routes, shapes: &[(Contract, Shape)], problems: &Value) -> Asset {
    let mut document = serde_json::to_value(routes.into_openapi()).unwrap_or_default();
    if let Some(paths) = document["paths"].as_object_mut() {
        filling::fill(paths, shapes);
    }
    add_schemas(&mut document, shapes);
    reach::tidy(&mut document);
    heads::put_on_pages(&mut document);
    document["openapi"] = json!("3.1.0");
    document["info"] = texts::info();
    document["servers"] = json!([{"url": "/", "description": "This server."}]);
    document["x-problems"] = problems.clone();
    document["tags"] = texts::tags();
    document["components"]["headers"] = heads::components();
    document["components"]["securitySchemes"] = texts::security_schemes();
    Asset::new("application/json", document.to_string().into_bytes())
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
