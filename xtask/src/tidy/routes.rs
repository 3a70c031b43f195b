//! Routes that are registered without a description.

use super::tree::{File, Finding, Tree, lines};

/// How a route gets into a router past its description.
const PAST: [&str; 6] = [".route(", ".route_service(", ".nest(", ".nest_service(", ".merge(", "Router::new("];

/// Finds them in the contracts. What collects descriptions may use them, and a test may do as it likes.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let contracts = tree.rust().filter(|file| file.path.starts_with("crates/contract/src/"));
    contracts.filter(|file| !file.path.starts_with("crates/contract/src/describe/")).flat_map(undescribed).collect()
}

fn undescribed(file: &File) -> Vec<Finding> {
    let tests = file.tests_from().unwrap_or(usize::MAX);
    let code = lines(&file.rust.code).filter(|(number, _)| *number < tests);
    let past = code.filter(|(_, line)| PAST.iter().any(|way| line.contains(way)));
    past.map(|(number, _)| file.finding(number, "a route without its description")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::{fixture, told};

    #[test]
    fn a_route_is_registered_with_its_description() {
        let text = "fn routes() {\n    Routes::default().serve::<Native>(routes!(me))\n        .route(\"/x\", get(x))\n}\n\
            #[cfg(test)]\nmod tests {\n    fn a() { Router::new() }\n}\n";
        let tree = fixture(&[
            ("crates/contract/src/native/me.rs", text),
            ("crates/contract/src/describe/mod.rs", text),
            ("crates/server/src/telemetry.rs", text),
        ]);
        assert_eq!(told(&check(&tree)), ["crates/contract/src/native/me.rs:3: a route without its description"]);
    }
}
