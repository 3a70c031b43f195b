//! How a database file is made, locked and opened.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::{Error, Result};

/// How long one attempt waits for another program's lock. The writer tries again after it, up to [`PATIENCE`].
const ONE_WAIT: Duration = Duration::from_millis(500);

/// How long the writer waits in all while another program writes.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// Enough for every statement of the store, so that none is prepared twice.
const STATEMENTS: usize = 256;

/// Makes the folder (0700) and the file (0600) when they are missing. The `-wal` and `-shm` files beside it take
/// the file's mode.
pub(super) fn make_private(path: &Path) -> Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(Error::failed)?;
    }
    let file = private_file(path).map_err(Error::failed)?;
    file.set_permissions(Permissions::from_mode(0o600)).map_err(Error::failed)
}

/// Takes the lock that only one server can hold; it is released when the file is dropped, and by the system when
/// the process dies.
pub(super) fn lock(path: &Path) -> Result<File> {
    let file = private_file(&beside(path, ".lock")).map_err(Error::failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::AlreadyRunning),
        Err(TryLockError::Error(error)) => Err(Error::failed(error)),
    }
}

fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// A file's name with something after it.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The writer's connection.
pub(super) fn open_writer(path: &Path) -> Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Two programs that start at once on a new file get in each other's way here for a moment.
    patiently(|| connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())))?;
    connection.execute_batch(
        // FULL: a commit is durable when it returns. FAST: deleted text is overwritten where that costs no write.
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = FAST;
         PRAGMA trusted_schema = OFF; PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 67108864",
    )?;
    Ok(connection)
}

/// A reader's connection. In WAL mode it waits for nobody.
pub(super) fn open_reader(path: &Path) -> Result<Connection> {
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn open(path: &Path, access: OpenFlags) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(ONE_WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Plans that do not depend on bound values: otherwise a statement near a partial index is prepared anew whenever a
    // value changes, and a login always brings another one.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

/// Tries until it is no longer locked out by another program, up to [`PATIENCE`].
pub(super) fn patiently<T>(mut attempt: impl FnMut() -> rusqlite::Result<T>) -> Result<T> {
    let since = Instant::now();
    loop {
        match attempt().map_err(Error::from) {
            Err(Error::Busy) if since.elapsed() < PATIENCE => std::thread::yield_now(),
            outcome => return outcome,
        }
    }
}
