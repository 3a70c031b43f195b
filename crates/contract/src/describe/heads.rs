//! The headers of answers, described once and referred to.

use parlour_model::Contract;
use serde_json::{Map, Value, json};

/// What a header of ours means.
pub(super) fn components() -> Value {
    json!({
        "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
        "ETag": {"description": "To be sent as `If-None-Match` the next time.", "schema": {"type": "string"}},
        "Link": {
            "description": "Where there is more: `<…>; rel=\"next\"`, the same list after `next`.",
            "schema": {"type": "string"}
        },
        "RateLimit": {
            "description": "To somebody who is logged in: `\"api\";r=<left>;t=<seconds until full>`.",
            "schema": {"type": "string", "examples": ["\"api\";r=119;t=1"]}
        },
        "RateLimit-Policy": {
            "description": "To somebody who is logged in: `\"api\";q=<burst>;w=60`.",
            "schema": {"type": "string", "examples": ["\"api\";q=120;w=60"]}
        }
    })
}

/// Says which of them the answers of an operation have.
pub(super) fn put_on(operation: &mut Value, contract: Option<Contract>) {
    let is_kept = operation["responses"]["304"].is_object();
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for (status, response) in responses {
        let is_good = status.starts_with('2');
        if matches!(status.as_str(), "429" | "503") {
            put(response, "Retry-After");
        }
        if is_kept && (is_good || status == "304") {
            put(response, "ETag");
        }
        if (is_good || status == "101") && contract == Some(Contract::Native) {
            put(response, "RateLimit");
            put(response, "RateLimit-Policy");
        }
    }
}

/// Says of lists that are paged where the rest is told to be: those that have a `next`.
pub(super) fn put_on_pages(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let operations = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in operations.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let named = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        let schema = named.map_or(schema, |name| &schemas[name]);
        if schema["properties"]["next"].is_object() {
            put(&mut operation["responses"]["200"], "Link");
        }
    }
}

fn put(response: &mut Value, name: &str) {
    if response["headers"][name].is_null() {
        response["headers"][name] = json!({"$ref": format!("#/components/headers/{name}")});
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_to_keep_an_answer_is_told_its_tag() {
        let mut operation = json!({"responses": {"200": {}, "304": {}, "404": {}, "503": {}}});
        put_on(&mut operation, None);
        let names = |status: &str| -> Vec<String> {
            operation["responses"][status]["headers"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name.clone())
                .collect()
        };
        assert_eq!((names("200"), names("304")), (vec!["ETag".to_owned()], vec!["ETag".to_owned()]));
        assert_eq!((names("404"), names("503")), (vec![], vec!["Retry-After".to_owned()]));
    }
}
