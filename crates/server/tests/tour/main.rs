//! The README's five-minute tour, run as it is printed against a server that has just been started for the first time.
//!
//! Its `sh` blocks are one bash script; the `text` block behind a `sh` block is what that block prints, where `…` stands
//! for anything on the line. A stand-in for `websocat`, the example of that name, comes first on the path.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where it stopped")]

mod server;
mod steps;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use server::{Folder, Parlour};
use steps::{Step, is_as_printed, steps};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");

/// The address in the README: where a server listens that was told nothing.
const PRINTED_ADDRESS: &str = "127.0.0.1:8080";

/// Ends a step's output. No answer of the server contains it.
const END_OF_STEP: &str = "== end of step ==";

/// What bash may take for everything, seconds. A tour that hangs fails.
const PATIENCE: &str = "120";

#[test]
fn the_tour_works_as_it_is_printed() {
    let steps = tour();
    let folder = Folder::new();
    let server = Parlour::start(&folder);
    let printed = run(&steps, &server.address, &folder);
    let printed: Vec<&str> = printed.split_terminator(&format!("{END_OF_STEP}\n")).collect();
    for (step, printed) in steps.iter().zip(&printed) {
        assert!(is_as_printed(&step.output, printed), "{}\nprints\n{printed}\nand not\n{}", step.commands, step.output);
    }
    assert_eq!(printed.len(), steps.len(), "the tour stopped on the way");
}

#[test]
fn the_tour_shows_every_contract() {
    let commands: String = tour().into_iter().map(|step| step.commands).collect();
    for path in ["/api/users/", "/api/v1/rooms/tea/", "$server/join", "/api/v1/user/login", "$server/users/"] {
        assert!(commands.contains(path), "{path}");
    }
}

/// The steps of the README's tour.
fn tour() -> Vec<Step> {
    let readme = std::fs::read_to_string(README).unwrap();
    let (_, from) = readme.split_once("\n## Five-minute tour\n").unwrap();
    let (tour, _) = from.split_once("\n## ").unwrap();
    assert!(tour.contains(PRINTED_ADDRESS));
    steps(tour)
}

/// Runs all steps in one bash and answers what they printed, each ended by a line.
fn run(steps: &[Step], address: &str, folder: &Folder) -> String {
    let ended = |step: &Step| format!("{}echo '{END_OF_STEP}'\n", step.commands);
    let script: String = steps.iter().map(ended).collect();
    let output = Command::new("timeout")
        .args([PATIENCE, "bash", "-euo", "pipefail", "-c", &script.replace(PRINTED_ADDRESS, address)])
        .env("PATH", path_with(&stand_in()))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{complaints}\nafter\n{printed}", output.status);
    printed
}

/// Where Cargo puts examples: beside the binary.
fn stand_in() -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_parlour")).with_file_name("examples");
    assert!(folder.join("websocat").exists(), "`cargo build -p parlour-server --example websocat` makes the stand-in");
    folder
}

#[expect(clippy::disallowed_methods, reason = "the tour's commands are found where a person's shell finds them")]
fn path_with(first: &Path) -> std::ffi::OsString {
    let rest = std::env::var_os("PATH").unwrap();
    std::env::join_paths(std::iter::once(first.to_owned()).chain(std::env::split_paths(&rest))).unwrap()
}
