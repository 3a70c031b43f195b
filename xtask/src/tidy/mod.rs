//! `cargo xtask tidy`: the project's rules that neither the compiler nor a linter knows, each with its reason.
//!
//! A rule is a function from the [`Tree`] to what it found, in a file of its own, tested on a fixture. To add one,
//! write the file and add a line to [`RULES`].

mod contracts;
mod documents;
mod floors;
mod lexer;
mod machine;
mod migrations;
mod names;
mod opening;
mod promises;
mod routes;
mod tree;
mod unfinished;
mod waiting;
mod walls;

use std::io;
use std::process::ExitCode;

use crate::repository::Repository;
use tree::{Finding, Tree};

struct Rule {
    /// Why the rule is there; printed behind everything it finds.
    reason: &'static str,
    check: fn(&Tree) -> Vec<Finding>,
}

const RULES: [Rule; 19] = [
    Rule { reason: "each floor may know only the floors below it, see ARCHITECTURE.md", check: walls::floors },
    Rule { reason: "one crate owns each kind of work, see ARCHITECTURE.md", check: walls::owners },
    Rule {
        reason: "the model does no I/O and reads no clock: it takes only crates that compute",
        check: walls::pure_model,
    },
    Rule { reason: "a contract can be read, changed and dropped alone", check: contracts::check },
    Rule { reason: "what is served is described: see `describe` in `crates/contract`", check: routes::check },
    Rule { reason: "SQL is written once, and only the store knows a database", check: floors::sql },
    Rule { reason: "only a contract knows how something is said over HTTP", check: floors::http },
    Rule { reason: "a reader learns from the first line what a file is", check: opening::check },
    Rule { reason: "a file holds one idea, and few ideas need more than 400 lines", check: opening::length },
    Rule { reason: "the name says nothing: name what it holds, in ARCHITECTURE.md's words", check: names::modules },
    Rule { reason: "the name says nothing: name the thing, in ARCHITECTURE.md's words", check: names::types },
    Rule { reason: "a test that does not run proves nothing", check: unfinished::ignored_tests },
    Rule { reason: "work is finished, or it is an issue; not a mark in the source", check: unfinished::marks },
    Rule {
        reason: "a test that sleeps is slow or flaky: await the condition, or say why with `// sleep: `",
        check: waiting::check,
    },
    Rule { reason: "what a contract promises is proved by a test that names it", check: promises::check },
    Rule { reason: "each contract keeps its text, its promises and its examples", check: promises::files },
    Rule { reason: "a path of one machine means nothing on another", check: machine::check },
    Rule { reason: "one store on two databases: they hold the same tables", check: migrations::check },
    Rule { reason: "a document that points nowhere misleads", check: documents::check },
];

/// Prints what every rule found, then the sum.
pub(crate) fn run(repository: &Repository) -> ExitCode {
    match findings(repository) {
        Ok(findings) if findings.is_empty() => {
            println!("tidy: {} rules, nothing found", RULES.len());
            ExitCode::SUCCESS
        }
        Ok(findings) => {
            println!("{}\ntidy: {} findings", findings.join("\n"), findings.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("tidy: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What all rules found, one line each: `path:line: what: why`.
pub(crate) fn findings(repository: &Repository) -> io::Result<Vec<String>> {
    let tree = Tree::read(repository)?;
    let told = |rule: &Rule| {
        let found = (rule.check)(&tree);
        found.into_iter().map(|finding| format!("{finding}: {}", rule.reason)).collect::<Vec<_>>()
    };
    Ok(RULES.iter().flat_map(told).collect())
}
