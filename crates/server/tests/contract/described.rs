//! Holds every answer that a test gets against the server's own description, `/api/v2/openapi.json`.
//!
//! The path and the method must be described, the status listed, the content type one that is named, and a JSON body
//! must satisfy the schema. That is what makes the description true.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::http::Response;
use crate::schema;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_slice(parlour_contract::openapi()).unwrap());

/// The description.
pub(crate) fn document() -> &'static Value {
    &DOCUMENT
}

/// Fails the test when this is no answer that the description has for such a request.
///
/// # Panics
/// Then, with what is wrong.
pub(crate) fn check(method: &str, target: &str, response: &Response) {
    if let Err(what) = judge(method, target, response) {
        panic!("{what}: {method} {target} was answered with {response:?}");
    }
}

fn judge(method: &str, target: &str, response: &Response) -> Result<(), String> {
    if is_from_below(response) {
        return Ok(());
    }
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let Some(item) = item(path) else { return nowhere(response) };
    let method = method.to_lowercase();
    let operation = match (item.get(&method), item.get("get")) {
        (Some(operation), _) => operation,
        (None, Some(get)) if method == "head" => get,
        _ => return wrong_method(item, response),
    };
    let described = &operation["responses"][response.status.to_string()];
    if described.is_null() {
        return Err(format!("status {} is not described", response.status));
    }
    headers(described, response)?;
    if method == "head" { Ok(()) } else { body(described, response) }
}

/// What a client is to do something with.
const TELLING: [&str; 9] = [
    "set-cookie",
    "etag",
    "retry-after",
    "link",
    "location",
    "content-disposition",
    "ratelimit",
    "ratelimit-policy",
    "last-modified",
];

fn headers(described: &Value, response: &Response) -> Result<(), String> {
    let names = described["headers"].as_object().into_iter().flatten().map(|(name, _)| name.to_lowercase());
    let known: Vec<String> = names.collect();
    // What is left is told with refusals, too, and described where all went well.
    let asked = |name: &&str| response.status < 400 && response.status != 304 || !name.starts_with("ratelimit");
    let told = TELLING.into_iter().filter(|name| response.header(name).is_some()).filter(asked);
    match told.into_iter().find(|name| !known.iter().any(|one| one == name)) {
        Some(name) => Err(format!("the header {name} is not described")),
        None => Ok(()),
    }
}

/// What hyper answers by itself, before any contract has seen the request: an empty body and no policy of ours.
fn is_from_below(response: &Response) -> bool {
    response.status >= 400 && response.body.is_empty() && response.header("content-security-policy").is_none()
}

/// The most exact path that fits: `/sessions/current` before `/sessions/{id}`.
fn item(path: &str) -> Option<&'static Map<String, Value>> {
    let paths = document()["paths"].as_object().unwrap().iter();
    let fitting = paths.filter(|(template, _)| fits(template, path));
    let best = fitting.min_by_key(|(template, _)| template.matches('{').count());
    best.map(|(_, item)| item.as_object().unwrap())
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path) = (parts(template), parts(path));
    template.len() == path.len()
        && template.iter().zip(path).all(|(wanted, given)| wanted.starts_with('{') || *wanted == given)
}

/// The parts of a path; a slash at its end makes no difference.
fn parts(path: &str) -> Vec<&str> {
    path.strip_suffix('/').unwrap_or(path).split('/').collect()
}

/// A path that is not described may only be refused.
fn nowhere(response: &Response) -> Result<(), String> {
    match response.status {
        401 | 403 | 404 => Ok(()),
        _ => Err("the path is not described".to_owned()),
    }
}

/// A method that is not described may only be refused, in the words of its neighbours.
fn wrong_method(item: &Map<String, Value>, response: &Response) -> Result<(), String> {
    if !matches!(response.status, 401 | 403 | 405) {
        return Err("the method is not described".to_owned());
    }
    let refusals = item.values().map(|operation| &operation["responses"]["500"]);
    refusals
        .filter(|refusal| refusal["content"]["application/json"].is_object())
        .try_for_each(|one| body(one, response))
}

fn body(described: &Value, response: &Response) -> Result<(), String> {
    let content = described["content"].as_object();
    let essence = response.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
    let Some(content) = content else {
        let none = response.body.is_empty();
        return none.then_some(()).ok_or_else(|| "that there is a body is not described".to_owned());
    };
    let Some(described) = content.get(essence) else {
        return Err(format!("the type {essence:?} is not described"));
    };
    if !(essence == "application/json" || essence.ends_with("+json")) {
        return Ok(());
    }
    let value: Value = serde_json::from_slice(&response.body).map_err(|error| format!("no JSON ({error})"))?;
    schema::check(document(), &described["schema"], &value)
        .map_err(|what| format!("the body is not as described: {what}"))
}
