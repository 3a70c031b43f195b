//! What holds for every route of a contract, put into the description of each.

use std::collections::BTreeSet;

use parlour_model::Contract;
use serde_json::{Map, Value, json};

use super::area::area_of;
use super::heads;
use crate::shape::Shape;
use crate::territory::contract_of;

/// Puts in what the handlers leave unsaid: tags, ids, credentials, refusals.
pub(super) fn fill(paths: &mut Map<String, Value>, shapes: &[(Contract, Shape)]) {
    let mut ids = BTreeSet::new();
    for (path, methods) in paths {
        let contract = contract_of(path);
        let shape = shapes.iter().find(|(of, _)| Some(*of) == contract).map(|(_, shape)| shape);
        for (method, operation) in methods.as_object_mut().into_iter().flatten() {
            let route = Route { path, method, contract };
            route.name(operation, &mut ids);
            route.secure(operation);
            if let Some(shape) = shape {
                route.refuse(operation, shape);
            }
            Route::explain(operation);
            heads::put_on(operation, contract);
        }
    }
}

/// One operation.
struct Route<'a> {
    path: &'a str,
    method: &'a str,
    contract: Option<Contract>,
}

impl Route<'_> {
    fn tag(&self) -> &'static str {
        match self.contract {
            Some(Contract::Native) => area_of(self.path),
            Some(contract) => contract.name(),
            None if matches!(self.path, "/healthz" | "/readyz" | "/.well-known/jwks.json") => "service",
            None => "pages",
        }
    }

    /// Tag and id. Handlers of two contracts may have one name, and one may serve GET and POST.
    fn name(&self, operation: &mut Value, ids: &mut BTreeSet<String>) {
        let tag = self.tag();
        let handler = operation["operationId"].as_str().unwrap_or("route");
        let id = format!("{}_{handler}", tag.replace(['-', ' ', '/'], "_"));
        let id = if ids.contains(&id) && self.method == "post" { format!("{id}_by_post") } else { id };
        operation["operationId"] = json!(id);
        shorten(operation);
        operation["tags"] = json!([tag]);
        ids.insert(id);
    }

    /// A route of `native` asks for a login unless it says otherwise.
    fn secure(&self, operation: &mut Value) {
        if self.contract == Some(Contract::Native) && operation["security"].is_null() {
            operation["security"] = json!([{"token": []}, {"cookie": []}]);
        }
        if operation["security"].is_null() {
            operation["security"] = json!([]);
        }
    }

    /// A sentence for each answer that its handler does not explain.
    fn explain(operation: &mut Value) {
        for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
            if response["description"].as_str().is_none_or(str::is_empty) {
                response["description"] = json!(why(status.parse().unwrap_or_default()));
            }
        }
    }

    fn refuse(&self, operation: &mut Value, shape: &Shape) {
        let schema = json!({"$ref": format!("#/components/schemas/{}", shape.name)});
        let statuses = self.refusals(operation, shape);
        let Some(responses) = operation["responses"].as_object_mut() else { return };
        for status in statuses {
            let described = responses.entry(status.to_string()).or_insert_with(|| json!({}));
            if status >= 400 && described["content"].is_null() {
                described["content"] = json!({shape.content_type: {"schema": schema}});
            }
        }
        let named = responses.iter_mut().filter(|(status, _)| status.starts_with(['4', '5']));
        for (_, refusal) in named.filter(|(_, refusal)| refusal["content"].is_null()) {
            refusal["content"] = json!({shape.content_type: {"schema": schema}});
        }
    }

    /// What this route may refuse with, as far as that follows from what it is.
    fn refusals(&self, operation: &Value, shape: &Shape) -> BTreeSet<u16> {
        let mut statuses = BTreeSet::from([429, 500, 503]);
        if operation["requestBody"].is_object() {
            statuses.extend(shape.of_bodies);
        }
        // A credential that is bad is an error on the routes of `native` that need none, too.
        let is_native = self.contract == Some(Contract::Native);
        if is_native
            || operation["security"].as_array().is_some_and(|schemes| schemes.iter().any(|scheme| scheme != &json!({})))
        {
            statuses.insert(401);
        }
        if is_native && operation["parameters"].is_array() {
            statuses.insert(400);
        }
        if is_native && self.path.contains('{') {
            statuses.insert(404);
        }
        let takes_cookies = matches!(self.contract, Some(Contract::Native | Contract::Cookies));
        if takes_cookies && self.method != "get" {
            statuses.insert(403);
        }
        statuses
    }
}

/// The summary is one sentence, without its full stop; what its handler's comment says further is the description.
fn shorten(operation: &mut Value) {
    let text = operation["summary"].as_str().unwrap_or_default().replace('\n', " ");
    let (first, further) = text.split_once(". ").unwrap_or((&text, ""));
    if !further.is_empty() {
        let more = operation["description"].as_str().map_or_else(String::new, |more| format!("\n\n{more}"));
        operation["description"] = json!(format!("{further}{more}"));
    }
    operation["summary"] = json!(first.trim_end_matches('.'));
}

/// A sentence for a status that a handler does not explain.
const fn why(status: u16) -> &'static str {
    match status {
        200 => "Done.",
        201 => "Made.",
        202 => "Taken; the rest happens by itself.",
        204 => "Done. There is nothing to say.",
        304 => "As the client has it.",
        400 => "The request cannot be read.",
        401 => "No credential, or one that is not good.",
        403 => "Known, but may not; or a page of another origin used a cookie.",
        404 => "There is no such thing, or none that the caller may know of.",
        409 => "Against what is: taken by somebody else, or in conflict with another request.",
        410 => "Used up, or expired.",
        413 => "The body is over a limit.",
        415 => "The body is of another type.",
        422 => "Fields break the rules.",
        429 => "Too often, or too many at once.",
        500 => "A fault of the server.",
        503 => "The server is busy; the same request may be sent again.",
        _ => "Refused.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_one_sentence() {
        let mut operation = json!({"summary": "Logs out. The\ncookie goes.", "description": "More."});
        shorten(&mut operation);
        assert_eq!(operation, json!({"summary": "Logs out", "description": "The cookie goes.\n\nMore."}));
    }
}
