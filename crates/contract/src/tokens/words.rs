//! The words of `tokens`: one sentence for each refusal, as a JSON string.

use axum::http::StatusCode;
use axum::response::Response;
use parlour_service::Error;
use serde::Serialize;
use utoipa::ToSchema;

use crate::refusal::{BadBody, Words};
use crate::reply;
use crate::shape::Shape;

/// The words of this contract.
pub(crate) struct Tokens;

const MALFORMED: &str = "Malformed json request body";

impl Words for Tokens {
    fn refuse(error: &Error) -> Response {
        let (status, sentence) = match error {
            Error::Invalid(_)
            | Error::MessageTooLong(_)
            | Error::KeyConflict
            | Error::Conflict
            | Error::TooLarge(_)
            | Error::NotAnImage => (StatusCode::BAD_REQUEST, MALFORMED),
            Error::Taken(_) => (StatusCode::CONFLICT, "Error creating new user, no username is left for this name"),
            Error::UnknownAccount | Error::WrongPassword | Error::Disabled => {
                (StatusCode::UNAUTHORIZED, "Unauthorized user")
            }
            Error::Unauthenticated | Error::CredentialRefused | Error::CredentialExpired => {
                (StatusCode::UNAUTHORIZED, "Given access token is expired or invalid")
            }
            Error::RefreshRefused => (StatusCode::UNAUTHORIZED, "Given refresh token is expired or invalid"),
            Error::UnknownSecret | Error::LinkUsed => (StatusCode::UNAUTHORIZED, "Given token is invalid"),
            Error::SecretExpired => (StatusCode::UNAUTHORIZED, "Given token is expired"),
            Error::Forbidden
            | Error::UnknownRoom
            | Error::UnknownMessage
            | Error::Banned
            | Error::Muted(_)
            | Error::LastOwner => (StatusCode::FORBIDDEN, "Not allowed"),
            Error::TooManyConnections | Error::Throttled(_) | Error::SlowMode(_) => {
                (StatusCode::TOO_MANY_REQUESTS, "Too many requests, try again later")
            }
            Error::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "The server is busy, try again"),
            Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong"),
        };
        refusal(status, sentence)
    }

    fn bad_body(fault: &BadBody) -> Response {
        let status = match fault {
            BadBody::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            BadBody::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            BadBody::Incomplete | BadBody::Malformed(_) | BadBody::IllTyped => StatusCode::BAD_REQUEST,
        };
        refusal(status, MALFORMED)
    }

    fn no_such_route(status: StatusCode, sentence: &str) -> Response {
        refusal(status, sentence)
    }

    fn shape() -> Shape {
        Shape::of::<Sentence>("application/json", &[400, 413, 415])
    }
}

pub(super) fn refusal(status: StatusCode, sentence: &str) -> Response {
    reply::json(status, &Sentence(sentence))
}

/// What was refused, in one sentence.
#[derive(Serialize, ToSchema)]
#[schema(as = tokens::Sentence, examples("Unauthorized user"))]
pub(super) struct Sentence<'a>(pub(super) &'a str);
