//! A folder for one server's data, which goes when its measurement ends.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::Result;

/// An empty folder beside the binaries: on a real disk, where a commit costs what it costs in service.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes one.
    pub(crate) fn new() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("bench-{}-{count}", std::process::id());
        let path = std::env::current_exe()?.with_file_name(name);
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder left behind costs room and nothing else; the figures are made already.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
