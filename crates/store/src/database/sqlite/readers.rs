//! Reading: point reads on the calling thread's own connection, long ones on a thread that may block.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::settings::open_reader;
use crate::{Error, Result};

/// The most long reads at once: more would only take the processors from everybody else.
const MOST_APART: usize = 4;

thread_local! {
    /// This thread's connections, one a database. A point read takes a few microseconds here; handing it to
    /// another thread would take several times that.
    static INLINE: RefCell<Vec<Inline>> = const { RefCell::new(Vec::new()) };
}

struct Inline {
    /// Which database it belongs to; dead when that is closed.
    of: Weak<Shared>,
    connection: Connection,
}

/// The reading half of a database.
pub(super) struct Readers {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    permits: Arc<Semaphore>,
    // A std Mutex: it is held for a push or a pop, never across an await.
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        let permits = Arc::new(Semaphore::new(MOST_APART));
        Self { shared: Arc::new(Shared { path: path.to_owned(), permits, idle: Mutex::default() }) }
    }

    /// Reads on the calling thread. `read` is quick and does not read inline itself.
    pub(super) fn inline<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        INLINE.with_borrow_mut(|inline| {
            let ours = |one: &Inline| std::ptr::eq(one.of.as_ptr(), Arc::as_ptr(&self.shared));
            if let Some(one) = inline.iter().find(|one| ours(one)) {
                return read(&one.connection);
            }
            inline.retain(|one| one.of.strong_count() > 0);
            let one = Inline { of: Arc::downgrade(&self.shared), connection: open_reader(&self.shared.path)? };
            let outcome = read(&one.connection);
            inline.push(one);
            outcome
        })
    }

    /// Reads on a thread that may block.
    pub(super) async fn apart<T, F>(&self, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        // Never closed.
        let permit = Arc::clone(&shared.permits).acquire_owned().await.map_err(Error::failed)?;
        let read = move || {
            // Given back when the read is over, whether or not anybody still waits for it.
            let _permit = permit;
            shared.read(read)
        };
        tokio::task::spawn_blocking(read).await.map_err(Error::failed)?
    }
}

impl Shared {
    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().pop();
        let connection = match waiting {
            Some(connection) => connection,
            None => open_reader(&self.path)?,
        };
        let outcome = read(&connection);
        idle().push(connection);
        outcome
    }
}
