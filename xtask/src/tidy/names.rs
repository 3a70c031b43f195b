//! Names that say nothing: of modules, and of types.

use super::tree::{Finding, Tree, lines, words};

const MODULES: [&str; 8] = ["util", "utils", "helper", "helpers", "manager", "managers", "misc", "common"];

const TYPE_ENDINGS: [&str; 7] = ["Manager", "Helper", "Helpers", "Util", "Utils", "Data", "Info"];

/// Finds files, folders and inline modules with an empty name.
pub(crate) fn modules(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        let parts = file.path.trim_end_matches(".rs").split('/');
        for part in parts.filter(|part| MODULES.contains(part)) {
            findings.push(file.finding(1, format!("a module called `{part}`")));
        }
        for (number, name) in declared(&file.rust.code, &["mod"]) {
            if MODULES.contains(&name) {
                findings.push(file.finding(number, format!("a module called `{name}`")));
            }
        }
    }
    findings
}

/// Finds types whose name ends in an empty word. The WebSocket crate speaks RFC 6455's words, where *data* is a kind of
/// frame (section 5.6).
pub(crate) fn types(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| file.crate_name() != Some("websocket")) {
        let declared = declared(&file.rust.code, &["struct", "enum", "trait", "type", "union"]);
        // A type that stands in an `impl` was named by whoever made the trait.
        let associated: Vec<usize> = lines(&file.rust.code)
            .filter(|(_, line)| line.starts_with("    type "))
            .map(|(number, _)| number)
            .collect();
        for (number, name) in declared.into_iter().filter(|(number, _)| !associated.contains(number)) {
            if TYPE_ENDINGS.iter().any(|ending| name.ends_with(ending)) {
                findings.push(file.finding(number, format!("a type called `{name}`")));
            }
        }
    }
    findings
}

/// Names that stand behind one of the keywords, with their lines.
fn declared<'a>(code: &'a str, keywords: &[&str]) -> Vec<(usize, &'a str)> {
    let mut names = Vec::new();
    for (number, line) in lines(code) {
        let mut words = words(line);
        while let Some(word) = words.next() {
            if keywords.contains(&word) {
                names.extend(words.next().map(|name| (number, name)));
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::{fixture, told};

    #[test]
    fn a_module_names_what_it_holds() {
        let tree =
            fixture(&[("crates/a/tests/common/mod.rs", ""), ("crates/a/src/room.rs", "mod utils;\nmod seat;\n")]);
        assert_eq!(
            told(&modules(&tree)),
            [
                "crates/a/tests/common/mod.rs:1: a module called `common`",
                "crates/a/src/room.rs:1: a module called `utils`"
            ]
        );
    }

    #[test]
    fn a_type_names_the_thing() {
        let text = "pub struct RoomManager;\nenum Seat {}\ntype UserInfo = u8;\n// struct OtherData\nlet s = \"struct MyUtil\";\n\
            impl Body for Seat {\n    type Data = Bytes;\n}\n";
        let tree = fixture(&[("crates/a/src/room.rs", text), ("crates/websocket/src/frame.rs", "enum Data {}")]);
        assert_eq!(
            told(&types(&tree)),
            ["crates/a/src/room.rs:1: a type called `RoomManager`", "crates/a/src/room.rs:3: a type called `UserInfo`"]
        );
    }
}
