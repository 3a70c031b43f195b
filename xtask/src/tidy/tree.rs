//! The project's files in memory: what every rule reads, and what the rules' tests make up.

use std::fmt;
use std::fs;
use std::io;

use super::lexer::{self, Lexed};
use crate::repository::Repository;

/// All text files that git follows, by path.
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
}

/// One file. Paths are relative to the root and separated by `/`.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
    /// Code, comments and literals apart; empty if it is not Rust.
    pub(crate) rust: Lexed,
}

/// Something that breaks a rule, and where. Shown as `path:line: what`.
#[derive(Debug, PartialEq)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl Tree {
    /// Reads the checkout; files that are not UTF-8 (pictures, fonts) keep their path with an empty text.
    pub(crate) fn read(repository: &Repository) -> io::Result<Self> {
        let mut files = Vec::new();
        for path in repository.files()? {
            let bytes = fs::read(repository.root.join(&path))?;
            files.push(File::new(path, String::from_utf8(bytes).unwrap_or_default()));
        }
        Ok(Self { files })
    }

    /// The Rust files.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }

    /// The file at exactly this path.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether a file or a folder is at this path. A folder without files is none, as for git.
    pub(crate) fn exists(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let below = |file: &File| file.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        path.is_empty() || self.file(path).is_some() || self.files.iter().any(below)
    }

    /// The names directly in a folder, which ends with `/`: files and folders, sorted.
    pub(crate) fn names_in(&self, folder: &str) -> Vec<&str> {
        let rests = self.files.iter().filter_map(|file| file.path.strip_prefix(folder));
        let mut names: Vec<&str> = rests.filter_map(|rest| rest.split('/').next()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl File {
    pub(crate) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let (path, text) = (path.into(), text.into());
        let rust = if extension(&path) == "rs" { lexer::lex(&text) } else { Lexed::default() };
        Self { path, text, rust }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.extension() == "rs"
    }

    /// What stands behind the name's last dot; empty if there is none.
    pub(crate) fn extension(&self) -> &str {
        extension(&self.path)
    }

    /// The crate's folder name, if the file is below `crates/`.
    pub(crate) fn crate_name(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// The number of the first line that only tests compile: 1 in a test file, none in a file without tests.
    pub(crate) fn tests_from(&self) -> Option<usize> {
        if self.path.contains("/tests/") || self.path.starts_with("tests/") || self.path.ends_with("/tests.rs") {
            return Some(1);
        }
        lines(&self.rust.code).find(|(_, line)| line.contains("#[cfg(test)]")).map(|(number, _)| number)
    }

    pub(crate) fn finding(&self, line: usize, what: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line, what: what.into() }
    }
}

impl Finding {
    /// A finding about a path that is missing or wrong as a whole.
    pub(crate) fn at(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { path: path.into(), line: 1, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// Lines with their numbers, from 1.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// The words of a line of code: runs of letters, digits and underscores.
pub(crate) fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Whether a line of code has this text at the beginning of a name: `sleep(` is not in `oversleep(`.
pub(crate) fn names(code: &str, text: &str) -> bool {
    let inside_a_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(text).any(|(at, _)| !code[..at].ends_with(inside_a_name))
}

/// A tree of made-up files.
#[cfg(test)]
pub(crate) fn fixture(files: &[(&str, &str)]) -> Tree {
    Tree { files: files.iter().map(|(path, text)| File::new(*path, *text)).collect() }
}

/// What a rule found, as the lines a person would see.
#[cfg(test)]
pub(crate) fn told(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(Finding::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_exist_through_their_files() {
        let tree = fixture(&[("crates/store/src/lib.rs", ""), ("README.md", "")]);
        assert!(tree.exists("crates/store/") && tree.exists("crates/store/src/lib.rs") && tree.exists("README.md"));
        assert!(!tree.exists("crates/sto") && !tree.exists("READ"));
        assert_eq!(tree.names_in("crates/"), ["store"]);
    }

    #[test]
    fn tests_begin_at_their_attribute_or_fill_a_test_file() {
        assert_eq!(File::new("crates/a/src/lib.rs", "fn a() {}\n#[cfg(test)]\nmod tests {}\n").tests_from(), Some(2));
        assert_eq!(File::new("crates/a/src/lib.rs", "// #[cfg(test)]\n").tests_from(), None);
        assert_eq!(File::new("crates/a/tests/story.rs", "").tests_from(), Some(1));
    }
}
