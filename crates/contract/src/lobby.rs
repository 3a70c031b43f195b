//! `lobby`: one room for all, with presence, in typed JSON messages.

use axum::Router;
use axum::body::HttpBody;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use parlour_model::{Author, Event, EventBody, Field, Profile, RoomName, Seq, Timestamp, Violation};
use parlour_service::live::{self, Conversation, Encoder, Flow, Posted, Turn};
use parlour_service::log_in::{Granted, LogIn, NameGiven, Wants};
use parlour_service::sign_up::{NewName, SignUp};
use parlour_service::{Caller, Error};
use parlour_websocket::{CloseCode, Subprotocol};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::body::{Json, object};
use crate::caller::{SESSION_COOKIE, bearer, cookie};
use crate::desk::Desk;
use crate::live::{Upgrade, frame_bytes, nanoseconds, text_of};
use crate::origin::is_foreign;
use crate::refusal::{Answer, BadBody, Words, wrong_method};
use crate::reply;
use crate::visitor::Visitor;

pub(crate) fn routes() -> Router<Desk> {
    let create = post(create).fallback(wrong_method::<Lobby>);
    let login = post(log_in).fallback(wrong_method::<Lobby>);
    // RFC 6455 wants GET, which every client sends; the contract's text says POST.
    let join = get(join).post(join).fallback(wrong_method::<Lobby>);
    Router::new()
        .route("/createUser", create.clone())
        .route("/createUser/", create)
        .route("/login", login.clone())
        .route("/login/", login)
        .route("/join", join.clone())
        .route("/join/", join)
}

async fn create(State(desk): State<Desk>, Visitor(client): Visitor, body: Json<Lobby, NewUser>) -> Answer<Lobby> {
    let given = body.value();
    let email = given.email.clone();
    let sign_up = SignUp {
        name: NewName::Chosen(given.username),
        email: Some(given.email),
        password: given.password,
        profile: Profile::default(),
        wants: None,
    };
    let account = desk.app.sign_up(sign_up, &client).await?.account;
    let created = Created { id: account.id.to_string(), username: account.username.as_str(), email: &email };
    Ok(reply::json(StatusCode::OK, &created))
}

async fn log_in(State(desk): State<Desk>, Visitor(client): Visitor, body: Json<Lobby, Credentials>) -> Answer<Lobby> {
    let given = body.value();
    let log_in = LogIn { name: NameGiven::Email(given.email), password: given.password, wants: Wants::LongToken };
    let (logged_in, granted) = desk.app.log_in(log_in, &client).await?;
    let Granted::Token(token) = granted else { return Err(Error::internal("no token was granted").into()) };
    let account = logged_in.account;
    let body = LoggedIn { id: account.id.to_string(), username: account.username.as_str(), token };
    Ok(reply::json(StatusCode::OK, &body))
}

async fn join(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    query: Result<Query<Since>, axum::extract::rejection::QueryRejection>,
    request: Request,
) -> Answer<Lobby> {
    if !request.body().is_end_stream() {
        return Ok(refusal(StatusCode::BAD_REQUEST, "a request to join has no body"));
    }
    let Ok(Query(Since { since })) = query else {
        return Ok(refusal(StatusCode::BAD_REQUEST, "since is the id of a message"));
    };
    let headers = request.headers().clone();
    let upgrade = Upgrade::of(request, &[Method::GET, Method::POST], desk.settings.deflate)?;
    let caller = desk.lobby_caller(&headers, upgrade.handshake.subprotocols()).await?;
    let connection = desk.app.connect(Some(&caller), &client).await?;
    let most_bytes = frame_bytes(desk.settings.message_bytes);
    let chosen = upgrade.first();
    Ok(upgrade.answer(chosen.as_ref(), most_bytes, move |socket| {
        let (app, room) = (desk.app.clone(), RoomName::lobby());
        let talk = Talk { desk, room: room.clone(), caller: caller.clone() };
        app.attend(socket, connection, room, Some(caller), &Frames, since, talk)
    }))
}

impl Desk {
    /// Whoever joins: by token, or by the session cookie when the page is one of ours.
    async fn lobby_caller(&self, headers: &HeaderMap, offered: &[Subprotocol]) -> Result<Caller, Error> {
        if let Some(caller) = self.caller_by_token(headers, offered).await? {
            return Ok(caller);
        }
        debug_assert!(bearer(headers).is_none(), "a bearer is a token");
        let has_cookie = cookie(headers, SESSION_COOKIE).is_some();
        if !has_cookie || is_foreign(headers, &self.settings.origins) {
            return Err(Error::Unauthenticated);
        }
        self.caller(headers).await
    }
}

/// One member's side of the lobby.
struct Talk {
    desk: Desk,
    room: RoomName,
    caller: Caller,
}

impl Conversation for Talk {
    async fn text(&mut self, text: String, turn: Turn) {
        match read(&text) {
            Ok(SaidText { text, key }) => {
                let message = live::Message { text, key };
                self.desk.app.post(&self.room, &self.caller, message, turn, outcome).await;
            }
            Err(sentence) => turn.settle(complain(sentence, self.desk.app.now())),
        }
    }

    async fn binary(&mut self, _bytes: Bytes, turn: Turn) {
        turn.settle(complain("Messages are text.", self.desk.app.now()));
    }
}

/// Takes a message out of its envelope, or says what is wrong with it.
fn read(text: &str) -> Result<SaidText, &'static str> {
    let said = object::<Said>(text.as_bytes()).map_err(|_bad| "This is no message.")?;
    if said.kind != "chat_message" {
        return Err("Only messages of the type chat_message can be sent.");
    }
    SaidText::deserialize(Value::Object(said.msg)).map_err(|_bad| "A message has a text.")
}

fn outcome(posted: Result<Posted, Error>, at: Timestamp) -> Flow {
    match posted {
        Ok(Posted::New) => Flow::Go,
        Ok(Posted::Before(event)) => Frames.event(&event).map_or(Flow::Go, Flow::Reply),
        Err(Error::MessageTooLong(most)) => {
            Flow::Close(CloseCode::TOO_LONG, format!("a text has at most {most} bytes"))
        }
        Err(Error::CredentialRefused | Error::CredentialExpired) => {
            Flow::Close(CloseCode::POLICY, "the session has ended".to_owned())
        }
        Err(error) => complain(sentence(&error), at),
    }
}

/// Tells the sender alone; the connection stays.
fn complain(sentence: &str, at: Timestamp) -> Flow {
    let told = Told { kind: "error", sent_at: nanoseconds(at), msg: Complaint { text: sentence } };
    text_of(&told).map_or(Flow::Go, Flow::Reply)
}

/// Writes what happens as this contract has it.
struct Frames;

impl Encoder for Frames {
    fn event(&self, event: &Event) -> Option<String> {
        let EventBody::Message { author, text, key, .. } = &event.body else { return None };
        let msg = ChatMessage { from_user: &author.username, text, id: event.seq, key: key.as_deref() };
        told("chat_message", event.at, msg)
    }

    fn joined(&self, who: &Author, at: Timestamp) -> Option<String> {
        told("user_joined", at, Person { username: &who.username })
    }

    fn left(&self, who: &Author, at: Timestamp) -> Option<String> {
        told("user_left", at, Person { username: &who.username })
    }

    fn online(&self, others: &[Author], at: Timestamp) -> Option<String> {
        let list = others.iter().map(|other| other.username.as_str()).collect();
        told("users_online", at, People { list })
    }
}

fn told(kind: &'static str, at: Timestamp, msg: impl Serialize) -> Option<String> {
    text_of(&Told { kind, sent_at: nanoseconds(at), msg })
}

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
}

fn sentence(error: &Error) -> &'static str {
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

fn refusal(status: StatusCode, sentence: &str) -> Response {
    reply::json(status, &Fault { error: sentence })
}

#[derive(Serialize)]
struct Fault<'a> {
    error: &'a str,
}

#[derive(Deserialize)]
struct NewUser {
    email: String,
    username: String,
    password: String,
}

#[derive(Serialize)]
struct Created<'a> {
    id: String,
    username: &'a str,
    email: &'a str,
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

#[derive(Serialize)]
struct LoggedIn<'a> {
    id: String,
    username: &'a str,
    token: String,
}

#[derive(Deserialize)]
struct Since {
    since: Option<Seq>,
}

/// What a member sends. `from_user` and `sent_at` may stand in it and are not looked at.
#[derive(Deserialize)]
struct Said {
    #[serde(rename = "type")]
    kind: String,
    msg: Map<String, Value>,
}

#[derive(Deserialize)]
struct SaidText {
    text: String,
    key: Option<String>,
}

#[derive(Serialize)]
struct Told<T> {
    #[serde(rename = "type")]
    kind: &'static str,
    sent_at: String,
    msg: T,
}

#[derive(Serialize)]
struct ChatMessage<'a> {
    from_user: &'a str,
    text: &'a str,
    id: Seq,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

#[derive(Serialize)]
struct Person<'a> {
    username: &'a str,
}

#[derive(Serialize)]
struct People<'a> {
    list: Vec<&'a str>,
}

#[derive(Serialize)]
struct Complaint<'a> {
    text: &'a str,
}
