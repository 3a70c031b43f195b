//! Why a connection ends.

use parlour_websocket::{Close, CloseCode, ReadError};

use crate::farewell::Farewell;
use crate::reading::FellBehind;

/// Why a connection ends.
#[derive(Debug)]
pub(crate) enum Ending {
    /// The line is broken.
    Gone,
    /// After a goodbye.
    Goodbye(CloseCode, String),
}

impl From<FellBehind> for Ending {
    fn from(FellBehind: FellBehind) -> Self {
        Self::Goodbye(CloseCode::TRY_AGAIN_LATER, "resume".to_owned())
    }
}

impl From<Farewell> for Ending {
    fn from(farewell: Farewell) -> Self {
        let (code, reason) = farewell.words();
        Self::Goodbye(code, reason.to_owned())
    }
}

impl From<Option<Close>> for Ending {
    /// The peer's goodbye, which is answered with its own code (RFC 6455 §5.5.1).
    fn from(close: Option<Close>) -> Self {
        Self::Goodbye(close.map_or(CloseCode::NORMAL, |close| close.code), String::new())
    }
}

impl From<ReadError> for Ending {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Violation(violation) => Self::Goodbye(violation.close_code(), violation.to_string()),
            ReadError::Io(_) | ReadError::Ended => Self::Gone,
        }
    }
}
