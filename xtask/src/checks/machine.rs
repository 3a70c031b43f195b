//! What this machine is and where its programs are.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether this process may install packages, and must step down before it starts PostgreSQL.
pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("--user").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// The first file of this name in the folders of `PATH`.
#[expect(clippy::disallowed_methods, reason = "PATH is the machine's, not a setting of the server")]
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| Path::is_file(file))
}
