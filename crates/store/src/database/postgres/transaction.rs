//! A transaction in the making: opened with the first statement, in one round trip.

use super::pool::Taken;
use crate::database::{Params, Sql, Statement};
use crate::{Error, Result};
use tokio_postgres::Row;

/// Waits for any other program that migrates this database, and then lets every step take its time. The number is ours
/// alone: the bytes of `parlour`.
const LOCK_SCHEMA: &str = "SELECT pg_advisory_xact_lock(31632341465003378); SET LOCAL statement_timeout = 0";

/// An open transaction. Dropped, it rolls itself back.
pub struct Transaction {
    line: Taken,
    /// The last place of the control log that it has written.
    announced: Option<i64>,
    failed: bool,
    committed: bool,
}

impl Transaction {
    pub(super) fn begin(mut line: Taken) -> Self {
        line.open_transaction();
        Self { line, announced: None, failed: false, committed: false }
    }

    /// Makes it durable; what it has announced.
    pub(super) async fn commit(mut self) -> Result<Option<i64>> {
        if self.failed {
            // The server would roll back and call it a success.
            return Err(Error::failed("a transaction was to be committed after one of its statements had failed"));
        }
        self.line.commit().await?;
        self.committed = true;
        Ok(self.announced)
    }

    pub(crate) fn announce(&mut self, seq: i64) {
        self.announced = Some(seq);
    }

    pub(crate) async fn query(&mut self, sql: Sql, params: &Params) -> Result<Vec<Row>> {
        let answer = self.line.query(sql, params).await;
        self.noted(answer)
    }

    pub(crate) async fn query_each(&mut self, sql: Sql, each: &[Params]) -> Result<Vec<Vec<Row>>> {
        let answer = self.line.query_each(sql, each).await;
        self.noted(answer)
    }

    pub(crate) async fn execute(&mut self, sql: Sql, params: &Params) -> Result<u64> {
        let answer = self.line.execute(sql, params).await;
        self.noted(answer)
    }

    pub(crate) async fn execute_all(&mut self, work: &[Statement]) -> Result<Vec<u64>> {
        let answer = self.line.execute_all(work).await;
        self.noted(answer)
    }

    /// Keeps every other program out of the schema.
    pub(crate) async fn lock_schema(&mut self) -> Result<()> {
        self.line.take_time();
        self.batch(LOCK_SCHEMA).await
    }

    /// Keeps every other program away from what the search knows of a room. Rooms have the locks below zero.
    pub(crate) async fn lock_words(&mut self, room: i64) -> Result<()> {
        self.batch(&format!("SELECT pg_advisory_xact_lock({})", -room)).await
    }

    pub(crate) async fn batch(&mut self, script: &str) -> Result<()> {
        let answer = self.line.batch(script).await;
        self.noted(answer)
    }

    fn noted<T>(&mut self, answer: Result<T>) -> Result<T> {
        self.failed |= answer.is_err();
        answer
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.committed {
            self.line.close_with("ROLLBACK");
        }
    }
}
