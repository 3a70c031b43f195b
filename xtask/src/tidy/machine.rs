//! Absolute paths of somebody's machine, in any file.

use super::tree::{Finding, Tree, lines};

/// Folders, without the slashes around them, below which only one machine keeps anything.
const FOLDERS: [&str; 4] = ["home", "root", "work", "tmp/target"];

/// Finds such a folder where an absolute path can begin: not behind a name, which makes it part of a longer path.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let needles = FOLDERS.map(needle);
    let mut findings = Vec::new();
    for file in &tree.files {
        for (number, line) in lines(&file.text) {
            let found = needles.iter().filter(|needle| begins_a_path(line, needle));
            findings.extend(found.map(|needle| file.finding(number, format!("a path below `{needle}`"))));
        }
    }
    findings
}

/// The folder with a slash on either side. The build folder's name may go on (`-debug`), so nothing need follow it.
fn needle(folder: &str) -> String {
    if folder.contains('/') { format!("/{folder}") } else { format!("/{folder}/") }
}

fn begins_a_path(line: &str, needle: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || "._-}>)*".contains(c);
    line.match_indices(needle).any(|(at, _)| !line[..at].ends_with(inside))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::{fixture, told};

    #[test]
    fn absolute_paths_of_a_machine_are_seen() {
        let text = FOLDERS.map(|folder| format!("cd \"/{folder}/x\"\n")).concat();
        let tree = fixture(&[("a.sh", &text)]);
        let expected: Vec<String> = (1..)
            .zip(FOLDERS)
            .map(|(line, folder)| format!("a.sh:{line}: a path below `{}`", needle(folder)))
            .collect();
        assert_eq!(told(&check(&tree)), expected);
    }

    #[test]
    fn paths_that_only_look_alike_are_free() {
        let text =
            FOLDERS.map(|folder| format!("https://example.org/{folder}/x ./{folder}/x src/{folder}.rs\n")).concat();
        assert!(check(&fixture(&[("a.md", &text)])).is_empty());
    }
}
