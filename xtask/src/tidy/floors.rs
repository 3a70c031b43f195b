//! Words that belong to one floor: SQL to the store, headers and status codes to the contracts.

use super::tree::{File, Finding, Tree, lines, words};

/// Words of HTTP that the floors below the contracts must not know.
const HTTP_WORDS: [&str; 5] = ["StatusCode", "HeaderMap", "HeaderName", "HeaderValue", "IntoResponse"];

/// Who may write SQL beside the store: the project's own commands speak about it, and tests make databases and play another
/// program on the server's database.
const SPEAK_SQL: [&str; 4] = [
    "xtask/",
    "crates/server/tests/fault/",
    "crates/server/tests/cluster/",
    "crates/server/tests/contract/database.rs",
];

/// Finds SQL in string literals outside the store.
pub(crate) fn sql(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let bound = |file: &&File| {
        file.crate_name() != Some("store") && !SPEAK_SQL.iter().any(|folder| file.path.starts_with(folder))
    };
    for file in tree.rust().filter(bound) {
        for literal in &file.rust.literals {
            if let Some(statement) = statement(&literal.text) {
                findings.push(file.finding(literal.line, format!("{statement} statement outside the store")));
            }
        }
    }
    findings
}

/// The statement that a text is. `DELETE` alone is also a method of HTTP, so the second word decides.
fn statement(text: &str) -> Option<&'static str> {
    let words: Vec<&str> = words(text).collect();
    let has = |name: &str| words.contains(&name);
    let pair = |first: &str, second: &str| words.windows(2).any(|two| two == [first, second]);
    if has("SELECT") {
        Some("SELECT")
    } else if pair("INSERT", "INTO") {
        Some("INSERT")
    } else if has("UPDATE") && has("SET") {
        Some("UPDATE")
    } else if pair("DELETE", "FROM") {
        Some("DELETE")
    } else {
        None
    }
}

/// Finds types of HTTP on the floors that must not know how something is said.
pub(crate) fn http(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let below = |name: &str| matches!(name, "model" | "store" | "hub" | "service");
    for file in tree.rust().filter(|file| file.crate_name().is_some_and(below)) {
        for (number, line) in lines(&file.rust.code) {
            let known = words(line).filter(|word| HTTP_WORDS.contains(word));
            findings.extend(known.map(|word| file.finding(number, format!("`{word}` below the contracts"))));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::{fixture, told};

    #[test]
    fn sql_is_seen_outside_the_store_only() {
        let text = "const A: &str =\n  \"SELECT id\n FROM account\";\nfn f() { run(r#\"DELETE FROM account\"#) }";
        let files = ["crates/service/src/a.rs", "crates/store/src/a.rs", "crates/server/tests/fault/a.rs"];
        let tree = fixture(&files.map(|file| (file, text)));
        assert_eq!(
            told(&sql(&tree)),
            [
                "crates/service/src/a.rs:2: SELECT statement outside the store",
                "crates/service/src/a.rs:4: DELETE statement outside the store"
            ]
        );
    }

    #[test]
    fn methods_sentences_and_comments_are_not_sql() {
        let text = "// SELECT 1\nlet a = [\"DELETE /api/v1/protected/user\", \"select a room\", \"INSERT your name\"];";
        assert!(sql(&fixture(&[("crates/contract/src/a.rs", text)])).is_empty());
    }

    #[test]
    fn http_words_stay_above() {
        let text = "fn f(h: &HeaderMap) -> StatusCode {}\n// StatusCode\n";
        let tree = fixture(&[("crates/hub/src/a.rs", text), ("crates/contract/src/a.rs", text)]);
        assert_eq!(
            told(&http(&tree)),
            [
                "crates/hub/src/a.rs:1: `HeaderMap` below the contracts",
                "crates/hub/src/a.rs:1: `StatusCode` below the contracts"
            ]
        );
    }
}
