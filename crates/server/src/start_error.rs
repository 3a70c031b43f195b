//! Why a server does not start.

use std::fmt;

/// Why a server does not start, in a sentence for the operator.
#[derive(Debug)]
pub struct StartError(String);

impl StartError {
    /// With this sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for StartError {}

/// With what somebody else says of it.
pub(crate) fn sentence(error: impl fmt::Display) -> StartError {
    StartError::new(error.to_string())
}

/// With what a use case says of it.
pub(crate) fn fault(error: parlour_service::Error) -> StartError {
    match error {
        parlour_service::Error::Internal(fault) => sentence(fault),
        other => StartError::new(format!("{other:?}")),
    }
}
