//! What can go wrong, in the words of the use cases: finer than any contract needs, so that each can choose.

use std::fmt;
use std::time::Duration;

use parlour_model::{Field, Timestamp, Violation};

/// The result of a use case.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a use case was refused or failed. A contract words every variant; none of them words itself.
#[derive(Debug)]
pub enum Error {
    /// What was sent breaks these rules, at least one.
    Invalid(Vec<Violation>),
    /// Another account has this username or e-mail.
    Taken(Field),
    /// No account has this name, address or number.
    UnknownAccount,
    /// The account exists, the password is another one.
    WrongPassword,
    /// An administrator keeps the account out.
    Disabled,
    /// No credential was given where one is needed.
    Unauthenticated,
    /// The credential was never good: forged, malformed, of another kind, or of a session that ended.
    CredentialRefused,
    /// The credential's time is up.
    CredentialExpired,
    /// The caller is known, but may not.
    Forbidden,
    /// The refresh token is expired, unknown, or was used twice.
    RefreshRefused,
    /// The verification secret is unknown, or something newer took its place.
    UnknownSecret,
    /// The verification secret's time is up.
    SecretExpired,
    /// The one-time link was used, or an administrator exists.
    LinkUsed,
    /// The message is longer than this many bytes.
    MessageTooLong(usize),
    /// The client's key already names another message.
    KeyConflict,
    /// The account, the address or the server has as many connections as it may.
    TooManyConnections,
    /// Too much was asked by this account or source; it may ask again after this time.
    Throttled(Duration),
    /// There is more to do than fits, or the database is away: the same request may succeed after this time.
    Busy(Duration),
    /// There is no such room, or none that the caller may know of.
    UnknownRoom,
    /// There is no such message, or it is gone.
    UnknownMessage,
    /// The room's moderation keeps the caller out.
    Banned,
    /// The room's moderation lets the caller read, not write, until then.
    Muted(Timestamp),
    /// The room lets everybody write once in a while: again after this time.
    SlowMode(Duration),
    /// A room must keep an owner.
    LastOwner,
    /// What is asked for contradicts what is.
    Conflict,
    /// What was sent is more than this many bytes, or pixels.
    TooLarge(usize),
    /// What was sent is no image that can be read.
    NotAnImage,
    /// A fault of ours. It is logged where it is turned into an answer, never shown.
    Internal(Internal),
}

/// A fault of ours, for the log.
#[derive(Debug)]
pub struct Internal(Box<dyn std::error::Error + Send + Sync>);

impl fmt::Display for Internal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How long a client should wait when the database is away: long enough not to be a herd, short enough to be unnoticed.
const DATABASE_AWAY: Duration = Duration::from_secs(1);

impl Error {
    /// A fault of ours.
    pub fn internal(fault: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(Internal(fault.into()))
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::Invalid(vec![violation])
    }
}

impl From<parlour_store::Error> for Error {
    fn from(error: parlour_store::Error) -> Self {
        match error {
            parlour_store::Error::Busy => Self::Busy(DATABASE_AWAY),
            // Said here, because a client is told no more than to come back.
            unwritable @ parlour_store::Error::Unwritable(_) => {
                tracing::error!("{unwritable}");
                Self::Busy(DATABASE_AWAY)
            }
            other => Self::internal(other),
        }
    }
}
