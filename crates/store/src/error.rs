//! What can go wrong with a store, in words that a caller can act upon.

use std::error::Error as StdError;
use std::fmt;

/// The result of every call to a store.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a store did not answer. An expected refusal (a name that is taken, say) is a value, not an error.
#[derive(Debug)]
pub enum Error {
    /// The database is away, locked by somebody else, or has more to do than it may queue. Nothing is known to be
    /// kept of the call; the same call may succeed in a moment.
    Busy,
    /// The disk is full, read-only or broken. Nothing is kept of the call; it succeeds when the operator has mended
    /// the disk.
    Unwritable(Box<dyn StdError + Send + Sync>),
    /// A bug or a damaged database. Trying again will not help.
    Failed(Box<dyn StdError + Send + Sync>),
    /// A newer program has been at this database: it holds more than this one understands.
    NewerSchema {
        /// The last migration that a program has to know to work with it.
        least: i64,
        /// The last migration that this program knows.
        known: i64,
    },
    /// Everything is being moved here from another database, and not all of it has come.
    HalfMoved,
    /// Another server runs on the same SQLite file.
    AlreadyRunning,
}

impl Error {
    /// A failure with a cause, or with a sentence for one.
    pub(crate) fn failed(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Failed(cause.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("the database is busy or away"),
            Self::Unwritable(cause) => write!(f, "the database cannot be written, is the disk full? {cause}"),
            Self::Failed(cause) => write!(f, "the database failed: {cause}"),
            Self::NewerSchema { least, known } => {
                write!(f, "the database needs migration {least}, and this program knows only {known}: it is too old")
            }
            Self::HalfMoved => f.write_str(
                "another database is being moved here, and not all of it has come: run `parlour migrate` again until it ends",
            ),
            Self::AlreadyRunning => f.write_str("another server is running on this database file"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Unwritable(cause) | Self::Failed(cause) => Some(&**cause),
            _ => None,
        }
    }
}
