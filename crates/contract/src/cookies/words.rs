//! The words of `cookies`: a `detail` that is a sentence, or an object with sentences by field.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use axum::response::Response;
use parlour_model::{Field, Rule, Violation};
use parlour_service::Error;
use serde::Serialize;
use utoipa::ToSchema;

use super::form::Incomplete;
use crate::refusal::{BadBody, Words};
use crate::reply;
use crate::shape::Shape;

/// The words of this contract.
pub(crate) struct Cookies;

const FORBIDDEN: &str = "You do not have permission to perform this action.";

impl Words for Cookies {
    fn refuse(error: &Error) -> Response {
        let (status, sentence) = match error {
            Error::Invalid(violations) => return invalid(violations),
            Error::Taken(Field::Email) => (StatusCode::BAD_REQUEST, "email: A user with that email already exists."),
            Error::Taken(_) => (StatusCode::BAD_REQUEST, "username: A user with that username already exists."),
            Error::UnknownAccount | Error::WrongPassword | Error::Disabled => {
                (StatusCode::UNAUTHORIZED, "Invalid credentials")
            }
            Error::Unauthenticated
            | Error::CredentialRefused
            | Error::CredentialExpired
            | Error::RefreshRefused
            | Error::UnknownSecret
            | Error::SecretExpired
            | Error::LinkUsed => (StatusCode::UNAUTHORIZED, "Authentication credentials were not provided."),
            Error::Forbidden | Error::Banned | Error::Muted(_) | Error::LastOwner => (StatusCode::FORBIDDEN, FORBIDDEN),
            Error::UnknownRoom | Error::UnknownMessage => (StatusCode::NOT_FOUND, "Not found."),
            Error::MessageTooLong(_) | Error::KeyConflict | Error::Conflict | Error::NotAnImage => {
                (StatusCode::BAD_REQUEST, "Invalid data.")
            }
            Error::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "The request body is too long."),
            Error::TooManyConnections | Error::Throttled(_) | Error::SlowMode(_) => {
                (StatusCode::TOO_MANY_REQUESTS, "Request was throttled.")
            }
            Error::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "Service temporarily unavailable, try again later."),
            Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "A server error occurred."),
        };
        refusal(status, sentence)
    }

    fn bad_body(fault: &BadBody) -> Response {
        match fault {
            BadBody::WrongType => refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type in request."),
            BadBody::TooLong => refusal(StatusCode::PAYLOAD_TOO_LARGE, "The request body is too long."),
            BadBody::Incomplete => refusal(StatusCode::BAD_REQUEST, "The request body did not arrive."),
            BadBody::Malformed(why) => refusal(StatusCode::BAD_REQUEST, &format!("JSON parse error - {why}")),
            BadBody::IllTyped => refusal(StatusCode::BAD_REQUEST, "Invalid data. Expected a dictionary."),
        }
    }

    fn no_such_route(status: StatusCode, sentence: &str) -> Response {
        refusal(status, sentence)
    }

    fn wrong_method(method: &Method) -> Response {
        refusal(StatusCode::METHOD_NOT_ALLOWED, &format!("Method \"{method}\" not allowed."))
    }

    fn shape() -> Shape {
        Shape::of::<Detail<'_>>("application/json", &[400, 413, 415])
    }
}

/// A page of somebody else's that uses our cookies.
pub(crate) fn foreign() -> Response {
    refusal(StatusCode::FORBIDDEN, FORBIDDEN)
}

/// One sentence.
pub(super) fn refusal(status: StatusCode, sentence: &str) -> Response {
    reply::json(status, &Detail { detail: Complaint::Sentence(sentence) })
}

/// A form that is no sign-up.
pub(super) fn incomplete(form: &Incomplete) -> Response {
    match form {
        Incomplete::Fields(sentences) => {
            let fields = sentences.iter().map(|(field, sentence)| (*field, Told::One((*sentence).to_owned())));
            by_field(fields.collect())
        }
        Incomplete::PasswordsDiffer => refusal(StatusCode::BAD_REQUEST, "Password fields didn't match."),
    }
}

/// What happened, or what is wrong.
#[derive(Serialize, ToSchema)]
#[schema(as = cookies::Detail)]
pub(super) struct Detail<'a> {
    detail: Complaint<'a>,
}

/// One sentence, or sentences by field.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = cookies::Complaint)]
enum Complaint<'a> {
    Sentence(&'a str),
    Fields(BTreeMap<&'static str, Told>),
}

/// What a field is told: one sentence, but a list about passwords.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = cookies::Told)]
enum Told {
    One(String),
    List(Vec<String>),
}

fn invalid(violations: &[Violation]) -> Response {
    let mut fields: BTreeMap<&'static str, Told> = BTreeMap::new();
    for violation in violations {
        let sentence = sentence(violation);
        match (violation.field, fields.get_mut(name(violation.field))) {
            (_, Some(Told::List(list))) => list.push(sentence),
            (_, Some(Told::One(_))) => {}
            (Field::Password, None) => drop(fields.insert("password", Told::List(vec![sentence]))),
            (field, None) => drop(fields.insert(name(field), Told::One(sentence))),
        }
    }
    by_field(fields)
}

fn by_field(fields: BTreeMap<&'static str, Told>) -> Response {
    reply::json(StatusCode::BAD_REQUEST, &Detail { detail: Complaint::Fields(fields) })
}

const fn name(field: Field) -> &'static str {
    match field {
        Field::Username => "username",
        Field::Email => "email",
        Field::Password => "password",
        Field::DisplayName => "display_name",
        Field::FirstName => "firstName",
        Field::LastName => "lastName",
        Field::FacilityId => "facility_id",
        Field::ProfilePicture => "profile_picture",
        Field::Bio => "bio",
        Field::RoomName => "room",
        Field::Text => "text",
        Field::Key => "key",
        Field::Topic => "topic",
        Field::SlowMode => "slow_mode",
        Field::Emoji => "emoji",
        Field::Reason => "reason",
        Field::Seconds => "seconds",
        Field::Avatar => "avatar",
        Field::AdminLevel => "admin_level",
        Field::IdempotencyKey => "Idempotency-Key",
    }
}

fn sentence(violation: &Violation) -> String {
    let of_password = violation.field == Field::Password;
    match violation.rule {
        Rule::Required => "This field is required.".to_owned(),
        Rule::Blank => "This field may not be blank.".to_owned(),
        Rule::TooShort(least) if of_password => {
            format!("This password is too short. It must contain at least {least} characters.")
        }
        Rule::TooShort(least) => format!("Ensure this field has at least {least} characters."),
        Rule::TooLong(most) => format!("Ensure this field has no more than {most} characters."),
        Rule::TooManyBytes(most) => format!("Ensure this field has no more than {most} bytes."),
        Rule::ForbiddenCharacter => "This field holds a character that cannot be seen.".to_owned(),
        Rule::OuterSpace => "This field may not begin or end with a space.".to_owned(),
        Rule::OutsidePolicy => "Enter letters, digits and . _ - + only.".to_owned(),
        Rule::NotAnEmail => "Enter a valid email address.".to_owned(),
        Rule::TooCommon => "This password is too common.".to_owned(),
        Rule::EntirelyNumeric => "This password is entirely numeric.".to_owned(),
        Rule::OutOfRange(least, most) => format!("Ensure this value is from {least} to {most}."),
        Rule::TooMany(most) => format!("Ensure there are no more than {most}."),
        Rule::NotAnEmoji => "Enter an emoji.".to_owned(),
        Rule::ContainsName => "The password is too similar to the username.".to_owned(),
    }
}
