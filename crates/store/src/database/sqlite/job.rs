//! One write on its way through the writer thread.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::database::Tx;
use crate::{Error, Result};

/// What the writer needs to know of a write.
pub(super) trait Work: Send {
    /// Whether somebody still waits for it.
    fn wanted(&self) -> bool;
    /// Runs it on the open transaction, from its beginning; whether it went well.
    fn attempt(&mut self, connection: &mut Connection) -> bool;
    /// Tells whoever waits: its own outcome when the group was committed, the group's failure otherwise.
    fn answer(self: Box<Self>, group: std::result::Result<(), GroupFailure>);
}

/// Why a whole group was not kept.
#[derive(Clone)]
pub(super) enum GroupFailure {
    Busy,
    Failed(Arc<Error>),
}

/// A closure, and who waits for its outcome.
pub(super) struct Job<F, T> {
    work: F,
    outcome: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

impl<F, T> Job<F, T>
where
    T: Send + 'static,
    F: AsyncFn(&mut Tx<'_>) -> Result<T> + Send + 'static,
{
    pub(super) fn queue(work: F) -> (Box<dyn Work>, oneshot::Receiver<Result<T>>) {
        let (answer, answered) = oneshot::channel();
        (Box::new(Self { work, outcome: None, answer }), answered)
    }
}

impl<F, T> Work for Job<F, T>
where
    T: Send + 'static,
    F: AsyncFn(&mut Tx<'_>) -> Result<T> + Send + 'static,
{
    fn wanted(&self) -> bool {
        !self.answer.is_closed()
    }

    fn attempt(&mut self, connection: &mut Connection) -> bool {
        let mut tx = Tx::Sqlite(connection);
        // Whatever a panic left half done is rolled back with the statements.
        let attempt = AssertUnwindSafe(|| poll_once((self.work)(&mut tx)));
        let outcome = catch_unwind(attempt).unwrap_or_else(|panic| Err(Error::failed(panic_text(&*panic))));
        let good = outcome.is_ok();
        self.outcome = Some(outcome);
        good
    }

    fn answer(self: Box<Self>, group: std::result::Result<(), GroupFailure>) {
        let answer = match (group, self.outcome) {
            (_, Some(Err(own))) => Err(own),
            (Ok(()), Some(outcome)) => outcome,
            (Err(GroupFailure::Failed(cause)), _) => Err(not_kept(cause)),
            (Err(GroupFailure::Busy), _) | (Ok(()), None) => Err(Error::Busy),
        };
        // Nobody may be waiting any more.
        let _ = self.answer.send(answer);
    }
}

/// A transaction awaits nothing but its statements, and those are done at once here.
fn poll_once<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(Error::failed("a transaction waited for something that is not its own statement")),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a transaction panicked: {}", said.unwrap_or("without a text"))
}

/// The failure of a group, as each of its writes is told.
fn not_kept(cause: Arc<Error>) -> Error {
    match *cause {
        Error::Unwritable(_) => Error::Unwritable(Box::new(NotKept(cause))),
        _ => Error::failed(NotKept(cause)),
    }
}

/// A write that went well itself and was not kept, because its group was not.
#[derive(Debug)]
struct NotKept(Arc<Error>);

impl fmt::Display for NotKept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the commit failed: {}", self.0)
    }
}

impl StdError for NotKept {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}
