//! The browser tests: Node scripts that drive Debian's Chromium against the server that Cargo just built. The web client's
//! types are checked before.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::step::{Log, Outcome};
use super::{cargo, count, tools};
use crate::repository::Repository;

/// Builds the server, fetches what the lock file names, checks the types of `web/`, and runs every `*.test.mjs`. The scripts find the server in
/// `PARLOUR_BINARY` and the browser in `PARLOUR_CHROMIUM`, both absolute paths.
pub(crate) fn run(repository: &Repository, log: &Log) -> Outcome {
    let folder = repository.root.join("tests/browser");
    let scripts = scripts(&folder);
    if scripts.is_empty() {
        return Outcome::failed("tests/browser holds no *.test.mjs: the browser's promises are not tested");
    }
    // What the tests before this were built with, the binary among it: a build of its own would choose other features
    // and make half of the dependencies anew.
    let server = ["test", "--workspace", "--no-run"];
    let mut install = Command::new("npm");
    install.args(["ci", "--no-audit", "--no-fund", "--prefer-offline"]).current_dir(&folder);
    let mut types = Command::new("node");
    types.args(["node_modules/typescript/bin/tsc", "--project", "../../web"]).current_dir(&folder);
    for prepare in [&mut cargo(repository, &server), &mut install, &mut types] {
        let outcome = log.run(prepare);
        if outcome.failed > 0 {
            return outcome;
        }
    }
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=tap"]).args(scripts).current_dir(&folder);
    node.env("PARLOUR_BINARY", repository.target.join("debug/parlour"));
    node.env("PARLOUR_CHROMIUM", tools::chromium().unwrap_or_default());
    log.run_counted(&mut node, count::node_test)
}

/// The test scripts by name. Named one by one, because Node's versions differ in what a folder means to `--test`.
fn scripts(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut scripts: Vec<String> = names.filter(|name| name.ends_with(".test.mjs")).collect();
    scripts.sort();
    scripts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_has_no_scripts() {
        assert!(scripts(Path::new("no/such/folder")).is_empty());
    }
}
