//! SQLite: one writer thread that commits in groups, and readers that never wait for it.

mod backup;
mod checkpoint;
mod job;
mod priority;
mod readers;
mod settings;
mod statement;
mod writer;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::mpsc;

pub(super) use statement::{all, first, run};

use self::checkpoint::Checkpoints;
use self::job::Job;
use self::readers::Readers;
use self::writer::Order;
use super::{FromRow, Params, Sql, Tx};
use crate::{Error, Result};

/// The most writes that wait. More is refused as [`Error::Busy`], so that a stuck disk does not fill the memory.
const MOST_WAITING: usize = 4_096;

/// A database in one file. Cheap to clone.
#[derive(Clone)]
pub struct Sqlite {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    queue: mpsc::Sender<Order>,
    // A std Mutex: it is locked once, to take the handle out.
    writer: Mutex<Option<JoinHandle<()>>>,
    readers: Readers,
}

impl Sqlite {
    /// Opens the file, made first if need be. With `only` no other server may have it open.
    pub(crate) fn open(path: &Path, only: bool) -> Result<Self> {
        settings::make_private(path)?;
        let lock = if only { Some(settings::lock(path)?) } else { None };
        let mut connection = settings::open_writer(path)?;
        let checkpoints = Checkpoints::take_over(&mut connection, path)?;
        let (queue, orders) = mpsc::channel(MOST_WAITING);
        let writer = spawn_writer(connection, checkpoints, orders, lock)?;
        let readers = Readers::new(path);
        let shared = Shared { path: path.to_owned(), queue, writer: Mutex::new(Some(writer)), readers };
        Ok(Self { shared: Arc::new(shared) })
    }

    pub(super) fn get<R: FromRow>(&self, sql: Sql, params: &Params) -> Result<Option<R>> {
        self.shared.readers.inline(|connection| first(connection, sql, params))
    }

    pub(super) async fn all<R: FromRow>(&self, sql: Sql, params: Params) -> Result<Vec<R>> {
        self.shared.readers.apart(move |connection| all(connection, sql, &params)).await
    }

    pub(super) async fn get_each<R: FromRow>(&self, sql: Sql, each: Vec<Params>) -> Result<Vec<Option<R>>> {
        let read = move |connection: &_| each.iter().map(|params| first(connection, sql, params)).collect();
        self.shared.readers.apart(read).await
    }

    pub(super) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: AsyncFn(&mut Tx<'_>) -> Result<T> + Send + Sync + 'static,
    {
        let (job, answer) = Job::queue(work);
        // Full, or closed: either way the caller may come back.
        self.shared.queue.try_send(Order::Run(job)).map_err(|_| Error::Busy)?;
        // The writer answers every job; it is gone without an answer only when it was closed.
        answer.await.unwrap_or(Err(Error::Busy))
    }

    pub(crate) async fn backup(&self, to: &Path) -> Result<()> {
        let (from, to) = (self.shared.path.clone(), to.to_owned());
        tokio::task::spawn_blocking(move || backup::backup(&from, &to)).await.map_err(Error::failed)?
    }

    pub(super) async fn close(&self) {
        // An error means that it is closed already.
        let _ = self.shared.queue.send(Order::Close).await;
        let writer = self.shared.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // It catches the panics of its jobs, and there is nothing to be done about one of its own.
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
    }
}

/// The lock lives as long as the thread, so that no other server starts while the last group is written.
fn spawn_writer(
    connection: rusqlite::Connection,
    checkpoints: Checkpoints,
    orders: mpsc::Receiver<Order>,
    lock: Option<File>,
) -> Result<JoinHandle<()>> {
    let serve = move || {
        writer::serve(connection, checkpoints, orders);
        drop(lock);
    };
    std::thread::Builder::new().name("sqlite-writer".to_owned()).spawn(serve).map_err(Error::failed)
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, ReadOnly, SystemIoFailure};
        match error.sqlite_error_code() {
            Some(DatabaseBusy | DatabaseLocked) => Self::Busy,
            Some(CannotOpen | DiskFull | ReadOnly | SystemIoFailure) => Self::Unwritable(error.into()),
            _ => Self::failed(error),
        }
    }
}
