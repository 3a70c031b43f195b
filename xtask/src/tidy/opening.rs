//! How a file begins, and how long it may get.

use super::tree::{File, Finding, Tree};

const MOST_LINES: usize = 400;

/// Finds Rust files that do not open with a whole `//!` sentence.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let silent = tree.rust().filter(|file| !opens_with_a_sentence(&file.text));
    silent.map(|file| file.finding(1, "does not open with a `//!` sentence")).collect()
}

/// The first paragraph counts: three words at least, and a mark that ends a sentence.
fn opens_with_a_sentence(text: &str) -> bool {
    let lines = text.lines().map_while(|line| line.strip_prefix("//! "));
    let paragraph: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    paragraph.len() >= 3 && paragraph.iter().any(|word| word.ends_with(['.', '?', '!', ':']))
}

/// Finds source files of more than 400 lines.
pub(crate) fn length(tree: &Tree) -> Vec<Finding> {
    let source = |file: &&File| ["rs", "js", "mjs"].contains(&file.extension());
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(source) {
        let count = file.text.lines().count();
        if count > MOST_LINES {
            findings.push(file.finding(MOST_LINES + 1, format!("{count} lines")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::{fixture, told};

    #[test]
    fn a_file_opens_with_a_sentence() {
        assert!(opens_with_a_sentence("//! Where it is kept: one store.\nuse std::fs;\n"));
        assert!(opens_with_a_sentence("//! A sentence over\n//! two lines.\n"));
        for silent in
            ["", "use std::fs;\n", "//! .\n", "//!\n//! Late words come here.\n", "#![x]\n//! After an attribute.\n"]
        {
            assert!(!opens_with_a_sentence(silent), "{silent:?}");
        }
    }

    #[test]
    fn tests_are_files_too() {
        let tree = fixture(&[("crates/a/tests/b.rs", "fn a() {}"), ("c.md", "")]);
        assert_eq!(told(&check(&tree)), ["crates/a/tests/b.rs:1: does not open with a `//!` sentence"]);
    }

    #[test]
    fn four_hundred_lines_and_no_more() {
        let tree = fixture(&[("a.rs", &"\n".repeat(400)), ("b.mjs", &"\n".repeat(401)), ("c.md", &"\n".repeat(999))]);
        assert_eq!(told(&length(&tree)), ["b.mjs:401: 401 lines"]);
    }
}
