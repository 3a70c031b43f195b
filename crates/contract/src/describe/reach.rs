//! What the operations reach: schemas that nobody refers to are left out, and answers of `native` lack no field.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

const SCHEMAS: &str = "#/components/schemas/";

/// Leaves out what no operation refers to, and says of answers of `native` that their fields are never missing.
pub(super) fn tidy(document: &mut Value) {
    let Some(Value::Object(mut schemas)) = document["components"].get_mut("schemas").map(Value::take) else { return };
    let (mut all, mut asked, mut answered) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        collect(methods, &schemas, &mut all);
        for operation in methods.as_object().into_iter().flat_map(Map::values) {
            collect(&operation["requestBody"], &schemas, &mut asked);
            if path.starts_with("/api/v2/") {
                collect(&operation["responses"], &schemas, &mut answered);
            }
        }
    }
    schemas.retain(|name, _| all.contains(name));
    for name in answered.difference(&asked) {
        schemas.get_mut(name).into_iter().for_each(never_missing);
    }
    document["components"]["schemas"] = Value::Object(schemas);
}

/// The names of the schemas that `value` refers to, and those that they refer to.
fn collect(value: &Value, schemas: &Map<String, Value>, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                match value.as_str().and_then(|text| text.strip_prefix(SCHEMAS)) {
                    Some(name) if field == "$ref" => {
                        if names.insert(name.to_owned()) {
                            schemas.get(name).into_iter().for_each(|schema| collect(schema, schemas, names));
                        }
                    }
                    _ => collect(value, schemas, names),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, schemas, names)),
        _ => {}
    }
}

/// A field that has no value is `null` and never missing: what may be `null` is required, at any depth.
fn never_missing(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let nullable: BTreeSet<String> = properties(fields).filter(|(_, of)| may_be_null(of)).map(first).collect();
            if !nullable.is_empty() {
                let known = fields.get("required").and_then(Value::as_array).into_iter().flatten();
                let known = known.filter_map(Value::as_str).map(str::to_owned);
                let required: BTreeSet<String> = known.chain(nullable).collect();
                fields.insert("required".to_owned(), json!(required));
            }
            fields.values_mut().for_each(never_missing);
        }
        Value::Array(items) => items.iter_mut().for_each(never_missing),
        _ => {}
    }
}

fn properties(schema: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn first((name, _): (&String, &Value)) -> String {
    name.clone()
}

fn may_be_null(schema: &Value) -> bool {
    let null = json!("null");
    let one_is = |of: &Value| of.as_array().is_some_and(|all| all.iter().any(|one| one["type"] == null));
    schema["type"].as_array().is_some_and(|types| types.contains(&null)) || one_is(&schema["oneOf"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_refers_to_is_left_out() {
        let answer = json!({"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Me"}}}});
        let mut document = json!({
            "paths": {"/api/v2/me": {"get": {"responses": {"200": answer}}}},
            "components": {"schemas": {
                "Me": {"properties": {"email": {"type": ["string", "null"]}, "avatar": {"$ref": "#/components/schemas/Avatar"}}},
                "Avatar": {"type": "string"},
                "Nobody": {"type": "string"}
            }}
        });
        tidy(&mut document);
        let schemas = &document["components"]["schemas"];
        assert!(schemas["Avatar"].is_object() && schemas["Nobody"].is_null());
        assert_eq!(schemas["Me"]["required"], json!(["email"]));
    }
}
