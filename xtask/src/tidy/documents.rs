//! The documents at the root, and whether what they point to is there.

use super::tree::{File, Finding, Tree, lines};

const DOCUMENTS: [&str; 4] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];

/// Folders at the root: a path in backticks that begins with one is a promise that it exists.
const FOLDERS: [&str; 8] = ["crates/", "contracts/", "web/", "bench/", "xtask/", "tests/", ".ci/", ".cargo/"];

/// Finds missing documents, and in the others every relative link and backticked path that leads nowhere.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in DOCUMENTS {
        match tree.file(path) {
            Some(document) => findings.extend(broken(tree, document)),
            None => findings.push(Finding::at(path, "missing")),
        }
    }
    findings
}

fn broken(tree: &Tree, document: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut fenced = false;
    for (number, line) in lines(&document.text) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let targets = links(line).chain(paths(line)).filter(|target| !tree.exists(target));
        findings.extend(targets.map(|target| document.finding(number, format!("`{target}` does not exist"))));
    }
    findings
}

/// The targets of relative links, without their fragment and title.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ', '#']).next());
    targets.filter(|target| !target.is_empty() && !target.contains(':')).map(|target| target.trim_start_matches("./"))
}

/// The paths of this repository in backticks; a pattern (`contracts/<name>/spec.md`) is none.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    let pattern = |path: &str| path.contains(['<', '*', '{', ' ', '…', '$']);
    let quoted = line.split('`').skip(1).step_by(2);
    quoted.filter(move |text| FOLDERS.iter().any(|folder| text.starts_with(folder)) && !pattern(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::{fixture, told};

    #[test]
    fn links_and_paths_are_followed() {
        let text = "See [the map](ARCHITECTURE.md#map), [site](https://example.org/x.md) and [here](#here).\n\
            `crates/hub/` but `crates/attic/src/lib.rs`; [gone](docs/gone.md \"title\")\n\
            `contracts/<name>/spec.md` and `cargo xtask test`\n```\n`crates/none`\n```\n";
        let tree = fixture(&[
            ("README.md", text),
            ("ARCHITECTURE.md", ""),
            ("CONTRIBUTING.md", ""),
            ("crates/hub/src/lib.rs", ""),
        ]);
        assert_eq!(
            told(&check(&tree)),
            [
                "README.md:2: `docs/gone.md` does not exist",
                "README.md:2: `crates/attic/src/lib.rs` does not exist",
                "CHANGELOG.md:1: missing"
            ]
        );
    }
}
