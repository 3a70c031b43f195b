//! The words of `rooms`: one envelope for what is given and what is refused.

use axum::http::StatusCode;
use axum::response::Response;
use parlour_model::{Field, Violation};
use parlour_service::Error;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{Object, Type};

use crate::refusal::{BadBody, Words};
use crate::reply;
use crate::shape::Shape;

/// The words of this contract.
pub(crate) struct Rooms;

impl Words for Rooms {
    fn refuse(error: &Error) -> Response {
        let (status, word, message) = match error {
            Error::Invalid(violations) => return invalid(violations),
            Error::Taken(_) => (StatusCode::BAD_REQUEST, "USER_EXISTS", "This username is taken."),
            Error::UnknownAccount => (StatusCode::BAD_REQUEST, "USER_NOT_FOUND", "There is no such user."),
            Error::WrongPassword | Error::Disabled => {
                (StatusCode::UNAUTHORIZED, "PASSWORD_MATCH_FAILED", "The password does not match.")
            }
            Error::Unauthenticated
            | Error::CredentialRefused
            | Error::CredentialExpired
            | Error::RefreshRefused
            | Error::UnknownSecret
            | Error::SecretExpired
            | Error::LinkUsed => (StatusCode::UNAUTHORIZED, "INVALID_AUTH_TOKEN", "This needs a valid token."),
            Error::Forbidden
            | Error::Banned
            | Error::Muted(_)
            | Error::UnknownRoom
            | Error::UnknownMessage
            | Error::LastOwner => (StatusCode::FORBIDDEN, "FORBIDDEN", "You may not do this."),
            Error::MessageTooLong(_)
            | Error::KeyConflict
            | Error::Conflict
            | Error::TooLarge(_)
            | Error::NotAnImage => (StatusCode::BAD_REQUEST, "BAD_BINDING", "This is no message."),
            Error::TooManyConnections => {
                (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_CONNECTIONS", "There are too many connections.")
            }
            Error::Throttled(_) | Error::SlowMode(_) => {
                (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS", "Too many requests; try later.")
            }
            Error::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "BUSY", "The server is busy; try again."),
            Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "Something went wrong here."),
        };
        refusal(status, word, message)
    }

    fn bad_body(fault: &BadBody) -> Response {
        let message = match fault {
            BadBody::WrongType => "The body must be application/json.",
            BadBody::TooLong => "The body is too long.",
            BadBody::Incomplete => "The body did not arrive.",
            BadBody::Malformed(_) => "The body is not JSON.",
            BadBody::IllTyped => "A field is missing or has the wrong type.",
        };
        refusal(StatusCode::BAD_REQUEST, "BAD_BINDING", message)
    }

    fn no_such_route(status: StatusCode, sentence: &str) -> Response {
        let word = match status {
            StatusCode::METHOD_NOT_ALLOWED => "METHOD_NOT_ALLOWED",
            StatusCode::UPGRADE_REQUIRED => "UPGRADE_REQUIRED",
            StatusCode::NOT_FOUND => "NOT_FOUND",
            _ => "BAD_HANDSHAKE",
        };
        refusal(status, word, sentence)
    }

    fn shape() -> Shape {
        Shape::of::<Refused<'_>>("application/json", &[400])
    }
}

fn invalid(violations: &[Violation]) -> Response {
    let about = |field| violations.iter().any(|violation| violation.field == field);
    let (word, message) = if about(Field::RoomName) {
        ("BAD_ROOM_NAME", "A room's name has 1 to 64 visible characters.")
    } else if about(Field::Username) {
        ("BAD_BINDING", "A username has 1 to 150 visible characters and no space around it.")
    } else {
        ("BAD_PASSWORD", "This password cannot be used.")
    };
    refusal(StatusCode::BAD_REQUEST, word, message)
}

pub(super) fn success(status: StatusCode, data: &impl Serialize) -> Response {
    reply::json(status, &Envelope { error: (), data })
}

pub(super) fn refusal(status: StatusCode, word: &'static str, message: &str) -> Response {
    reply::json(status, &Refused { error: Fault { word, same_word: word, message }, data: () })
}

/// The half of the envelope that is empty.
fn nothing() -> Object {
    Object::with_type(Type::Null)
}

/// What was asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = rooms::Envelope)]
pub(super) struct Envelope<'a, T> {
    #[schema(schema_with = nothing)]
    error: (),
    data: &'a T,
}

/// What was refused.
#[derive(Serialize, ToSchema)]
#[schema(as = rooms::Refused)]
struct Refused<'a> {
    error: Fault<'a>,
    #[schema(schema_with = nothing)]
    data: (),
}

/// The prose of the contract says `type`, its examples `Type`; clients of both exist.
#[derive(Serialize, ToSchema)]
#[schema(as = rooms::Fault)]
struct Fault<'a> {
    #[serde(rename = "type")]
    #[schema(examples("BAD_BINDING"))]
    word: &'static str,
    #[serde(rename = "Type")]
    #[schema(examples("BAD_BINDING"))]
    same_word: &'static str,
    /// For people.
    message: &'a str,
}
