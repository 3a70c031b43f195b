//! A copy of the whole database while it is being written.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::settings::{beside, open_reader};
use crate::{Error, Result};

const PAGES_A_STEP: i32 = 4_096;

/// Copies the database of the file `from` into the new file `to` (mode 0600). `to` appears when it is whole and
/// on the disk, or not at all.
pub(super) fn backup(from: &Path, to: &Path) -> Result<()> {
    let partial = beside(to, ".partial");
    let outcome = copy(from, &partial).and_then(|()| publish(&partial, to).map_err(Error::failed));
    // After a success it is a second name of the backup, after a failure it is useless.
    let _ = fs::remove_file(&partial);
    outcome
}

fn copy(from: &Path, partial: &Path) -> Result<()> {
    // What an interrupted backup left.
    let _ = fs::remove_file(partial);
    let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(partial).map_err(Error::failed)?;
    let source = open_reader(from)?;
    // One snapshot from the first page to the last. Without it, every commit of the writer would start the copy
    // again, and on a busy server it would never end.
    source.execute_batch("BEGIN; SELECT 1 FROM migration LIMIT 1")?;
    let mut target = Connection::open(partial)?;
    let backup = Backup::new(&source, &mut target)?;
    while backup.step(PAGES_A_STEP)? != StepResult::Done {}
    drop(backup);
    target.close().map_err(|(_, error)| error)?;
    new.sync_all().map_err(Error::failed)
}

/// Gives the file its name, and fails when there is one of that name: unlike a rename, a link replaces nothing.
fn publish(partial: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(partial, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
