//! What was left for later: ignored tests and marks in the source.

use super::tree::{File, Finding, Tree, lines, names, words};

const MARKS: [&str; 2] = ["TODO", "FIXME"];

const MACROS: [&str; 3] = ["todo!", "unimplemented!", "dbg!"];

/// Finds tests that are compiled and not run.
pub(crate) fn ignored_tests(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for (number, line) in lines(&file.rust.code) {
            if line.contains("#[ignore") || line.contains(", ignore") && line.contains("#[cfg_attr") {
                findings.push(file.finding(number, "an ignored test"));
            }
        }
    }
    findings
}

/// Finds marks in comments and the macros that stand for missing code. Documents may speak of such marks.
pub(crate) fn marks(tree: &Tree) -> Vec<Finding> {
    let source = ["rs", "js", "mjs", "css", "html", "sql", "sh", "toml", "yml"];
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| source.contains(&file.extension())) {
        let remarks = if file.is_rust() { &file.rust.comments } else { &file.text };
        for (number, line) in lines(remarks) {
            let marks = words(line).filter(|word| MARKS.contains(word));
            findings.extend(marks.map(|mark| file.finding(number, mark)));
        }
        findings.extend(missing_code(file));
    }
    findings
}

fn missing_code(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in lines(&file.rust.code) {
        let used = MACROS.into_iter().filter(|name| names(line, name));
        findings.extend(used.map(|name| file.finding(number, name)));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::{fixture, told};

    #[test]
    fn ignored_tests_are_seen_with_and_without_a_reason() {
        let tree = fixture(&[("a.rs", "#[test]\n#[ignore]\nfn a() {}\n#[ignore = \"slow\"]\n// #[ignore]\n")]);
        assert_eq!(told(&ignored_tests(&tree)), ["a.rs:2: an ignored test", "a.rs:4: an ignored test"]);
    }

    #[test]
    fn marks_are_seen_in_comments_and_macros_in_code() {
        let text = "// TODO: finish\nfn f() { todo!() }\nlet a = \"TODO dbg!\";\nfn g() { my_dbg!() }\n";
        let tree = fixture(&[("a.rs", text), ("b.sql", "-- FIXME\n"), ("c.md", "marked TODO")]);
        assert_eq!(told(&marks(&tree)), ["a.rs:1: TODO", "a.rs:2: todo!", "b.sql:1: FIXME"]);
    }
}
