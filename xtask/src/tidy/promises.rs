//! Whether every promise of a published contract is named by a test, and every test names a promise that was made.
//!
//! Promises are in `contracts/<name>/promises.json` (`[{"id", "section", "promise"}]`). A test names them in
//! `contracts/<name>/cases.json` (`[{"name", "proves": [ids], "steps"}]`) or in a line `/// Proves: id, id` above a
//! test function in `crates/server/tests/`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::contracts;
use super::tree::{File, Finding, Tree, lines};

/// An id and where it stands, for the message.
struct Named<'a> {
    id: String,
    file: &'a File,
    line: usize,
}

/// Finds promises that no test names, names of promises that no one made, and ids given twice.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let promised = promised(tree, &mut findings);
    let proved = proved(tree, &mut findings);
    let mut open: BTreeMap<&str, &Named<'_>> = BTreeMap::new();
    for promise in &promised {
        if open.insert(&promise.id, promise).is_some() {
            findings.push(promise.file.finding(promise.line, format!("the id `{}` is given twice", promise.id)));
        }
    }
    let unknown = proved.iter().filter(|proof| !open.contains_key(proof.id.as_str()));
    findings
        .extend(unknown.map(|proof| proof.file.finding(proof.line, format!("no promise is called `{}`", proof.id))));
    for proof in &proved {
        open.remove(proof.id.as_str());
    }
    let unproved = promised.iter().filter(|promise| open.contains_key(promise.id.as_str()));
    findings
        .extend(unproved.map(|promise| promise.file.finding(promise.line, format!("no test proves `{}`", promise.id))));
    findings
}

/// Finds published contracts without their text, promises or examples.
pub(crate) fn files(tree: &Tree) -> Vec<Finding> {
    let wanted = contracts::published()
        .flat_map(|name| ["spec.md", "promises.json", "cases.json"].map(|file| format!("contracts/{name}/{file}")));
    wanted.filter(|path| !tree.exists(path)).map(|path| Finding::at(path, "missing")).collect()
}

fn promised<'a>(tree: &'a Tree, findings: &mut Vec<Finding>) -> Vec<Named<'a>> {
    let mut promised = Vec::new();
    for (file, entry) in entries(tree, "/promises.json", findings) {
        let text = |field: &str| entry[field].as_str().filter(|text| !text.trim().is_empty());
        match (text("id"), text("section"), text("promise")) {
            (Some(id), Some(_), Some(_)) => promised.push(Named { id: id.to_owned(), file, line: line_of(file, id) }),
            _ => findings.push(file.finding(1, format!("not an id, a section and a promise: {entry}"))),
        }
    }
    promised
}

fn proved<'a>(tree: &'a Tree, findings: &mut Vec<Finding>) -> Vec<Named<'a>> {
    let mut proved = Vec::new();
    for (file, case) in entries(tree, "/cases.json", findings) {
        let name = case["name"].as_str().unwrap_or_default();
        let ids: Option<Vec<&str>> = case["proves"].as_array().and_then(|ids| ids.iter().map(Value::as_str).collect());
        match ids {
            Some(ids) if !name.is_empty() => {
                let line = line_of(file, name);
                proved.extend(ids.into_iter().map(|id| Named { id: id.to_owned(), file, line }));
            }
            _ => findings.push(file.finding(1, format!("a case without a name or a `proves` list: {name:?}"))),
        }
    }
    for file in tree.rust().filter(|file| file.path.starts_with("crates/server/tests/")) {
        proved.extend(told_above_tests(file, findings));
    }
    proved
}

/// The entries of every `contracts/<name>/<ending>`; a file that is not a JSON list of objects is a finding.
fn entries<'a>(tree: &'a Tree, ending: &str, findings: &mut Vec<Finding>) -> Vec<(&'a File, Value)> {
    let mut entries = Vec::new();
    let wanted = |file: &&File| file.path.starts_with("contracts/") && file.path.ends_with(ending);
    for file in tree.files.iter().filter(wanted) {
        match serde_json::from_str::<Vec<Value>>(&file.text) {
            Ok(values) => entries.extend(values.into_iter().map(|value| (file, value))),
            Err(error) => findings.push(file.finding(error.line(), error.to_string())),
        }
    }
    entries
}

/// The ids of the `/// Proves:` lines, each of which must stand in the comment of a test function.
fn told_above_tests<'a>(file: &'a File, findings: &mut Vec<Finding>) -> Vec<Named<'a>> {
    let mut named = Vec::new();
    let text: Vec<&str> = file.text.lines().map(str::trim).collect();
    for (number, line) in lines(&file.rust.comments) {
        let Some(ids) = line.trim().strip_prefix("/// Proves:") else {
            continue;
        };
        if !above_a_test(&text, number - 1) {
            findings.push(file.finding(number, "`Proves:` stands above no test"));
        }
        let ids = ids.trim_end_matches('.').split(',').map(str::trim).filter(|id| !id.is_empty());
        named.extend(ids.map(|id| Named { id: id.to_owned(), file, line: number }));
    }
    named
}

/// Whether the comments and attributes below lead to a function, and one of them makes it a test.
fn above_a_test(text: &[&str], at: usize) -> bool {
    let mut marked = false;
    for line in text.iter().skip(at) {
        if line.starts_with("#[") {
            marked |= line.contains("test");
        } else if !line.starts_with("//") {
            return marked && line.contains("fn ");
        }
    }
    false
}

fn line_of(file: &File, word: &str) -> usize {
    let quoted = format!("\"{word}\"");
    lines(&file.text).find(|(_, line)| line.contains(&quoted)).map_or(1, |(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::{fixture, told};

    const PROMISES: (&str, &str) = (
        "contracts/rooms/promises.json",
        "[{\"id\": \"rooms.a\", \"section\": \"1\", \"promise\": \"A.\"},\n{\"id\": \"rooms.b\", \"section\": \"2\", \"promise\": \"B.\"}]",
    );
    const CASES: (&str, &str) =
        ("contracts/rooms/cases.json", "[{\"name\": \"case\", \"proves\": [\"rooms.a\"], \"steps\": []}]");
    const STORIES: &str = "crates/server/tests/contract/rooms.rs";

    #[test]
    fn cases_and_stories_prove_promises() {
        let story = "/// A guest only reads.\n/// Proves: rooms.b\n#[tokio::test]\nasync fn a_guest() {}\n";
        assert!(check(&fixture(&[PROMISES, CASES, (STORIES, story)])).is_empty());
    }

    #[test]
    fn an_open_promise_and_an_unknown_one_are_named() {
        let story = "/// Proves: rooms.c, rooms.a.\n#[test]\nfn a() {}\n";
        assert_eq!(
            told(&check(&fixture(&[PROMISES, CASES, (STORIES, story)]))),
            [
                format!("{STORIES}:1: no promise is called `rooms.c`"),
                "contracts/rooms/promises.json:2: no test proves `rooms.b`".to_owned()
            ]
        );
    }

    #[test]
    fn a_line_above_no_test_proves_nothing() {
        let story = "/// Proves: rooms.b\nfn seed() {}\n";
        let tree = fixture(&[PROMISES, CASES, (STORIES, story)]);
        assert_eq!(told(&check(&tree)), [format!("{STORIES}:1: `Proves:` stands above no test")]);
    }

    #[test]
    fn ids_are_given_once_and_files_are_well_formed() {
        let twice = (
            "contracts/lobby/promises.json",
            "[{\"id\": \"rooms.a\", \"section\": \"1\", \"promise\": \"A.\"}, {\"id\": \"x\"}]",
        );
        let broken = ("contracts/tokens/cases.json", "{}");
        let found = told(&check(&fixture(&[twice, PROMISES, broken])));
        assert!(
            found.contains(&"contracts/rooms/promises.json:1: the id `rooms.a` is given twice".to_owned()),
            "{found:?}"
        );
        assert!(found.iter().any(|line| line.contains("not an id, a section and a promise")));
        assert!(found.iter().any(|line| line.starts_with("contracts/tokens/cases.json:1: invalid type")));
    }

    #[test]
    fn every_published_contract_keeps_its_files() {
        let missing = told(&files(&fixture(&[PROMISES, CASES])));
        assert_eq!(missing.len(), 13);
        assert!(missing.contains(&"contracts/rooms/spec.md:1: missing".to_owned()));
    }
}
