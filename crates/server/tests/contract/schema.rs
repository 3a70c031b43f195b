//! The part of JSON Schema that the server's description uses (2020-12); formats are for readers.
//!
//! It is stricter than the standard in one point: a field that a schema with `properties` does not name is a fault,
//! because an answer that says more than its description does is not described.

use serde_json::{Map, Value};

/// The keywords that are understood. Another one in the description fails the test that looks for it.
pub(crate) const KEYWORDS: [&str; 21] = [
    "$ref",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "propertyNames",
    "items",
    "oneOf",
    "anyOf",
    "allOf",
    "enum",
    "const",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "format",
    "description",
    "title",
    "examples",
    "default",
];

/// Whether `value` satisfies `schema`, whose references lead into `document`.
///
/// # Errors
/// Where it does not, and why.
pub(crate) fn check(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    Checker { document }.check(schema, value, true)
}

struct Checker<'a> {
    document: &'a Value,
}

impl Checker<'_> {
    /// `whole` says whether `schema` is to name all fields, or stands with others in an `allOf`.
    fn check(&self, schema: &Value, value: &Value, whole: bool) -> Result<(), String> {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = reference.strip_prefix('#').and_then(|pointer| self.document.pointer(pointer));
            let target = target.ok_or_else(|| format!("{reference} leads nowhere"))?;
            self.check(target, value, whole)?;
        }
        is_of_type(&schema["type"], value)?;
        is_among(schema, value)?;
        is_within(schema, value)?;
        if let Some(all) = schema["allOf"].as_array() {
            all.iter().try_for_each(|one| self.check(one, value, false))?;
        }
        if let Some(one_of) = schema["oneOf"].as_array() {
            self.fits(one_of, value, whole, |count| count == 1)?;
        }
        if let Some(any_of) = schema["anyOf"].as_array() {
            self.fits(any_of, value, whole, |count| count > 0)?;
        }
        match value {
            Value::Object(fields) => self.object(schema, fields, whole && schema["allOf"].is_null()),
            Value::Array(items) => self.array(&schema["items"], items),
            _ => Ok(()),
        }
    }

    fn fits(&self, choices: &[Value], value: &Value, whole: bool, enough: fn(usize) -> bool) -> Result<(), String> {
        let judged: Vec<_> = choices.iter().map(|one| self.check(one, value, whole)).collect();
        let fitting = judged.iter().filter(|one| one.is_ok()).count();
        if enough(fitting) {
            return Ok(());
        }
        let why: Vec<&str> = judged.iter().filter_map(|one| one.as_ref().err()).map(String::as_str).collect();
        Err(format!("{fitting} of {} fit ({})", choices.len(), why.join("; ")))
    }

    fn object(&self, schema: &Value, fields: &Map<String, Value>, whole: bool) -> Result<(), String> {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                return Err(format!("{name} is missing"));
            }
        }
        for (name, value) in fields {
            let inside = |what| format!("{name}: {what}");
            let others = &schema["additionalProperties"];
            match (schema["properties"].get(name), others) {
                (Some(property), _) => self.check(property, value, true).map_err(inside)?,
                (None, Value::Object(_)) => self.check(others, value, true).map_err(inside)?,
                (None, Value::Bool(true)) => {}
                (None, Value::Bool(false)) => return Err(format!("{name} is not described")),
                (None, _) if whole && schema["properties"].is_object() => {
                    return Err(format!("{name} is not described"));
                }
                (None, _) => {}
            }
        }
        Ok(())
    }

    fn array(&self, schema: &Value, items: &[Value]) -> Result<(), String> {
        let mut numbered = items.iter().enumerate();
        numbered.try_for_each(|(at, item)| self.check(schema, item, true).map_err(|what| format!("[{at}]: {what}")))
    }
}

fn is_of_type(wanted: &Value, value: &Value) -> Result<(), String> {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    let fits = match wanted {
        Value::Null => true,
        Value::String(name) => is(name),
        names => names.as_array().into_iter().flatten().filter_map(Value::as_str).any(is),
    };
    fits.then_some(()).ok_or_else(|| format!("{value} is no {wanted}"))
}

fn is_among(schema: &Value, value: &Value) -> Result<(), String> {
    let listed = schema["enum"].as_array().is_none_or(|all| all.contains(value));
    let same = schema.get("const").is_none_or(|only| only == value);
    (listed && same).then_some(()).ok_or_else(|| format!("{value} is not among those that there are"))
}

fn is_within(schema: &Value, value: &Value) -> Result<(), String> {
    let at_least = |least: &Value, number: f64| least.as_f64().is_none_or(|least| number >= least);
    let at_most = |most: &Value, number: f64| most.as_f64().is_none_or(|most| number <= most);
    let number = value.as_f64().is_none_or(|it| at_least(&schema["minimum"], it) && at_most(&schema["maximum"], it));
    let length = value.as_str().map_or(0, |text| text.chars().count());
    let least = schema["minLength"].as_u64().is_none_or(|least| !value.is_string() || length as u64 >= least);
    let most = schema["maxLength"].as_u64().is_none_or(|most| length as u64 <= most);
    (number && least && most).then_some(()).ok_or_else(|| format!("{value} is out of bounds"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fits(schema: &Value, value: &Value) -> bool {
        let document = json!({"components": {"schemas": {"Name": {"type": "string", "maxLength": 3}}}});
        check(&document, schema, value).is_ok()
    }

    #[test]
    fn values_are_held_against_schemas() {
        let name = json!({"$ref": "#/components/schemas/Name"});
        let person = json!({
            "type": "object", "required": ["name"],
            "properties": {"name": name, "age": {"type": ["integer", "null"], "minimum": 0}}
        });
        let pets = json!({"oneOf": [{"type": "null"}, {"type": "array", "items": name}]});
        let flattened = json!({"allOf": [person, {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "dog"}}}]});
        for (schema, value) in [
            (&person, json!({"name": "ada"})),
            (&person, json!({"name": "ada", "age": null})),
            (&pets, json!(null)),
            (&pets, json!(["rex"])),
            (&flattened, json!({"name": "rex", "kind": "dog"})),
            (&json!({"additionalProperties": name}), json!({"any": "rex"})),
        ] {
            assert!(fits(schema, &value), "{value}");
        }
        for (schema, value) in [
            (&person, json!({})),
            (&person, json!("ada")),
            (&person, json!({"name": "grace"})),
            (&person, json!({"name": "ada", "age": -1})),
            (&person, json!({"name": "ada", "secret": "told"})),
            (&pets, json!([1])),
            (&flattened, json!({"name": "rex", "kind": "cat"})),
            (&json!({"additionalProperties": name}), json!({"any": "rexes"})),
            (&json!({"$ref": "#/components/schemas/Nobody"}), json!(1)),
            (&json!({"enum": ["a", "b"]}), json!("c")),
        ] {
            assert!(!fits(schema, &value), "{value}");
        }
    }
}
