//! The words of `native`: problems (RFC 9457), each of a stable type.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use parlour_model::{Field, Rule, Timestamp, Violation};
use parlour_service::Error;
use serde::Serialize;
use utoipa::ToSchema;

use crate::live::microseconds;
use crate::refusal::{BadBody, Words};
use crate::reply;
use crate::shape::Shape;

/// The words of this contract.
pub(crate) struct Native;

/// A problem: what happened, in a shape that every client of today knows.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// `/docs#` and the word of its kind.
    #[serde(rename = "type")]
    #[schema(examples("/docs#invalid"))]
    kind: String,
    /// What all problems of this type have in common.
    #[schema(examples("Something in the request cannot be taken."))]
    title: &'static str,
    /// The status of the answer.
    #[schema(examples(422))]
    status: u16,
    /// What is the matter in this case.
    #[schema(examples("username: At most 150 characters."))]
    detail: String,
    /// The rules that were broken, where there are some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<Broken>,
    /// Until when somebody is muted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    until: Option<String>,
}

/// A rule that a field breaks.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BrokenRule)]
pub(crate) struct Broken {
    /// The name of the request's field.
    #[schema(examples("username"))]
    field: &'static str,
    /// The rule, as a word.
    #[schema(examples("too_long"))]
    rule: &'static str,
    /// The rule, for a person.
    #[schema(examples("At most 150 characters."))]
    message: String,
}

impl Problem {
    /// A problem of a kind, with a sentence about this case.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let (word, status, title) = kind.words();
        let (violations, until) = (Vec::new(), None);
        Self { kind: format!("/docs#{word}"), title, status: status.as_u16(), detail: detail.into(), violations, until }
    }

    /// As an answer.
    pub(crate) fn response(&self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = reply::json(status, self);
        let problem = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, problem);
        response
    }

    fn invalid(violations: &[Violation]) -> Self {
        let broken: Vec<Broken> = violations.iter().map(Broken::of).collect();
        let detail = broken.first().map_or_else(String::new, |one| format!("{}: {}", one.field, one.message));
        Self { violations: broken, ..Self::new(Kind::Invalid, detail) }
    }

    /// Rules that are broken by one field, under the name that the request gives it.
    pub(crate) fn about(field: &'static str, violations: &[Violation]) -> Self {
        let mut problem = Self::invalid(violations);
        for broken in &mut problem.violations {
            broken.field = field;
        }
        problem.detail = problem.violations.first().map_or_else(String::new, |one| format!("{field}: {}", one.message));
        problem
    }

    fn taken(field: Field) -> Self {
        let message = format!("This {} belongs to somebody else.", name(field).replace('_', " "));
        let broken = Broken { field: name(field), rule: "taken", message: message.clone() };
        Self { violations: vec![broken], ..Self::new(Kind::Taken, message) }
    }

    fn muted(until: Timestamp) -> Self {
        let until = Some(microseconds(until));
        Self { until, ..Self::new(Kind::Muted, "You may read this room, but not write in it, for a while.") }
    }
}

/// What kinds of problem there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The request cannot be read.
    Malformed,
    /// No credential that is good.
    Unauthenticated,
    /// Unknown account or wrong password.
    BadCredentials,
    /// Known, but may not.
    Forbidden,
    /// Kept out of a room.
    Banned,
    /// May not write in a room for a while.
    Muted,
    /// A page of another origin used a cookie.
    ForeignOrigin,
    /// Not there.
    NotFound,
    /// There, but not by this method.
    MethodNotAllowed,
    /// Somebody else's.
    Taken,
    /// Against what is.
    Conflict,
    /// A room must keep an owner.
    LastOwner,
    /// Used up, or expired.
    Gone,
    /// Over a limit.
    TooLong,
    /// Of another type than is taken here.
    UnsupportedMediaType,
    /// A WebSocket was not asked for.
    UpgradeRequired,
    /// Fields that break the rules.
    Invalid,
    /// Too often.
    Throttled,
    /// Too soon in this room.
    SlowMode,
    /// Too many at once.
    TooManyConnections,
    /// A fault of ours.
    Internal,
    /// Try again.
    Busy,
}

impl Kind {
    /// Its word, its status and its title.
    pub(crate) const fn words(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::Malformed => ("malformed", StatusCode::BAD_REQUEST, "The request cannot be read."),
            Self::Unauthenticated => ("unauthenticated", StatusCode::UNAUTHORIZED, "This needs a login that is good."),
            Self::BadCredentials => ("bad_credentials", StatusCode::UNAUTHORIZED, "Name and password do not match."),
            Self::Forbidden => ("forbidden", StatusCode::FORBIDDEN, "You may not do this."),
            Self::Banned => ("banned", StatusCode::FORBIDDEN, "This room is closed to you."),
            Self::Muted => ("muted", StatusCode::FORBIDDEN, "You may not write in this room for a while."),
            Self::ForeignOrigin => ("foreign_origin", StatusCode::FORBIDDEN, "Another site may not use this login."),
            Self::NotFound => ("not_found", StatusCode::NOT_FOUND, "There is no such thing."),
            Self::MethodNotAllowed => ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED, "Not by this method."),
            Self::Taken => ("taken", StatusCode::CONFLICT, "This belongs to somebody else."),
            Self::Conflict => ("conflict", StatusCode::CONFLICT, "This contradicts what is."),
            Self::LastOwner => ("last_owner", StatusCode::CONFLICT, "A room must keep an owner."),
            Self::Gone => ("gone", StatusCode::GONE, "This was used up or has expired."),
            Self::TooLong => ("too_long", StatusCode::PAYLOAD_TOO_LARGE, "This is over a limit."),
            Self::UnsupportedMediaType => {
                ("unsupported_media_type", StatusCode::UNSUPPORTED_MEDIA_TYPE, "This type is not taken here.")
            }
            Self::UpgradeRequired => ("upgrade_required", StatusCode::UPGRADE_REQUIRED, "This is a WebSocket."),
            Self::Invalid => ("invalid", StatusCode::UNPROCESSABLE_ENTITY, "Something in the request cannot be taken."),
            Self::Throttled => ("throttled", StatusCode::TOO_MANY_REQUESTS, "Too often."),
            Self::SlowMode => ("slow_mode", StatusCode::TOO_MANY_REQUESTS, "This room is slow on purpose."),
            Self::TooManyConnections => {
                ("too_many_connections", StatusCode::TOO_MANY_REQUESTS, "There are too many connections.")
            }
            Self::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here."),
            Self::Busy => ("busy", StatusCode::SERVICE_UNAVAILABLE, "The server is busy."),
        }
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let (kind, detail) = match error {
            Error::Invalid(violations) => return Self::invalid(violations),
            Error::Taken(field) => return Self::taken(*field),
            Error::Muted(until) => return Self::muted(*until),
            Error::UnknownAccount => (Kind::NotFound, "There is no such account."),
            Error::WrongPassword | Error::Disabled => (Kind::BadCredentials, "The name or the password is wrong."),
            Error::Unauthenticated => (Kind::Unauthenticated, "Nobody is logged in here."),
            Error::CredentialRefused => (Kind::Unauthenticated, "This login is not good, or was ended."),
            Error::CredentialExpired => (Kind::Unauthenticated, "This login has expired."),
            Error::RefreshRefused => (Kind::Unauthenticated, "This refresh token is not good, or was ended."),
            Error::Forbidden => (Kind::Forbidden, "You may not do this."),
            Error::UnknownSecret => (Kind::Gone, "This link is not valid, or something newer took its place."),
            Error::SecretExpired => (Kind::Gone, "This link has expired."),
            Error::LinkUsed => (Kind::Gone, "This link was used."),
            Error::MessageTooLong(most) => {
                return Self::new(Kind::TooLong, format!("A message has at most {most} bytes."));
            }
            Error::TooLarge(most) => return Self::new(Kind::TooLong, format!("At most {most} are taken.")),
            Error::KeyConflict => (Kind::Conflict, "This key names another request."),
            Error::Conflict => (Kind::Conflict, "This contradicts what is."),
            Error::LastOwner => (Kind::LastOwner, "Make somebody else an owner first."),
            Error::UnknownRoom => (Kind::NotFound, "There is no such room."),
            Error::UnknownMessage => (Kind::NotFound, "There is no such message."),
            Error::Banned => (Kind::Banned, "This room is closed to you."),
            Error::SlowMode(_) => (Kind::SlowMode, "In this room everybody writes once in a while."),
            Error::NotAnImage => (Kind::UnsupportedMediaType, "A picture is a PNG, JPEG, GIF or WebP."),
            Error::TooManyConnections => (Kind::TooManyConnections, "Close one first."),
            Error::Throttled(_) => (Kind::Throttled, "Wait a moment, then try again."),
            Error::Busy(_) => (Kind::Busy, "Send the same request again in a moment."),
            Error::Internal(_) => (Kind::Internal, "It was written down, and will be looked at."),
        };
        Self::new(kind, detail)
    }
}

impl Words for Native {
    fn refuse(error: &Error) -> Response {
        Problem::from(error).response()
    }

    fn bad_body(fault: &BadBody) -> Response {
        let problem = match fault {
            BadBody::WrongType => Problem::new(Kind::UnsupportedMediaType, "The body must be application/json."),
            BadBody::TooLong => Problem::new(Kind::TooLong, "The body is too long."),
            BadBody::Incomplete => Problem::new(Kind::Malformed, "The body did not arrive."),
            BadBody::Malformed(why) => Problem::new(Kind::Malformed, format!("The body is no JSON: {why}.")),
            BadBody::IllTyped => Problem::new(Kind::Malformed, "A field is missing or has the wrong type."),
        };
        problem.response()
    }

    fn no_such_route(status: StatusCode, sentence: &str) -> Response {
        let kind = match status {
            StatusCode::METHOD_NOT_ALLOWED => Kind::MethodNotAllowed,
            StatusCode::UPGRADE_REQUIRED => Kind::UpgradeRequired,
            StatusCode::NOT_FOUND => Kind::NotFound,
            _ => Kind::Malformed,
        };
        Problem::new(kind, sentence).response()
    }

    fn shape() -> Shape {
        Shape::of::<Problem>("application/problem+json", &[400, 413, 415, 422])
    }
}

impl Broken {
    fn of(violation: &Violation) -> Self {
        let (rule, message) = sentence(violation.rule);
        Self { field: name(violation.field), rule, message }
    }
}

/// How the requests of this contract call a field.
const fn name(field: Field) -> &'static str {
    match field {
        Field::Username => "username",
        Field::Email => "email",
        Field::Password => "password",
        Field::DisplayName => "display_name",
        Field::FirstName => "first_name",
        Field::LastName => "last_name",
        Field::FacilityId => "facility_id",
        Field::ProfilePicture => "profile_picture",
        Field::Bio => "bio",
        Field::RoomName => "name",
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

/// A rule's word, and the sentence for whoever broke it.
fn sentence(rule: Rule) -> (&'static str, String) {
    match rule {
        Rule::Required => ("required", "This is needed.".to_owned()),
        Rule::Blank => ("blank", "This may not be blank.".to_owned()),
        Rule::TooShort(least) => ("too_short", format!("At least {least} characters.")),
        Rule::TooLong(most) => ("too_long", format!("At most {most} characters.")),
        Rule::TooManyBytes(most) => ("too_long", format!("At most {most} bytes.")),
        Rule::ForbiddenCharacter => {
            ("forbidden_character", "There is a character in it that cannot be seen.".to_owned())
        }
        Rule::OuterSpace => ("outer_space", "It may not begin or end with a space.".to_owned()),
        Rule::OutsidePolicy => ("outside_policy", "Only letters, digits and . _ - + are taken here.".to_owned()),
        Rule::NotAnEmail => ("not_an_email", "This is no e-mail address.".to_owned()),
        Rule::TooCommon => ("too_common", "This is one of the most common passwords.".to_owned()),
        Rule::EntirelyNumeric => ("entirely_numeric", "It needs something besides digits.".to_owned()),
        Rule::ContainsName => ("contains_name", "It may not contain the name or the address.".to_owned()),
        Rule::OutOfRange(least, most) => ("out_of_range", format!("From {least} to {most}.")),
        Rule::TooMany(most) => ("too_many", format!("At most {most}.")),
        Rule::NotAnEmoji => ("not_an_emoji", "This is no emoji.".to_owned()),
    }
}
