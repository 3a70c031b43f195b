//! `rooms`: named chat rooms, one envelope, a token as WebSocket subprotocol.

mod words;

use axum::extract::{Path, Query, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use parlour_model::{Event, EventBody, Profile, RoomName, Seq, Timestamp};
use parlour_service::live::{self, Conversation, Encoder, Flow, Here, Posted, Turn};
use parlour_service::log_in::{Granted, LogIn, NameGiven, Wants};
use parlour_service::sign_up::{NewName, SignUp};
use parlour_service::{Caller, Error};
use parlour_websocket::CloseCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::body::{Json, object};
use crate::describe::sockets::{self, Channel, reference, schemas_of};
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::live::{Upgrade, frame_bytes, text_of};
use crate::refusal::{Answer, wrong_method};
use crate::visitor::Visitor;
pub(crate) use words::Rooms;
use words::{Envelope, refusal, success};

pub(crate) fn routes() -> Routes {
    Routes::default()
        .serve::<Rooms>(routes!(create))
        .serve::<Rooms>(routes!(log_in))
        .serve::<Rooms>(routes!(join))
        // A room without a name is a bad name and not a missing page.
        .also("/api/v1/rooms//messages/ws", get(nameless).fallback(wrong_method::<Rooms>))
}

/// Create a user.
///
/// Nobody is logged in by it. A username has 1 to 150 characters of any script; a secret is any text of 1 to 1,024 bytes.
#[utoipa::path(post, path = "/api/v1/users", request_body = Credentials, responses(
    (status = 201, description = "Created.", body = Envelope<User>),
    (status = 400, description = "`BAD_BINDING`, `BAD_PASSWORD`, or `USER_EXISTS`: the username is taken."),
))]
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

/// Log in.
///
/// The username matches in any case. The token lives 24 hours and opens every contract of this server.
#[utoipa::path(post, path = "/api/v1/login", request_body = Credentials, responses(
    (status = 200, description = "Logged in.", body = Envelope<LoggedIn>),
    (status = 400, description = "`BAD_BINDING`, or `USER_NOT_FOUND`: nobody has that username."),
    (status = 401, description = "`PASSWORD_MATCH_FAILED`: the secret is wrong."),
))]
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

/// Join a room, as a WebSocket.
///
/// A member brings the token as the first subprotocol, which is echoed; whoever brings none is a guest, who reads. A
/// token that does not hold never makes a silent guest. `/api/v2/asyncapi.json` has what is said on the socket.
#[utoipa::path(get, path = "/api/v1/rooms/{room}/messages/ws", security((), ("token" = [])),
    params(("room" = String, Path, description = "The room's name: 1 to 64 characters.", example = "tea"), Since),
    responses(
        (status = 101, description = "Welcome."),
        (status = 400, description = "`BAD_ROOM_NAME`, or a handshake that is none."),
        (status = 401, description = "`INVALID_AUTH_TOKEN`: bad, expired or revoked; or a guest who may not enter."),
        (status = 403, description = "`FORBIDDEN`: this room is not the caller's to enter."),
        (status = 426, description = "No WebSocket was asked for."),
    ))]
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
    let upgrade = Upgrade::of(request, &[Method::GET], desk.settings.deflate)?;
    let caller = desk.caller_by_token(&upgrade.headers, upgrade.handshake.subprotocols()).await?;
    desk.app.may_enter(&room, caller.as_ref()).await?;
    let connection = desk.app.connect(caller.as_ref(), &client).await?;
    let most_bytes = frame_bytes(desk.settings.message_bytes);
    let beginning = desk.app.beginning(&room, since).await?;
    let chosen = upgrade.first();
    Ok(upgrade.answer(chosen.as_ref(), most_bytes, move |socket| {
        let app = desk.app.clone();
        let talk = Talk { desk, room: room.clone(), caller: caller.clone() };
        app.attend(socket, connection, room, caller, &Frames, beginning, talk)
    }))
}

/// The socket, for whoever reads its description.
pub(crate) fn channel() -> Channel {
    let mut schemas = Vec::new();
    schemas_of::<Said>(&mut schemas);
    schemas_of::<Message<'_>>(&mut schemas);
    Channel {
        name: "rooms",
        address: "/api/v1/rooms/{room}/messages/ws",
        description: "One room. A token, as first subprotocol or as `Authorization: Bearer`, makes a member; without one it \
            is a guest, who may only read. What breaks the rules closes the socket.",
        parameters: &[("room", "The room's name.")],
        query: Some(("since", "Tells what came after this message; 0: all.")),
        said: vec![sockets::Message::of::<Said>("message", "Says something.")],
        told: vec![sockets::Message::new(
            "messages",
            "What was said, one or more messages.",
            json!({"type": "array", "items": reference::<Message<'_>>()}),
        )],
        schemas,
    }
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
        self.desk.app.post(&self.room, caller, live::Message { text, key, reply_to: None }, turn, outcome).await;
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
        Ok(Posted::New { .. }) => Flow::Go,
        Ok(Posted::Before(event)) => written(&event).map_or(Flow::Go, Flow::Reply),
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
    fn event(&self, _: Here<'_>, event: &Event) -> Option<String> {
        written(event)
    }

    fn presence(&self) -> bool {
        false
    }
}

fn written(event: &Event) -> Option<String> {
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

#[derive(Deserialize, ToSchema)]
#[schema(as = rooms::Credentials)]
struct Credentials {
    username: String,
    secret: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = rooms::User)]
struct User<'a> {
    id: i64,
    username: &'a str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = rooms::LoggedIn)]
struct LoggedIn<'a> {
    token: String,
    user: User<'a>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Since {
    /// Tells what came after this message; 0: all.
    #[param(value_type = Option<i64>)]
    since: Option<Seq>,
}

/// What a member says.
#[derive(Deserialize, ToSchema)]
#[schema(as = rooms::Said)]
struct Said {
    text: String,
    key: Option<String>,
}

/// A message. One frame has a list of them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = rooms::Message)]
struct Message<'a> {
    id: Seq,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    sender: User<'a>,
    text: &'a str,
    create_time: i64,
}
