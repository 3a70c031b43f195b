//! No contract imports another: what two share stands in the crate's root modules or a floor below.

use super::tree::{File, Finding, Tree};

const CONTRACTS: [&str; 6] = ["actions", "rooms", "tokens", "cookies", "lobby", "native"];

/// Finds every path in a contract's module that leads into another contract's.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().filter_map(|file| Some(foreign(file, &module(file)?))).flatten().collect()
}

/// The module path of a file that belongs to a contract: `src/native/rooms.rs` is `[native, rooms]`.
fn module(file: &File) -> Option<Vec<&str>> {
    let path = file.path.strip_prefix("crates/contract/src/")?.strip_suffix(".rs")?;
    let module: Vec<&str> = path.split('/').filter(|name| *name != "mod").collect();
    CONTRACTS.contains(module.first()?).then_some(module)
}

fn foreign(file: &File, module: &[&str]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let code = &file.rust.code;
    for (at, _) in code.match_indices("::") {
        let Some(depth) = base(&code[..at], module) else {
            continue;
        };
        // Only a path that starts at the crate's root can name another contract.
        if depth > 0 {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        for name in heads(&code[at + 2..]) {
            if CONTRACTS.contains(&name) && name != module[0] {
                findings.push(file.finding(line, format!("`{}` imports `{name}`", module[0])));
            }
        }
    }
    findings
}

/// How deep below the crate's root the path `… ::` stands so far; none if it does not end in `crate` or `super`.
fn base(before: &str, module: &[&str]) -> Option<usize> {
    let word = |text: &str, word: &str| {
        let before = text.strip_suffix(word)?;
        (!before.ends_with(|c: char| c.is_alphanumeric() || c == '_')).then_some(before.len())
    };
    if word(before, "crate").is_some() {
        return Some(0);
    }
    let mut depth = module.len();
    let mut rest = before;
    while let Some(length) = word(rest, "super") {
        depth = depth.saturating_sub(1);
        rest = rest[..length].strip_suffix("::").unwrap_or_default();
    }
    (rest.len() < before.len()).then_some(depth)
}

/// The first names behind a `::`: one, or those directly in a `{…}` list.
fn heads(after: &str) -> Vec<&str> {
    let Some(list) = after.strip_prefix('{') else {
        return first_word(after).into_iter().collect();
    };
    let mut depth = 0_usize;
    let end = list.find(|c| {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return true,
            '}' => depth -= 1,
            _ => {}
        }
        false
    });
    let mut names = Vec::new();
    let mut nested = 0_usize;
    for part in list[..end.unwrap_or(list.len())].split(',') {
        if nested == 0 {
            names.extend(first_word(part));
        }
        nested = (nested + part.matches('{').count()).saturating_sub(part.matches('}').count());
    }
    names
}

fn first_word(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

/// The contracts whose text was published by others, and is kept in `contracts/<name>/`.
pub(crate) fn published() -> impl Iterator<Item = &'static str> {
    CONTRACTS.into_iter().filter(|name| *name != "native")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::{fixture, told};

    fn found(path: &str, text: &str) -> Vec<String> {
        told(&check(&fixture(&[(path, text)])))
    }

    #[test]
    fn paths_from_the_root_are_seen() {
        let path = "crates/contract/src/tokens.rs";
        assert_eq!(
            found(path, "use crate::body;\nuse crate::rooms::Envelope;\n"),
            [format!("{path}:2: `tokens` imports `rooms`")]
        );
        assert_eq!(found(path, "fn f() { crate::lobby::g() }").len(), 1);
        assert_eq!(found(path, "use crate::{body, refusal::{self, Refusal}, cookies};").len(), 1);
        assert_eq!(found(path, "use super::rooms;").len(), 1);
    }

    #[test]
    fn a_contract_s_own_modules_are_free() {
        assert!(
            found("crates/contract/src/native/tokens.rs", "use super::rooms;\nuse crate::native::rooms;").is_empty()
        );
        assert_eq!(found("crates/contract/src/native/tokens.rs", "use super::super::rooms;").len(), 1);
        assert!(
            found("crates/contract/src/tokens.rs", "use crate::tokens::wire;\n// see crate::rooms::x\n").is_empty()
        );
    }

    #[test]
    fn the_router_names_them_all() {
        assert!(found("crates/contract/src/lib.rs", "use crate::{rooms, tokens};").is_empty());
    }
}
