//! What PostgreSQL's errors mean to a caller.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use tokio_postgres::error::SqlState;

use crate::Error;

/// Another transaction got in the way; nothing is wrong with this one.
const IN_THE_WAY: [SqlState; 2] = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];

/// What this transaction saw has changed meanwhile: a row was made, or one that another leans on has gone, or a newer
/// program has changed a table whose statements are prepared. Run again, it sees that. When it still fails then, it is a bug.
const OUTDATED: [SqlState; 3] =
    [SqlState::UNIQUE_VIOLATION, SqlState::FOREIGN_KEY_VIOLATION, SqlState::FEATURE_NOT_SUPPORTED];

/// The server goes away, has no room for us now, or has given up waiting.
const AWAY: [SqlState; 8] = [
    SqlState::ADMIN_SHUTDOWN,
    SqlState::CRASH_SHUTDOWN,
    SqlState::CANNOT_CONNECT_NOW,
    SqlState::TOO_MANY_CONNECTIONS,
    SqlState::LOCK_NOT_AVAILABLE,
    SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    SqlState::QUERY_CANCELED,
    SqlState::OUT_OF_MEMORY,
];

/// The server runs and keeps nothing: its disk is full or broken, or it is a copy of another one.
const UNWRITABLE: [SqlState; 3] = [SqlState::DISK_FULL, SqlState::IO_ERROR, SqlState::READ_ONLY_SQL_TRANSACTION];

/// A connection that does not have the statements that were prepared on it.
const POOLED: [SqlState; 2] = [SqlState::INVALID_SQL_STATEMENT_NAME, SqlState::DUPLICATE_PSTATEMENT];

/// An error of the server with its reason. What a row holds is not in it: the server says that in a detail, which is left out.
#[derive(Debug)]
struct Fault(tokio_postgres::Error);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.as_db_error(), self.0.source()) {
            (Some(error), _) if POOLED.contains(error.code()) => {
                write!(f, "{}: behind a pooler in transaction mode, `database.prepare` must be false", error.message())
            }
            (Some(error), _) => write!(f, "{} ({})", error.message(), error.code().code()),
            (None, Some(cause)) => write!(f, "{}: {cause}", self.0),
            (None, None) => self.0.fmt(f),
        }
    }
}

impl StdError for Fault {}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        if is_away(&error) {
            tracing::debug!(error = %Fault(error), "PostgreSQL is away");
            return Self::Busy;
        }
        if error.code().is_some_and(|state| UNWRITABLE.contains(state)) {
            return Self::Unwritable(Box::new(Fault(error)));
        }
        Self::failed(Fault(error))
    }
}

/// Whether the server is away, going away, or has no room for us now.
fn is_away(error: &tokio_postgres::Error) -> bool {
    if let Some(state) = error.code() {
        return AWAY.contains(state) || state.code().starts_with("08");
    }
    // Without a state it is not the server that speaks: the line broke, or was never there. A certificate that is not
    // believed comes in the same clothes, and does not get better by waiting.
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    error.is_closed() || cause.is_some_and(|cause| cause.kind() != io::ErrorKind::InvalidData)
}

/// Whether nothing more can be had from a line that said this.
pub(super) fn breaks_the_line(error: &tokio_postgres::Error) -> bool {
    let Some(state) = error.code() else { return is_away(error) };
    // Of a copy, too: the next connection may reach the one that is written to now. And in a transaction that has failed,
    // nothing is answered any more.
    let states =
        [SqlState::FEATURE_NOT_SUPPORTED, SqlState::READ_ONLY_SQL_TRANSACTION, SqlState::IN_FAILED_SQL_TRANSACTION];
    states.contains(state) || state.code().starts_with("08") || state.code().starts_with("57P")
}

/// Whether the same transaction, run again, may succeed at once.
pub(super) fn is_worth_another_try(error: &Error) -> bool {
    has_state(error, &IN_THE_WAY) || has_state(error, &OUTDATED)
}

/// Whether others keep getting in its way.
pub(super) fn is_in_the_way(error: &Error) -> bool {
    has_state(error, &IN_THE_WAY)
}

fn has_state(error: &Error, states: &[SqlState]) -> bool {
    let Error::Failed(cause) = error else { return false };
    let state = cause.downcast_ref::<Fault>().and_then(|fault| fault.0.code());
    state.is_some_and(|state| states.contains(state))
}
