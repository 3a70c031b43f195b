//! The words of `actions`: machine words where the contract has them, sentences elsewhere.

use axum::http::StatusCode;
use axum::response::Response;
use parlour_model::Field;
use parlour_service::Error;
use serde::Serialize;
use utoipa::ToSchema;

use super::Undone;
use crate::refusal::{BadBody, Words};
use crate::reply;
use crate::shape::Shape;

/// The machine words of `new` and `edit`, and sentences for the rest.
pub(super) fn word(action: &str, undone: &Undone) -> &'static str {
    let error = match undone {
        Undone::BadData => return "invalid_data",
        Undone::Refused(error) => error,
    };
    match error {
        Error::Invalid(violations) => match violations.first().map(|violation| violation.field) {
            Some(Field::Username) => "invalid_username",
            Some(Field::Email) => "invalid_email",
            Some(Field::Password) if action == "login" => "Wrong username or password.",
            Some(Field::Password) => "invalid_password",
            _ => "invalid_data",
        },
        Error::Taken(Field::Email) => "email_taken",
        Error::Taken(_) => "username_taken",
        Error::UnknownAccount if action == "details" => "Unknown user.",
        Error::WrongPassword if action == "edit" => "invalid_password",
        Error::UnknownAccount | Error::WrongPassword | Error::Disabled => "Wrong username or password.",
        Error::Unauthenticated => "Not logged in.",
        Error::CredentialRefused
        | Error::CredentialExpired
        | Error::RefreshRefused
        | Error::UnknownSecret
        | Error::SecretExpired
        | Error::LinkUsed => "Invalid token.",
        Error::Forbidden => "This token belongs to somebody else.",
        Error::MessageTooLong(_)
        | Error::KeyConflict
        | Error::UnknownRoom
        | Error::UnknownMessage
        | Error::Banned
        | Error::Muted(_)
        | Error::LastOwner
        | Error::Conflict
        | Error::TooLarge(_)
        | Error::NotAnImage => "invalid_data",
        Error::TooManyConnections => "Too many connections.",
        Error::Throttled(_) | Error::SlowMode(_) => "Too many attempts; try again later.",
        Error::Busy(_) => "The server is busy; try again.",
        Error::Internal(_) => "Something went wrong.",
    }
}

/// The words of this contract where it speaks HTTP: before the upgrade.
pub(crate) struct Actions;

impl Words for Actions {
    fn refuse(error: &Error) -> Response {
        let status = match error {
            Error::Unauthenticated | Error::CredentialRefused | Error::CredentialExpired => StatusCode::UNAUTHORIZED,
            Error::TooManyConnections | Error::Throttled(_) | Error::SlowMode(_) => StatusCode::TOO_MANY_REQUESTS,
            Error::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Error::Invalid(_)
            | Error::Taken(_)
            | Error::UnknownAccount
            | Error::WrongPassword
            | Error::Disabled
            | Error::Forbidden
            | Error::RefreshRefused
            | Error::UnknownSecret
            | Error::SecretExpired
            | Error::LinkUsed
            | Error::MessageTooLong(_)
            | Error::KeyConflict
            | Error::UnknownRoom
            | Error::UnknownMessage
            | Error::Banned
            | Error::Muted(_)
            | Error::LastOwner
            | Error::Conflict
            | Error::TooLarge(_)
            | Error::NotAnImage => StatusCode::BAD_REQUEST,
        };
        let sentence = match error {
            Error::Internal(_) => "Something went wrong.",
            _ => "The socket cannot be opened with this.",
        };
        reply::json(status, &Fault { error: sentence })
    }

    fn bad_body(_fault: &BadBody) -> Response {
        reply::json(StatusCode::BAD_REQUEST, &Fault { error: "Invalid data." })
    }

    fn no_such_route(status: StatusCode, sentence: &str) -> Response {
        reply::json(status, &Fault { error: sentence })
    }

    fn shape() -> Shape {
        Shape::of::<Fault<'_>>("application/json", &[400])
    }
}

/// An error that belongs to no action.
#[derive(Serialize, ToSchema)]
#[schema(as = actions::Fault)]
pub(super) struct Fault<'a> {
    pub(super) error: &'a str,
}
