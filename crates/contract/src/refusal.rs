//! A refusal: an error of a use case, or a request that never became one, in a contract's own words.

use std::marker::PhantomData;
use std::time::Duration;

use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use parlour_service::Error;
use parlour_websocket::HandshakeError;

use crate::shape::Shape;

/// The words of one contract. Each gives one exhaustive `match` over the errors, so that a new error must be
/// worded by all.
pub(crate) trait Words: Send + Sync + 'static {
    /// Whether a body must say that it is JSON.
    const JSON_ONLY: bool = true;

    /// A use case refused or failed.
    fn refuse(error: &Error) -> Response;

    /// The body could not be read.
    fn bad_body(fault: &BadBody) -> Response;

    /// There is such a path, but not with this method, or no such path below the contract's own.
    fn no_such_route(status: StatusCode, sentence: &str) -> Response;

    /// There is such a path, but not with this method.
    fn wrong_method(_method: &Method) -> Response {
        Self::no_such_route(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed.")
    }

    /// How a refusal is described.
    fn shape() -> Shape;
}

/// Why a body could not be read.
#[derive(Debug)]
pub(crate) enum BadBody {
    /// It says that it is something else than JSON.
    WrongType,
    /// It is longer than any form of ours.
    TooLong,
    /// It did not arrive in time, or broke off.
    Incomplete,
    /// It is no JSON.
    Malformed(String),
    /// It is JSON, but a field is missing or of another type.
    IllTyped,
}

/// A refusal in the words of `W`.
pub(crate) struct Refusal<W> {
    /// Boxed, so that a handler's answer is no larger than it must be.
    response: Box<Response>,
    words: PhantomData<W>,
}

/// The result of a handler of the contract whose words are `W`.
pub(crate) type Answer<W> = Result<Response, Refusal<W>>;

impl<W> Refusal<W> {
    /// A refusal that only this contract knows.
    pub(crate) fn of(response: Response) -> Self {
        Self { response: Box::new(response), words: PhantomData }
    }
}

impl<W: Words> From<Error> for Refusal<W> {
    fn from(error: Error) -> Self {
        if let Error::Internal(fault) = &error {
            tracing::error!(%fault, "a request failed");
        }
        let mut response = W::refuse(&error);
        let wait = match error {
            Error::Throttled(wait) | Error::SlowMode(wait) | Error::Busy(wait) => Some(wait),
            Error::TooManyConnections => Some(UNTIL_SOME_CLOSE),
            _ => None,
        };
        if let Some(wait) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, seconds(wait));
        }
        Self::of(response)
    }
}

impl<W: Words> From<BadBody> for Refusal<W> {
    fn from(fault: BadBody) -> Self {
        Self::of(W::bad_body(&fault))
    }
}

impl<W: Words> From<HandshakeError> for Refusal<W> {
    fn from(error: HandshakeError) -> Self {
        let status = match error {
            HandshakeError::NotAnUpgrade | HandshakeError::BadVersion => StatusCode::UPGRADE_REQUIRED,
            HandshakeError::BadMethod => StatusCode::METHOD_NOT_ALLOWED,
            HandshakeError::BadKey | HandshakeError::BadSubprotocol | HandshakeError::BadExtensions => {
                StatusCode::BAD_REQUEST
            }
        };
        let mut response = W::no_such_route(status, "This is a WebSocket: ask for an upgrade.");
        if status == StatusCode::UPGRADE_REQUIRED {
            let headers = response.headers_mut();
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        Self::of(response)
    }
}

impl<W> IntoResponse for Refusal<W> {
    fn into_response(self) -> Response {
        *self.response
    }
}

/// What a client should wait when there are too many connections.
const UNTIL_SOME_CLOSE: Duration = Duration::from_secs(10);

/// Answers a method that a route does not have.
pub(crate) async fn wrong_method<W: Words>(method: Method) -> Response {
    W::wrong_method(&method)
}

/// Whole seconds, at least one, rounded up: a client that waits this long is let in (RFC 9110 §10.2.3).
pub(crate) fn seconds(wait: Duration) -> HeaderValue {
    HeaderValue::from(wait.as_secs() + u64::from(wait.subsec_nanos() > 0).max(u64::from(wait.is_zero())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up() {
        assert_eq!(seconds(Duration::ZERO), "1");
        assert_eq!(seconds(Duration::from_millis(1)), "1");
        assert_eq!(seconds(Duration::from_millis(1_001)), "2");
        assert_eq!(seconds(Duration::from_secs(3)), "3");
    }
}
