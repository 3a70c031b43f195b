//! `rooms`: named chat rooms, one envelope, a token as WebSocket subprotocol.

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use parlour_model::{Event, EventBody, Field, Profile, RoomName, Seq, Timestamp, Violation};
use parlour_service::live::{self, Conversation, Encoder, Flow, Posted, Turn};
use parlour_service::log_in::{Granted, LogIn, NameGiven, Wants};
use parlour_service::sign_up::{NewName, SignUp};
use parlour_service::{Caller, Error};
use parlour_websocket::CloseCode;
use serde::{Deserialize, Serialize};

use crate::body::{Json, object};
use crate::desk::Desk;
use crate::live::{Upgrade, frame_bytes, text_of};
use crate::refusal::{Answer, BadBody, Words, wrong_method};
use crate::reply;
use crate::visitor::Visitor;

pub(crate) fn routes() -> Router<Desk> {
    let users = post(create).fallback(wrong_method::<Rooms>);
    let login = post(log_in).fallback(wrong_method::<Rooms>);
    let socket = get(join).fallback(wrong_method::<Rooms>);
    Router::new()
        .route("/api/v1/users", users.clone())
        .route("/api/v1/users/", users)
        .route("/api/v1/login", login.clone())
        .route("/api/v1/login/", login)
        .route("/api/v1/rooms/{room}/messages/ws", socket.clone())
        .route("/api/v1/rooms/{room}/messages/ws/", socket)
        // A room without a name is a bad name and not a missing page.
        .route("/api/v1/rooms//messages/ws", get(nameless).fallback(wrong_method::<Rooms>))
}

async fn create(State(desk): State<Desk>, Visitor(client): Visitor, body: Json<Rooms, Credentials>) -> Answer<Rooms> {
    let given = body.value();
    let sign_up = SignUp {
        name: NewName::Chosen(given.username),
        email: None,
        password: given.secret,
        profile: Profile::default(),
        wants: None,
    };
    let signed_up = desk.app.sign_up(sign_up, &client).await?;
    let account = signed_up.account;
    let user = User { id: account.id.0, username: account.username.as_str() };
    Ok(success(StatusCode::CREATED, &user))
}

async fn log_in(State(desk): State<Desk>, Visitor(client): Visitor, body: Json<Rooms, Credentials>) -> Answer<Rooms> {
    let given = body.value();
    let name = NameGiven::Username(given.username);
    let log_in = LogIn { name, password: given.secret, wants: Wants::LongToken };
    let (logged_in, granted) = desk.app.log_in(log_in, &client).await.map_err(|error| match error {
        Error::UnknownAccount if desk.settings.hide_unknown_users => Error::WrongPassword,
        other => other,
    })?;
    let Granted::Token(token) = granted else { return Err(Error::internal("no token was granted").into()) };
    let account = logged_in.account;
    let user = User { id: account.id.0, username: account.username.as_str() };
    Ok(success(StatusCode::OK, &LoggedIn { token, user }))
}

async fn nameless() -> Response {
    refusal(StatusCode::BAD_REQUEST, "BAD_ROOM_NAME", "A room needs a name.")
}

async fn join(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    room: Result<Path<String>, axum::extract::rejection::PathRejection>,
    query: Result<Query<Since>, axum::extract::rejection::QueryRejection>,
    request: Request,
) -> Answer<Rooms> {
    let Ok(Path(room)) = room else {
        return Ok(refusal(StatusCode::BAD_REQUEST, "BAD_ROOM_NAME", "A room's name is UTF-8, percent-encoded."));
    };
    let room = RoomName::parse(&room).map_err(Error::from)?;
    let Ok(Query(Since { since })) = query else {
        return Ok(refusal(StatusCode::BAD_REQUEST, "BAD_BINDING", "`since` is the id of a message."));
    };
    let headers = request.headers().clone();
    let upgrade = Upgrade::of(request, &[Method::GET], desk.settings.deflate)?;
    let caller = desk.caller_by_token(&headers, upgrade.handshake.subprotocols()).await?;
    desk.app.may_enter(&room, caller.as_ref())?;
    let connection = desk.app.connect(caller.as_ref(), &client).await?;
    let most_bytes = frame_bytes(desk.settings.message_bytes);
    let chosen = upgrade.first();
    Ok(upgrade.answer(chosen.as_ref(), most_bytes, move |socket| {
        let app = desk.app.clone();
        let talk = Talk { desk, room: room.clone(), caller: caller.clone() };
        app.attend(socket, connection, room, caller, &Frames, since, talk)
    }))
}

/// One member's side of a room, or a guest's.
struct Talk {
    desk: Desk,
    room: RoomName,
    caller: Option<Caller>,
}

impl Conversation for Talk {
    async fn text(&mut self, text: String, turn: Turn) {
        let Some(caller) = &self.caller else {
            return turn.settle(close(CloseCode::POLICY, "guests may only read"));
        };
        let Ok(Said { text, key }) = object(text.as_bytes()) else {
            return turn.settle(close(CloseCode::POLICY, "not a message: send {\"text\": \"…\"}"));
        };
        self.desk.app.post(&self.room, caller, live::Message { text, key }, turn, outcome).await;
    }

    async fn binary(&mut self, _bytes: Bytes, turn: Turn) {
        turn.settle(match self.caller {
            None => close(CloseCode::POLICY, "guests may only read"),
            Some(_) => close(CloseCode::POLICY, "not a message: send text"),
        });
    }
}

fn outcome(posted: Result<Posted, Error>, _at: Timestamp) -> Flow {
    match posted {
        Ok(Posted::New) => Flow::Go,
        Ok(Posted::Before(event)) => Frames.event(&event).map_or(Flow::Go, Flow::Reply),
        Err(error) => parting_words(&error),
    }
}

fn close(code: CloseCode, reason: &str) -> Flow {
    Flow::Close(code, reason.to_owned())
}

fn parting_words(error: &Error) -> Flow {
    match error {
        Error::MessageTooLong(most) => Flow::Close(CloseCode::TOO_LONG, format!("a text has at most {most} bytes")),
        Error::Throttled(_) | Error::SlowMode(_) => close(CloseCode::POLICY, "too fast"),
        Error::Muted(_) => close(CloseCode::POLICY, "muted"),
        Error::Banned | Error::UnknownRoom => close(CloseCode::POLICY, "this room is closed to you"),
        Error::KeyConflict => close(CloseCode::POLICY, "this key names another message"),
        Error::Invalid(_) => {
            close(CloseCode::POLICY, "a text is neither empty nor holds NUL; a key has 1 to 128 characters")
        }
        Error::Busy(_) | Error::Internal(_) => close(CloseCode::TRY_AGAIN_LATER, "resume"),
        Error::Taken(_)
        | Error::UnknownAccount
        | Error::WrongPassword
        | Error::Disabled
        | Error::Unauthenticated
        | Error::CredentialRefused
        | Error::CredentialExpired
        | Error::Forbidden
        | Error::RefreshRefused
        | Error::UnknownSecret
        | Error::SecretExpired
        | Error::LinkUsed
        | Error::UnknownMessage
        | Error::LastOwner
        | Error::Conflict
        | Error::TooLarge(_)
        | Error::NotAnImage
        | Error::TooManyConnections => close(CloseCode::POLICY, "the session has ended"),
    }
}

/// Writes messages as this contract has them; of presence it says nothing.
struct Frames;

impl Encoder for Frames {
    fn event(&self, event: &Event) -> Option<String> {
        let EventBody::Message { author, text, key, .. } = &event.body else { return None };
        let message = Message {
            id: event.seq,
            key: key.as_deref(),
            sender: User { id: author.id.0, username: &author.username },
            text,
            create_time: event.at.seconds(),
        };
        text_of(&[message])
    }

    fn presence(&self) -> bool {
        false
    }
}

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

fn success(status: StatusCode, data: &impl Serialize) -> Response {
    reply::json(status, &Envelope { error: None, data: Some(data) })
}

fn refusal(status: StatusCode, word: &'static str, message: &str) -> Response {
    let fault = Fault { word, same_word: word, message };
    reply::json(status, &Envelope::<()> { error: Some(fault), data: None })
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    error: Option<Fault<'a>>,
    data: Option<&'a T>,
}

/// The prose of the contract says `type`, its examples `Type`; clients of both exist.
#[derive(Serialize)]
struct Fault<'a> {
    #[serde(rename = "type")]
    word: &'static str,
    #[serde(rename = "Type")]
    same_word: &'static str,
    message: &'a str,
}

#[derive(Deserialize)]
struct Credentials {
    username: String,
    secret: String,
}

#[derive(Serialize)]
struct User<'a> {
    id: i64,
    username: &'a str,
}

#[derive(Serialize)]
struct LoggedIn<'a> {
    token: String,
    user: User<'a>,
}

#[derive(Deserialize)]
struct Since {
    since: Option<Seq>,
}

#[derive(Deserialize)]
struct Said {
    text: String,
    key: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    id: Seq,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    sender: User<'a>,
    text: &'a str,
    create_time: i64,
}
