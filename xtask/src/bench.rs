//! `cargo xtask bench`: the server and the measuring program, both built as they would be shipped.

use std::process::{Command, ExitCode};

use crate::repository::Repository;

/// Builds the server in release, then hands `arguments` to `parlour-bench`. Ends with the measurement's own verdict.
pub(crate) fn run(repository: &Repository, arguments: &[String]) -> ExitCode {
    let server = ["build", "--release", "--package", "parlour-server", "--bin", "parlour"];
    let bench = ["run", "--release", "--package", "parlour-bench", "--"];
    let built = cargo(repository, &server, &[]);
    if built && cargo(repository, &bench, arguments) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn cargo(repository: &Repository, fixed: &[&str], rest: &[String]) -> bool {
    let status = Command::new("cargo").args(fixed).args(rest).current_dir(&repository.root).status();
    match status {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("cargo: {error}");
            false
        }
    }
}
