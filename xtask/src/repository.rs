//! Where the checkout lies, where Cargo builds, and which files belong to the project.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One checkout of the project.
pub(crate) struct Repository {
    /// The folder that holds the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, wherever the user's settings put it.
    pub(crate) target: PathBuf,
}

impl Repository {
    /// The checkout that this very program was built from.
    pub(crate) fn of_this_program() -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().unwrap_or(manifest).to_path_buf();
        // Asked once at the start: the tests relink this program, and then its path is no longer known.
        let program = std::env::current_exe().unwrap_or_default();
        let target = match program.ancestors().nth(2) {
            Some(target) if target != Path::new("") => target.to_path_buf(),
            _ => root.join("target"),
        };
        Self { root, target }
    }

    /// Paths, relative to the root, of the files that git follows or would follow (not ignored, not deleted).
    pub(crate) fn files(&self) -> io::Result<Vec<String>> {
        let listing = Command::new("git")
            // A machine that checks a clone of another user's is the ordinary case, and nothing is run from it here.
            .args(["-c", "safe.directory=*"])
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&self.root)
            .output()?;
        if !listing.status.success() {
            let reason = String::from_utf8_lossy(&listing.stderr).into_owned();
            return Err(io::Error::other(format!("git ls-files: {reason}")));
        }
        let mut paths: Vec<String> = String::from_utf8_lossy(&listing.stdout)
            .split_terminator('\0')
            .filter(|path| self.root.join(path).is_file())
            .map(str::to_owned)
            .collect();
        paths.sort();
        paths.dedup();
        Ok(paths)
    }
}
