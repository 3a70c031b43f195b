//! `native`: what the server says of itself.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::described::document;
use crate::harness::Server;
use crate::schema::KEYWORDS;

const OPENAPI: &str = "/api/v2/openapi.json";

/// Every operation with its method and path.
fn operations() -> impl Iterator<Item = (String, &'static Value)> {
    let paths = document()["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

/// Proves: native.specifications.openapi
#[tokio::test]
async fn the_description_is_served_once_to_whoever_keeps_it() {
    let server = Server::start().await;
    let answer = server.get(OPENAPI).send().await.expect(200);
    assert_eq!(answer.json(), *document());
    assert!(document()["openapi"].as_str().unwrap().starts_with("3.1."));
    assert_eq!(document()["servers"][0]["url"], "/");
    let tag = answer.header("etag").unwrap();
    let again = server.get(OPENAPI).header("If-None-Match", tag).send().await.expect(304);
    assert!(again.body.is_empty());
}

/// Proves: native.specifications.every_contract
#[test]
fn every_contract_is_described() {
    let tags: BTreeSet<&str> = operations().map(|(_, operation)| operation["tags"][0].as_str().unwrap()).collect();
    for tag in ["actions", "rooms", "tokens", "cookies", "lobby", "service", "pages", "native/accounts"] {
        assert!(tags.contains(tag), "{tag}");
    }
    let explained: BTreeSet<&str> =
        document()["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    assert!(tags.is_subset(&explained), "{tags:?}");
}

/// Proves: native.specifications.complete
#[test]
fn an_operation_has_an_id_a_summary_and_every_refusal_a_schema() {
    let mut ids = BTreeSet::new();
    for (place, operation) in operations() {
        let text = |field: &str| operation[field].as_str().unwrap_or_default();
        assert!(ids.insert(text("operationId")) && !text("operationId").is_empty(), "{place}: its id is not its own");
        assert!(!text("summary").is_empty(), "{place}: no summary");
        assert!(operation["security"].is_array(), "{place}: it is not said who may ask");
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(!response["description"].as_str().unwrap_or_default().is_empty(), "{place}: {status} says nothing");
        }
        let named = |wanted: &str| {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            parameters.filter(|one| one["in"] == "path" && one["name"] == wanted).count()
        };
        for part in place.split('/').filter_map(|part| part.strip_prefix('{')) {
            assert_eq!(named(part.trim_end_matches('}')), 1, "{place}: {part}");
        }
    }
}

/// Proves: native.specifications.self_contained
#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let mut used = BTreeSet::new();
    references(document(), &mut used);
    for reference in &used {
        let target = reference.strip_prefix('#').and_then(|pointer| document().pointer(pointer));
        assert!(target.is_some(), "{reference} leads nowhere");
    }
    for name in document()["components"]["schemas"].as_object().unwrap().keys() {
        assert!(used.contains(&*format!("#/components/schemas/{name}")), "nothing uses {name}");
    }
}

/// Proves: native.problem.explained
#[test]
fn every_kind_of_problem_is_explained_where_its_type_leads() {
    let spec = include_str!("../../../../contracts/native/spec.md");
    let rows = spec.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" |"));
    let promised: BTreeSet<(String, String)> = rows
        .filter_map(|(words, rest)| Some((words, rest.trim().split_once(" |")?.0)))
        .filter(|(_, status)| status.len() == 3 && status.parse::<u16>().is_ok())
        .flat_map(|(words, status)| {
            let words = words.split(", ").map(|word| word.trim_matches('`').to_owned());
            words.map(|word| (word, status.to_owned())).collect::<Vec<_>>()
        })
        .collect();
    let problems = document()["x-problems"].as_array().unwrap();
    let explained: BTreeSet<(String, String)> =
        problems.iter().map(|one| (one["word"].as_str().unwrap().to_owned(), one["status"].to_string())).collect();
    assert_eq!(explained, promised);
    assert!(problems.iter().all(|one| one["when"].as_str().unwrap().ends_with('.')));
}

/// Proves: native.docs.page
#[tokio::test]
async fn the_page_for_people_brings_all_it_needs() {
    let server = Server::start().await;
    for path in ["/docs", "/docs/"] {
        let page = server.get(path).send().await.expect(200);
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("script-src 'self'; style-src 'self'"), "{policy}");
        let named = page.text().split('"').filter(|text| text.starts_with("/docs/"));
        for file in named.chain(["/docs/operation.js"]) {
            server.get(file).send().await.expect(200);
        }
        assert!(!page.text().contains("http"), "it names another place");
    }
    server.get("/docs/nothing.js").send().await.expect(404);
}

/// What the check of the answers does not understand, it would pass over.
#[test]
fn every_keyword_is_one_that_answers_are_held_against() {
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    schemas.values().for_each(known);
}

fn known(schema: &Value) {
    for (keyword, value) in schema.as_object().into_iter().flatten() {
        assert!(KEYWORDS.contains(&&**keyword), "{keyword} in {schema}");
        match keyword.as_str() {
            "properties" => value.as_object().unwrap().values().for_each(known),
            "items" | "additionalProperties" => known(value),
            "oneOf" | "anyOf" | "allOf" => value.as_array().unwrap().iter().for_each(known),
            _ => {}
        }
    }
}

fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}
