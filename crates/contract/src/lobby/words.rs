//! The words of `lobby`: one sentence for each refusal, in HTTP and on the socket.

use axum::http::StatusCode;
use axum::response::Response;
use parlour_model::{Field, Violation};
use parlour_service::Error;
use serde::Serialize;
use utoipa::ToSchema;

use crate::refusal::{BadBody, Words};
use crate::reply;
use crate::shape::Shape;

/// The words of this contract.
pub(crate) struct Lobby;

impl Words for Lobby {
    /// Its users send form encoding with JSON inside.
    const JSON_ONLY: bool = false;

    fn refuse(error: &Error) -> Response {
        let status = match error {
            Error::Invalid(violations) => return invalid(violations),
            Error::Taken(_) => StatusCode::CONFLICT,
            Error::UnknownAccount
            | Error::WrongPassword
            | Error::Disabled
            | Error::Unauthenticated
            | Error::CredentialRefused
            | Error::CredentialExpired
            | Error::RefreshRefused
            | Error::UnknownSecret
            | Error::SecretExpired
            | Error::LinkUsed => StatusCode::UNAUTHORIZED,
            Error::Forbidden
            | Error::Banned
            | Error::Muted(_)
            | Error::UnknownRoom
            | Error::UnknownMessage
            | Error::LastOwner => StatusCode::FORBIDDEN,
            Error::MessageTooLong(_)
            | Error::KeyConflict
            | Error::Conflict
            | Error::TooLarge(_)
            | Error::NotAnImage => StatusCode::BAD_REQUEST,
            Error::TooManyConnections | Error::Throttled(_) | Error::SlowMode(_) => StatusCode::TOO_MANY_REQUESTS,
            Error::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        refusal(status, sentence(error))
    }

    fn bad_body(fault: &BadBody) -> Response {
        match fault {
            BadBody::TooLong => refusal(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long"),
            BadBody::Incomplete => refusal(StatusCode::BAD_REQUEST, "the body did not arrive"),
            BadBody::WrongType | BadBody::Malformed(_) => refusal(StatusCode::BAD_REQUEST, "the body is not JSON"),
            BadBody::IllTyped => refusal(StatusCode::BAD_REQUEST, "a field is missing or has the wrong type"),
        }
    }

    fn no_such_route(status: StatusCode, sentence: &str) -> Response {
        refusal(status, sentence)
    }

    fn shape() -> Shape {
        Shape::of::<Fault<'_>>("application/json", &[400, 413])
    }
}

pub(super) fn sentence(error: &Error) -> &'static str {
    match error {
        Error::Invalid(_) => "A text is neither empty nor holds NUL; a key has 1 to 128 characters.",
        Error::Taken(Field::Email) => "this e-mail is taken",
        Error::Taken(_) => "this username is taken",
        Error::UnknownAccount | Error::WrongPassword | Error::Disabled => "wrong e-mail or password",
        Error::Unauthenticated => "a token is needed",
        Error::CredentialRefused | Error::CredentialExpired => "the token is expired or invalid",
        Error::RefreshRefused | Error::UnknownSecret | Error::SecretExpired | Error::LinkUsed => "this is not valid",
        Error::Forbidden
        | Error::UnknownRoom
        | Error::UnknownMessage
        | Error::LastOwner
        | Error::Conflict
        | Error::TooLarge(_)
        | Error::NotAnImage => "this is not allowed",
        Error::Banned => "this room is closed to you",
        Error::Muted(_) => "you may read here, but not write, for a while",
        Error::MessageTooLong(_) => "the text is too long",
        Error::KeyConflict => "this key names another message",
        Error::TooManyConnections => "there are too many connections",
        Error::Throttled(_) | Error::SlowMode(_) => "too fast: try again later",
        Error::Busy(_) => "the server is busy: try again",
        Error::Internal(_) => "something went wrong here",
    }
}

fn invalid(violations: &[Violation]) -> Response {
    let sentence = match violations.first().map(|violation| violation.field) {
        Some(Field::Username) => "a username has 1 to 150 visible characters and no space around it",
        Some(Field::Email) => "this is no e-mail address",
        Some(Field::Password) => "this password cannot be used",
        _ => "a field cannot be used",
    };
    refusal(StatusCode::BAD_REQUEST, sentence)
}

pub(super) fn refusal(status: StatusCode, sentence: &str) -> Response {
    reply::json(status, &Fault { error: sentence })
}

#[derive(Serialize, ToSchema)]
#[schema(as = lobby::Fault)]
struct Fault<'a> {
    error: &'a str,
}
