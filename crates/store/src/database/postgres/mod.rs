//! PostgreSQL: a pool of connections whose statements are pipelined, and prepared once where that is possible.

mod abandoned;
mod doorbell;
mod fault;
mod line;
mod pause;
mod pool;
mod settings;
mod tls;
mod transaction;

use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;

pub use settings::PostgresSettings;
pub(crate) use transaction::Transaction;

use super::{FromRow, Params, Row, Sql, Tx};
use crate::{Error, Result};
use pool::Pool;

/// How often a transaction is run when others keep getting in its way.
const MOST_TRIES: usize = 10;

/// A database on a server. Cheap to clone.
#[derive(Clone)]
pub struct Postgres {
    pool: Pool,
    bell: Arc<OnceLock<Bell>>,
}

/// What is awaited when something was announced on the control log, with the last place of it.
pub(crate) type Bell = Box<dyn Fn(i64) -> BoxFuture<'static, ()> + Send + Sync>;

impl Postgres {
    pub(crate) fn open(settings: &PostgresSettings) -> Result<Self> {
        Ok(Self { pool: Pool::new(settings)?, bell: Arc::default() })
    }

    /// Hangs in the bell. There is one, and it stays.
    pub(crate) fn on_announce(&self, bell: Bell) {
        let _ = self.bell.set(bell);
    }

    pub(super) async fn get<R: FromRow>(&self, sql: Sql, params: &Params) -> Result<Option<R>> {
        first(&self.pool.take().await?.query(sql, params).await?)
    }

    pub(super) async fn all<R: FromRow>(&self, sql: Sql, params: &Params) -> Result<Vec<R>> {
        every(&self.pool.take().await?.query(sql, params).await?)
    }

    pub(super) async fn get_each<R: FromRow>(&self, sql: Sql, each: &[Params]) -> Result<Vec<Option<R>>> {
        self.pool.take().await?.query_each(sql, each).await?.iter().map(|rows| first(rows)).collect()
    }

    pub(super) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        F: AsyncFn(&mut Tx<'_>) -> Result<T> + Send + Sync,
    {
        let mut tries = 1;
        loop {
            match self.attempt(&work).await {
                Err(error) if tries < MOST_TRIES && fault::is_worth_another_try(&error) => tries += 1,
                Err(error) if fault::is_in_the_way(&error) => return Err(Error::Busy),
                outcome => return outcome,
            }
        }
    }

    async fn attempt<T, F>(&self, work: &F) -> Result<T>
    where
        F: AsyncFn(&mut Tx<'_>) -> Result<T> + Send + Sync,
    {
        // Dropped before its commit, by an error or because nobody waits any more, it rolls itself back.
        let mut transaction = Transaction::begin(self.pool.take().await?);
        let value = work(&mut Tx::Postgres(&mut transaction)).await?;
        let announced = transaction.commit().await?;
        if let (Some(seq), Some(bell)) = (announced, self.bell.get()) {
            bell(seq).await;
        }
        Ok(value)
    }

    pub(super) fn close(&self) {
        self.pool.close();
    }
}

pub(super) fn first<R: FromRow>(rows: &[tokio_postgres::Row]) -> Result<Option<R>> {
    rows.first().map(|row| R::from_row(&mut Row::postgres(row))).transpose()
}

pub(super) fn every<R: FromRow>(rows: &[tokio_postgres::Row]) -> Result<Vec<R>> {
    rows.iter().map(|row| R::from_row(&mut Row::postgres(row))).collect()
}
