//! A transaction in the making: the handle that a write gets, the same for both databases.

use super::value::columns;
use super::{FromRow, Params, Sql, postgres, sqlite};
use crate::Result;

/// A statement with its parameters.
pub type Statement = (Sql, Params);

/// The open transaction of [`Database::write`](super::Database::write).
pub enum Tx<'c> {
    /// The writer thread's connection.
    Sqlite(&'c mut rusqlite::Connection),
    /// A pooled connection's transaction.
    Postgres(&'c mut postgres::Transaction),
}

impl Tx<'_> {
    /// The first row, if there is one. The statement may change something and say `RETURNING`.
    pub async fn get<R: FromRow>(&mut self, sql: Sql, params: Params) -> Result<Option<R>> {
        match self {
            Self::Sqlite(connection) => sqlite::first(connection, sql, &params),
            Self::Postgres(transaction) => postgres::first(&Box::pin(transaction.query(sql, &params)).await?),
        }
    }

    /// All rows.
    pub async fn all<R: FromRow>(&mut self, sql: Sql, params: Params) -> Result<Vec<R>> {
        match self {
            Self::Sqlite(connection) => sqlite::all(connection, sql, &params),
            Self::Postgres(transaction) => postgres::every(&Box::pin(transaction.query(sql, &params)).await?),
        }
    }

    /// Changes something; the number of rows that were changed.
    pub async fn run(&mut self, sql: Sql, params: Params) -> Result<u64> {
        match self {
            Self::Sqlite(connection) => sqlite::run(connection, sql, &params),
            Self::Postgres(transaction) => Box::pin(transaction.execute(sql, &params)).await,
        }
    }

    /// The first row for each set of parameters, in their order; on PostgreSQL in one round trip.
    pub async fn get_each<R: FromRow>(&mut self, sql: Sql, each: Vec<Params>) -> Result<Vec<Option<R>>> {
        match self {
            Self::Sqlite(connection) => each.iter().map(|params| sqlite::first(connection, sql, params)).collect(),
            Self::Postgres(transaction) => {
                Box::pin(transaction.query_each(sql, &each)).await?.iter().map(|rows| postgres::first(rows)).collect()
            }
        }
    }

    /// Changes several things in order; on PostgreSQL in one round trip.
    pub async fn run_all(&mut self, work: Vec<Statement>) -> Result<Vec<u64>> {
        match self {
            Self::Sqlite(connection) => {
                work.iter().map(|(sql, params)| sqlite::run(connection, *sql, params)).collect()
            }
            Self::Postgres(transaction) => Box::pin(transaction.execute_all(&work)).await,
        }
    }

    /// All rows that are found for many sets of parameters, in any order. On PostgreSQL it is one statement, whose parameters
    /// are arrays of numbers and of text: its text takes them apart with `unnest`.
    pub async fn all_of<R: FromRow>(&mut self, sql: Sql, each: Vec<Params>) -> Result<Vec<R>> {
        if each.is_empty() {
            return Ok(Vec::new());
        }
        if let Self::Postgres(_) = self {
            return self.all(sql, columns(each)).await;
        }
        Ok(self.get_each(sql, each).await?.into_iter().flatten().collect())
    }

    /// Changes something for many sets of parameters; on PostgreSQL with one statement, as in [`Tx::all_of`].
    pub async fn run_of(&mut self, sql: Sql, each: Vec<Params>) -> Result<()> {
        if each.is_empty() {
            return Ok(());
        }
        if let Self::Postgres(_) = self {
            return self.run(sql, columns(each)).await.map(drop);
        }
        self.run_all(each.into_iter().map(|params| (sql, params)).collect()).await.map(drop)
    }

    /// Notes that the control log was written up to `seq`: the other nodes must hear of it before the write answers.
    pub(crate) fn announced(&mut self, seq: i64) {
        if let Self::Postgres(transaction) = self {
            transaction.announce(seq);
        }
    }

    /// Keeps every other program out of the schema until this transaction ends.
    pub(crate) async fn lock_schema(&mut self) -> Result<()> {
        match self {
            // A transaction of the writer holds the whole file already.
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(transaction) => Box::pin(transaction.lock_schema()).await,
        }
    }

    /// Keeps every other program away from what the search knows of a room until this transaction ends.
    pub(crate) async fn lock_words(&mut self, room: i64) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(transaction) => Box::pin(transaction.lock_words(room)).await,
        }
    }

    /// Runs a script of this database's own dialect: a migration.
    pub(crate) async fn script(&mut self, script: Script) -> Result<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute_batch(script.sqlite)?),
            Self::Postgres(transaction) => Box::pin(transaction.batch(script.postgres)).await,
        }
    }
}

/// A migration's text in both dialects.
#[derive(Clone, Copy)]
pub(crate) struct Script {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}
