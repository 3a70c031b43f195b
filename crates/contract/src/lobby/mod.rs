//! `lobby`: one room for all, with presence, in typed JSON messages.

mod words;

use axum::body::HttpBody;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use parlour_model::{Author, Event, EventBody, Profile, RoomName, Seq, Timestamp};
use parlour_service::live::{self, Conversation, Encoder, Flow, Here, Posted, Turn};
use parlour_service::log_in::{Granted, LogIn, NameGiven, Wants};
use parlour_service::sign_up::{NewName, SignUp};
use parlour_service::{Caller, Error};
use parlour_websocket::{CloseCode, Subprotocol};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::body::{Json, object};
use crate::caller::{SESSION_COOKIE, bearer, cookie};
use crate::describe::sockets::{Channel, Message, reference, schemas_of};
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::live::{Upgrade, frame_bytes, nanoseconds, text_of};
use crate::origin::is_foreign;
use crate::refusal::Answer;
use crate::reply;
use crate::visitor::Visitor;
pub(crate) use words::Lobby;
use words::{refusal, sentence};

pub(crate) fn routes() -> Routes {
    Routes::default().serve::<Lobby>(routes!(create)).serve::<Lobby>(routes!(log_in)).serve::<Lobby>(routes!(join))
}

/// Create a user.
#[utoipa::path(post, path = "/createUser", request_body = NewUser, responses(
    (status = 200, description = "Created. Nobody is logged in by it.", body = Created),
    (status = 400, description = "Malformed JSON, a field missing or refused."),
    (status = 409, description = "The username or the e-mail is taken."),
))]
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

/// Log in.
///
/// The e-mail matches in any case of its letters. The token lives 24 hours and opens every contract of this server.
#[utoipa::path(post, path = "/login", request_body = Credentials, responses(
    (status = 200, description = "Logged in.", body = LoggedIn),
    (status = 400, description = "Malformed."),
    (status = 401, description = "Unknown e-mail or wrong password, alike."),
))]
async fn log_in(State(desk): State<Desk>, Visitor(client): Visitor, body: Json<Lobby, Credentials>) -> Answer<Lobby> {
    let given = body.value();
    let log_in = LogIn { name: NameGiven::Email(given.email), password: given.password, wants: Wants::LongToken };
    let (logged_in, granted) = desk.app.log_in(log_in, &client).await?;
    let Granted::Token(token) = granted else { return Err(Error::internal("no token was granted").into()) };
    let account = logged_in.account;
    let body = LoggedIn { id: account.id.to_string(), username: account.username.as_str(), token };
    Ok(reply::json(StatusCode::OK, &body))
}

/// Join the chat, as a WebSocket.
///
/// The credential is a token, in `Authorization` or as the first subprotocol, which is echoed, or the session cookie
/// from a page of this server or of a configured origin. `/api/v2/asyncapi.json` has what is said on the socket.
// RFC 6455 wants GET, which every client sends; the contract's text says POST.
#[utoipa::path(method(get, post), path = "/join", security(("token" = []), ("cookie" = [])), params(Since), responses(
    (status = 101, description = "Welcome."),
    (status = 400, description = "`since` is no number, there is a body, or the handshake is none."),
    (status = 401, description = "No credential that is good."),
    (status = 403, description = "The caller is kept out."),
    (status = 426, description = "No WebSocket was asked for."),
))]
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
    let upgrade = Upgrade::of(request, &[Method::GET, Method::POST], desk.settings.deflate)?;
    let caller = desk.lobby_caller(&upgrade.headers, upgrade.handshake.subprotocols()).await?;
    desk.app.may_enter(&RoomName::lobby(), Some(&caller)).await?;
    let connection = desk.app.connect(Some(&caller), &client).await?;
    let most_bytes = frame_bytes(desk.settings.message_bytes);
    let beginning = desk.app.beginning(&RoomName::lobby(), since).await?;
    let chosen = upgrade.first();
    Ok(upgrade.answer(chosen.as_ref(), most_bytes, move |socket| {
        let (app, room) = (desk.app.clone(), RoomName::lobby());
        let talk = Talk { desk, room: room.clone(), caller: caller.clone() };
        app.attend(socket, connection, room, Some(caller), &Frames, beginning, talk)
    }))
}

/// The socket, for whoever reads its description.
pub(crate) fn channel() -> Channel {
    let mut schemas = Vec::new();
    schemas_of::<SaidText>(&mut schemas);
    schemas_of::<ChatMessage<'_>>(&mut schemas);
    schemas_of::<Person<'_>>(&mut schemas);
    schemas_of::<People<'_>>(&mut schemas);
    schemas_of::<Complaint<'_>>(&mut schemas);
    Channel {
        name: "lobby",
        address: "/join",
        description: "The one lobby. It needs a token, as `Authorization: Bearer` or as first subprotocol, or the session \
            cookie from a page of this server or of a configured origin.",
        parameters: &[],
        query: Some(("since", "Tells every message after this one; 0: all.")),
        said: vec![enveloped::<SaidText>("chat_message", "Says something.", &["type", "msg"])],
        told: vec![
            enveloped::<People<'_>>("users_online", "Who is there, told to a newcomer.", &TOLD),
            enveloped::<Person<'_>>("user_joined", "Somebody came.", &TOLD),
            enveloped::<Person<'_>>("user_left", "Somebody went.", &TOLD),
            enveloped::<ChatMessage<'_>>("chat_message", "Somebody said something.", &TOLD),
            enveloped::<Complaint<'_>>("error", "What was sent cannot be taken.", &TOLD),
        ],
        schemas,
    }
}

/// What an envelope of the server always has.
const TOLD: [&str; 3] = ["type", "sent_at", "msg"];

fn enveloped<T: ToSchema>(kind: &str, summary: &str, required: &[&str]) -> Message {
    let payload = json!({"type": "object", "required": required, "properties": {
        "type": {"type": "string", "enum": [kind]}, "sent_at": {"type": "string", "format": "date-time"},
        "msg": reference::<T>(),
    }});
    Message::new(kind, summary, payload)
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
                let message = live::Message { text, key, reply_to: None };
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
        Ok(Posted::New { .. }) => Flow::Go,
        Ok(Posted::Before(event)) => written(&event).map_or(Flow::Go, Flow::Reply),
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
    fn event(&self, _: Here<'_>, event: &Event) -> Option<String> {
        written(event)
    }

    fn joined(&self, _: Here<'_>, who: &Author, at: Timestamp) -> Option<String> {
        told("user_joined", at, Person { username: &who.username })
    }

    fn left(&self, _: Here<'_>, who: &Author, at: Timestamp) -> Option<String> {
        told("user_left", at, Person { username: &who.username })
    }

    fn online(&self, others: &[Author], at: Timestamp) -> Option<String> {
        let list = others.iter().map(|other| other.username.as_str()).collect();
        told("users_online", at, People { list })
    }
}

fn written(event: &Event) -> Option<String> {
    let EventBody::Message { author, text, key, .. } = &event.body else { return None };
    let msg = ChatMessage { from_user: &author.username, text, id: event.seq, key: key.as_deref() };
    told("chat_message", event.at, msg)
}

fn told(kind: &'static str, at: Timestamp, msg: impl Serialize) -> Option<String> {
    text_of(&Told { kind, sent_at: nanoseconds(at), msg })
}

#[derive(Deserialize, ToSchema)]
#[schema(as = lobby::NewUser)]
struct NewUser {
    email: String,
    username: String,
    password: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = lobby::Created)]
struct Created<'a> {
    #[schema(examples("4"))]
    id: String,
    username: &'a str,
    email: &'a str,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = lobby::Credentials)]
struct Credentials {
    email: String,
    password: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = lobby::LoggedIn)]
struct LoggedIn<'a> {
    #[schema(examples("4"))]
    id: String,
    username: &'a str,
    token: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Since {
    /// Tells every message after this one; 0: all.
    #[param(value_type = Option<i64>)]
    since: Option<Seq>,
}

/// What a member sends. `from_user` and `sent_at` may stand in it and are not looked at.
#[derive(Deserialize)]
struct Said {
    #[serde(rename = "type")]
    kind: String,
    msg: Map<String, Value>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = lobby::SaidText)]
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

#[derive(Serialize, ToSchema)]
#[schema(as = lobby::ChatMessage)]
struct ChatMessage<'a> {
    from_user: &'a str,
    text: &'a str,
    id: Seq,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = lobby::Person)]
struct Person<'a> {
    username: &'a str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = lobby::People)]
struct People<'a> {
    list: Vec<&'a str>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = lobby::Complaint)]
struct Complaint<'a> {
    text: &'a str,
}
