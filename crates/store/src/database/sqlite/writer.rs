//! The writer thread: the writes that wait are run in one transaction and made durable by one commit.
//!
//! A group is first run bare. When one of its writes fails, the group is rolled back and run again with a
//! savepoint around each write, so that only the failing one is undone: twice as fast as savepoints always,
//! since failures are rare.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::checkpoint::Checkpoints;
use super::job::{GroupFailure, Work};
use super::priority;
use super::settings::patiently;
use crate::{Error, Result};

/// The most writes of one group.
const MOST_IN_GROUP: usize = 256;

/// How long a group may take in more writes: those who came first wait for the commit.
const LONGEST_GROUP: Duration = Duration::from_millis(20);

/// What the writer is told.
pub(super) enum Order {
    /// A write.
    Run(Box<dyn Work>),
    /// Finish what waits and stop.
    Close,
}

/// Runs until the database is closed or dropped.
pub(super) fn serve(connection: Connection, checkpoints: Checkpoints, orders: mpsc::Receiver<Order>) {
    let mut writer = Writer { connection, orders };
    priority::interrupt_nobody();
    while let Some(first) = writer.wait() {
        writer.run_group(first);
        checkpoints.look(&writer.connection);
    }
    checkpoints.end();
    // What cannot be moved into the main file now stays in the log and is found there at the next start.
    let _ = writer.connection.pragma_query(None, "wal_checkpoint(TRUNCATE)", |_| Ok(()));
}

struct Writer {
    connection: Connection,
    orders: mpsc::Receiver<Order>,
}

impl Writer {
    /// The next write, when there is one; `None` when there will be no more.
    fn wait(&mut self) -> Option<Box<dyn Work>> {
        loop {
            match self.orders.blocking_recv()? {
                Order::Run(job) => return Some(job),
                Order::Close => self.orders.close(),
            }
        }
    }

    /// The next write that waits already.
    fn next(&mut self) -> Option<Box<dyn Work>> {
        loop {
            match self.orders.try_recv().ok()? {
                Order::Run(job) => return Some(job),
                Order::Close => self.orders.close(),
            }
        }
    }

    fn run_group(&mut self, first: Box<dyn Work>) {
        let mut jobs = vec![first];
        let outcome = self.begin().and_then(|()| self.run_jobs(&mut jobs)).and_then(|()| self.commit());
        let outcome = outcome.map_err(|error| self.give_up(error, &mut jobs));
        for job in jobs {
            job.answer(outcome.clone());
        }
    }

    /// Runs the first job and whatever gathers meanwhile.
    fn run_jobs(&mut self, jobs: &mut Vec<Box<dyn Work>>) -> Result<()> {
        let since = Instant::now();
        let mut at = 0;
        while at < jobs.len() {
            // Nobody waits any more for what was cancelled in the queue: it is left out.
            if !jobs[at].wanted() {
                jobs.swap_remove(at);
            } else if jobs[at].attempt(&mut self.connection) {
                at += 1;
            } else {
                return self.run_apart(jobs);
            }
            if at == jobs.len() && at < MOST_IN_GROUP && since.elapsed() < LONGEST_GROUP {
                jobs.extend(self.next());
            }
        }
        Ok(())
    }

    /// Runs the jobs once more, each behind a savepoint of its own.
    fn run_apart(&mut self, jobs: &mut [Box<dyn Work>]) -> Result<()> {
        self.rollback();
        self.begin()?;
        for job in jobs {
            self.connection.execute_batch("SAVEPOINT job")?;
            if !job.attempt(&mut self.connection) {
                // A full disk or a damaged file can end the whole transaction; then there is no savepoint to go
                // back to, and this fails the group.
                self.connection.execute_batch("ROLLBACK TO job")?;
            }
            self.connection.execute_batch("RELEASE job")?;
        }
        Ok(())
    }

    /// Begins with the write lock in hand, so that no statement can meet another program's.
    fn begin(&mut self) -> Result<()> {
        patiently(|| self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop))
    }

    fn commit(&mut self) -> Result<()> {
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    fn rollback(&mut self) {
        if !self.connection.is_autocommit() {
            // It fails only when the transaction has ended by itself.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }

    /// The group is lost. When another program keeps the file locked, what waits would wait in vain too.
    fn give_up(&mut self, error: Error, jobs: &mut Vec<Box<dyn Work>>) -> GroupFailure {
        self.rollback();
        if !matches!(error, Error::Busy) {
            return GroupFailure::Failed(Arc::new(error));
        }
        while let Some(job) = self.next() {
            jobs.push(job);
        }
        GroupFailure::Busy
    }
}
