//! One small interface over two very different drivers; the only place that knows which of them runs.
//!
//! A transaction is written once, as an async closure over a [`Tx`], and reads like SQL with names:
//!
//! ```text
//! self.db.write(async move |tx| {
//!     let Some((last,)) = tx.get(LOCK_ROOM, params![room]).await? else { return Ok(None) };
//!     tx.run(INSERT_EVENT, params![room, last + 1, &text]).await?;
//!     Ok(Some(last + 1))
//! }).await
//! ```
//!
//! The rules of such a closure: it awaits nothing but its `Tx`, it has no effect but its statements (it may run
//! more than once), it borrows or clones what it captured, and an expected refusal is a value that leaves
//! nothing half done, since a transaction that ends with a value is committed.

pub(crate) mod postgres;
mod row;
pub mod sql;
pub(crate) mod sqlite;
mod tx;
mod value;

pub use row::{Cell, FromCell, FromRow, Row};
pub use sql::Sql;
pub use tx::{Statement, Tx};
pub use value::{Params, Value};

pub(crate) use tx::Script;
pub(crate) use value::storable;

use crate::Result;

/// The database that was chosen at start. Cheap to clone.
#[derive(Clone)]
pub enum Database {
    /// One file, one writer thread.
    Sqlite(sqlite::Sqlite),
    /// A pool of connections.
    Postgres(postgres::Postgres),
}

// What PostgreSQL's answers need while they are awaited is large, and lies in a box, so that nobody carries its weight on SQLite.
impl Database {
    /// The first row of a quick read: one row by an index. On SQLite it runs on the calling thread.
    pub async fn get<R: FromRow>(&self, sql: Sql, params: Params) -> Result<Option<R>> {
        match self {
            Self::Sqlite(sqlite) => sqlite.get(sql, &params),
            Self::Postgres(postgres) => Box::pin(postgres.get(sql, &params)).await,
        }
    }

    /// All rows of a read that may take its time. On SQLite it runs on a thread that may block.
    pub async fn all<R: FromRow>(&self, sql: Sql, params: Params) -> Result<Vec<R>> {
        match self {
            Self::Sqlite(sqlite) => sqlite.all(sql, params).await,
            Self::Postgres(postgres) => Box::pin(postgres.all(sql, &params)).await,
        }
    }

    /// The first row for each set of parameters, in their order.
    pub async fn get_each<R: FromRow>(&self, sql: Sql, each: Vec<Params>) -> Result<Vec<Option<R>>> {
        match self {
            Self::Sqlite(sqlite) => sqlite.get_each(sql, each).await,
            Self::Postgres(postgres) => Box::pin(postgres.get_each(sql, &each)).await,
        }
    }

    /// One change in a transaction of its own; the number of rows that were changed.
    pub async fn run(&self, sql: Sql, params: Params) -> Result<u64> {
        self.write(async move |tx| tx.run(sql, params.clone()).await).await
    }

    /// Runs `work` in a transaction. Ok means durable. See the rules of such a closure above.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: AsyncFn(&mut Tx<'_>) -> Result<T> + Send + Sync + 'static,
    {
        match self {
            Self::Sqlite(sqlite) => sqlite.write(work).await,
            Self::Postgres(postgres) => Box::pin(postgres.write(work)).await,
        }
    }

    /// Finishes what is queued and lets go of the database.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => sqlite.close().await,
            Self::Postgres(postgres) => postgres.close(),
        }
    }
}
