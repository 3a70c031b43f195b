//! Which crate may import which, read from each crate's `Cargo.toml`. Dependencies of tests alone are free.

use super::tree::{File, Finding, Tree, lines};

/// Each crate of the house with the crates of the house below it: the table of ARCHITECTURE.md.
const FLOORS: [(&str, &[&str]); 7] = [
    ("model", &[]),
    ("websocket", &[]),
    ("store", &["model"]),
    ("hub", &["model", "websocket"]),
    ("service", &["model", "store", "hub", "websocket"]),
    ("contract", &["model", "service", "websocket"]),
    ("server", &["model", "websocket", "store", "hub", "service", "contract"]),
];

/// Foreign crates that are the mark of one kind of work, with the only crates that do it.
const OWNERS: [(&str, &[&str]); 13] = [
    ("rusqlite", &["store"]),
    ("tokio-postgres", &["store"]),
    ("axum", &["contract", "server"]),
    ("tower-http", &["contract", "server"]),
    ("http", &["websocket", "contract", "server"]),
    ("hyper", &["websocket", "contract", "server"]),
    // The store keeps what changed about a room or a member as JSON; the hub's hints to other nodes are JSON.
    ("serde_json", &["store", "hub", "service", "contract", "server"]),
    ("async-nats", &["hub"]),
    ("argon2", &["service"]),
    ("jsonwebtoken", &["service"]),
    ("lettre", &["service"]),
    ("clap", &["server"]),
    ("confique", &["server"]),
];

/// Foreign crates that only compute: serde's shapes, a calendar, the rules of names and of mail addresses.
const MODEL_MAY: [&str; 10] = [
    "serde",
    "jiff",
    "caseless",
    "email_address",
    "idna",
    "precis-profiles",
    "unicode-normalization",
    "unicode-properties",
    "unicode-security",
    "unicode-segmentation",
];

/// Crates of the house import only what stands below them.
pub(crate) fn floors(tree: &Tree) -> Vec<Finding> {
    each_dependency(tree, |name, dependency| {
        let Some((_, below)) = FLOORS.iter().find(|(floor, _)| *floor == name) else {
            return Some(format!("`{name}` stands on no floor"));
        };
        let wanted = dependency.strip_prefix("parlour-")?;
        (!below.contains(&wanted)).then(|| format!("`{name}` imports `{wanted}`"))
    })
}

/// Foreign crates are imported by their owners only.
pub(crate) fn owners(tree: &Tree) -> Vec<Finding> {
    each_dependency(tree, |name, dependency| {
        let (_, owners) = OWNERS.iter().find(|(owned, _)| *owned == dependency)?;
        (!owners.contains(&name)).then(|| format!("`{name}` imports `{dependency}`"))
    })
}

/// The model imports only what computes.
pub(crate) fn pure_model(tree: &Tree) -> Vec<Finding> {
    each_dependency(tree, |name, dependency| {
        let known = MODEL_MAY.contains(&dependency) || dependency.starts_with("parlour-");
        (name == "model" && !known).then(|| format!("`model` imports `{dependency}`"))
    })
}

fn each_dependency(tree: &Tree, judge: impl Fn(&str, &str) -> Option<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in &tree.files {
        let Some(name) = manifest.crate_name().filter(|name| manifest.path == format!("crates/{name}/Cargo.toml"))
        else {
            continue;
        };
        for dependency in dependencies(&manifest.text) {
            if let Some(what) = judge(name, &dependency) {
                findings.push(manifest.finding(line_of(manifest, &dependency), what));
            }
        }
    }
    findings
}

/// The names in `[dependencies]`, `[build-dependencies]` and those of single targets. A manifest that is not TOML
/// has none here: Cargo itself refuses it.
fn dependencies(manifest: &str) -> Vec<String> {
    let Ok(table) = manifest.parse::<toml::Table>() else {
        return Vec::new();
    };
    let targets = table.get("target").and_then(toml::Value::as_table);
    let sections = targets.into_iter().flat_map(|targets| targets.values().filter_map(toml::Value::as_table));
    std::iter::once(&table)
        .chain(sections)
        .flat_map(|section| ["dependencies", "build-dependencies"].map(|kind| section.get(kind)))
        .filter_map(|dependencies| dependencies?.as_table())
        .flat_map(|dependencies| dependencies.keys().cloned())
        .collect()
}

fn line_of(manifest: &File, dependency: &str) -> usize {
    let found = lines(&manifest.text)
        .find(|(_, line)| line.strip_prefix(dependency).is_some_and(|rest| rest.starts_with([' ', '.', '='])));
    found.map_or(1, |(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::{fixture, told};

    fn manifest(name: &str, dependencies: &str) -> Tree {
        fixture(&[(&format!("crates/{name}/Cargo.toml"), &format!("[dependencies]\n{dependencies}"))])
    }

    #[test]
    fn a_contract_may_not_reach_the_store_or_the_hub() {
        let tree = manifest("contract", "parlour-service.workspace = true\nparlour-store.workspace = true\n");
        assert_eq!(told(&floors(&tree)), ["crates/contract/Cargo.toml:3: `contract` imports `store`"]);
        assert_eq!(floors(&manifest("contract", "parlour-hub = { path = \"../hub\" }\n")).len(), 1);
    }

    #[test]
    fn the_hub_may_not_reach_the_store_and_the_websocket_knows_no_one() {
        assert_eq!(floors(&manifest("hub", "parlour-store.workspace = true\n")).len(), 1);
        assert_eq!(floors(&manifest("websocket", "parlour-model.workspace = true\n")).len(), 1);
        assert!(floors(&manifest("service", "parlour-hub.workspace = true\n")).is_empty());
    }

    #[test]
    fn a_new_crate_needs_a_floor() {
        assert_eq!(
            told(&floors(&manifest("cellar", "serde = \"1\"\n"))),
            ["crates/cellar/Cargo.toml:2: `cellar` stands on no floor"]
        );
    }

    #[test]
    fn drivers_and_web_frameworks_have_owners() {
        assert_eq!(owners(&manifest("service", "rusqlite.workspace = true\n")).len(), 1);
        assert_eq!(owners(&manifest("service", "axum.workspace = true\n")).len(), 1);
        assert!(owners(&manifest("store", "rusqlite.workspace = true\ntokio.workspace = true\n")).is_empty());
        assert!(owners(&manifest("contract", "axum.workspace = true\n")).is_empty());
    }

    #[test]
    fn the_model_does_no_io() {
        assert_eq!(
            told(&pure_model(&manifest("model", "serde = \"1\"\ntokio = \"1\"\n"))),
            ["crates/model/Cargo.toml:3: `model` imports `tokio`"]
        );
    }

    #[test]
    fn a_target_s_dependencies_count_and_tests_are_free() {
        let tree = fixture(&[(
            "crates/hub/Cargo.toml",
            "[dev-dependencies]\nrusqlite = \"0\"\n[target.'cfg(unix)'.dependencies]\naxum = \"0\"\n",
        )]);
        assert_eq!(told(&owners(&tree)), ["crates/hub/Cargo.toml:4: `hub` imports `axum`"]);
    }
}
