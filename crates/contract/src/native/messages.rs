//! Messages: the timeline, the log, and what may be done to what was said.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use parlour_model::{Event, Seq};
use parlour_service::live::Message;
use parlour_service::rooms::{Timeline, Window};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Native;
use super::asked::{Asked, malformed};
use super::event::EventShape;
use super::member::{Anybody, Member};
use super::paging::limit;
use super::place::{Place, Which, With};
use crate::body::Json;
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::refusal::{Answer, Refusal};
use crate::reply;
use crate::visitor::Visitor;

/// How many events of a log are answered unless something else is asked for, and at most.
const EVENTS: (i64, i64) = (100, 500);

/// How many messages of a timeline are.
const MESSAGES: (i64, i64) = (50, 100);

pub(super) fn routes() -> Routes {
    Routes::default()
        .serve::<Native>(routes!(timeline, post))
        .serve::<Native>(routes!(one, edit, delete))
        .serve::<Native>(routes!(react, unreact))
        .serve::<Native>(routes!(log))
        .serve::<Native>(routes!(read))
}

/// The timeline of a room: messages only, the newest last.
#[utoipa::path(get, path = "/api/v2/rooms/{name}/messages", params(("name" = String, Path), Wanted),
    responses((status = 200, body = TimelineShape<'static>), (status = 403)))]
async fn timeline(
    State(desk): State<Desk>,
    caller: Anybody,
    Place(room): Place,
    Asked(wanted): Asked<Wanted>,
) -> Answer<Native> {
    let (usual, most) = MESSAGES;
    let found =
        desk.app.timeline(&room, caller.0.as_ref(), wanted.window()?, limit(wanted.limit, usual, most)?).await?;
    let Timeline { events, epoch, last_seq, more_before, more_after } = &found;
    let (items, epoch) = (events.iter().map(EventShape::of).collect(), epoch.0.to_string());
    let shape = TimelineShape { items, epoch, last_seq: *last_seq, more_before: *more_before, more_after: *more_after };
    Ok(reply::json(StatusCode::OK, &shape))
}

/// Writes a message. The same key with the same text again is the same message.
#[utoipa::path(post, path = "/api/v2/rooms/{name}/messages", params(("name" = String, Path)),
    request_body = NewMessage, responses((status = 201, body = EventShape<'static>),
    (status = 200, body = EventShape<'static>), (status = 409)))]
async fn post(
    State(desk): State<Desk>,
    Member(caller): Member,
    Place(room): Place,
    body: Json<Native, NewMessage>,
) -> Answer<Native> {
    let NewMessage { text, key, reply_to } = body.value();
    let (event, is_new) = desk.app.say(&room, &caller, Message { text, key, reply_to }).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(reply::json(status, &EventShape::of(&event)))
}

/// One message.
#[utoipa::path(get, path = "/api/v2/rooms/{name}/messages/{seq}",
    params(("name" = String, Path), ("seq" = i64, Path)), responses((status = 200, body = EventShape<'static>), (status = 403)))]
async fn one(State(desk): State<Desk>, caller: Anybody, Place(room): Place, Which(seq): Which) -> Answer<Native> {
    Ok(shown(&desk.app.message(&room, caller.0.as_ref(), seq).await?))
}

/// Gives one's message another text.
#[utoipa::path(patch, path = "/api/v2/rooms/{name}/messages/{seq}", request_body = NewText,
    params(("name" = String, Path), ("seq" = i64, Path)), responses((status = 200, body = EventShape<'static>)))]
async fn edit(
    State(desk): State<Desk>,
    Member(caller): Member,
    Place(room): Place,
    Which(seq): Which,
    body: Json<Native, NewText>,
) -> Answer<Native> {
    Ok(shown(&desk.app.edit_message(&room, &caller, seq, body.value().text).await?))
}

/// Takes a message away. Its author may, and who keeps order in the room.
#[utoipa::path(delete, path = "/api/v2/rooms/{name}/messages/{seq}",
    params(("name" = String, Path), ("seq" = i64, Path)), responses((status = 200, body = EventShape<'static>)))]
async fn delete(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    Place(room): Place,
    Which(seq): Which,
) -> Answer<Native> {
    Ok(shown(&desk.app.delete_message(&room, &caller, seq, &client).await?))
}

/// Reacts to a message.
#[utoipa::path(put, path = "/api/v2/rooms/{name}/messages/{seq}/reactions/{emoji}",
    params(("name" = String, Path), ("seq" = i64, Path), ("emoji" = String, Path)),
    responses((status = 200, body = EventShape<'static>), (status = 204), (status = 422)))]
async fn react(
    State(desk): State<Desk>,
    Member(caller): Member,
    Place(room): Place,
    Which(seq): Which,
    With(emoji): With,
) -> Answer<Native> {
    Ok(shown_if_any(desk.app.react(&room, &caller, seq, &emoji).await?.as_ref()))
}

/// Takes a reaction back.
#[utoipa::path(delete, path = "/api/v2/rooms/{name}/messages/{seq}/reactions/{emoji}",
    params(("name" = String, Path), ("seq" = i64, Path), ("emoji" = String, Path)),
    responses((status = 200, body = EventShape<'static>), (status = 204), (status = 422)))]
async fn unreact(
    State(desk): State<Desk>,
    Member(caller): Member,
    Place(room): Place,
    Which(seq): Which,
    With(emoji): With,
) -> Answer<Native> {
    Ok(shown_if_any(desk.app.unreact(&room, &caller, seq, &emoji).await?.as_ref()))
}

/// The log of a room as it is: every type of event, the oldest first.
#[utoipa::path(get, path = "/api/v2/rooms/{name}/events", params(("name" = String, Path), After),
    responses((status = 200, body = LogShape<'static>), (status = 403)))]
async fn log(
    State(desk): State<Desk>,
    caller: Anybody,
    Place(room): Place,
    Asked(asked): Asked<After>,
) -> Answer<Native> {
    let limit = limit(asked.limit, EVENTS.0, EVENTS.1)?;
    let found = desk.app.read_log(&room, caller.0.as_ref(), asked.after.unwrap_or(0), limit).await?;
    let items = found.events.iter().map(EventShape::of).collect();
    let shape = LogShape { items, epoch: found.epoch.0.to_string(), last_seq: found.last_seq };
    Ok(reply::json(StatusCode::OK, &shape))
}

/// Notes how far the caller has read. It never goes back.
#[utoipa::path(put, path = "/api/v2/rooms/{name}/read", params(("name" = String, Path)), request_body = ReadUpTo,
    responses((status = 204)))]
async fn read(
    State(desk): State<Desk>,
    Member(caller): Member,
    Place(room): Place,
    body: Json<Native, ReadUpTo>,
) -> Answer<Native> {
    desk.app.mark_read(&room, &caller, body.value().seq).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

fn shown(event: &Event) -> Response {
    reply::json(StatusCode::OK, &EventShape::of(event))
}

fn shown_if_any(event: Option<&Event>) -> Response {
    event.map_or_else(|| reply::empty(StatusCode::NO_CONTENT), shown)
}

/// Which messages are wanted: the newest, or one of the three.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Those before this seq.
    before: Option<Seq>,
    /// Those after this seq.
    after: Option<Seq>,
    /// Half of them before and half after this seq.
    around: Option<Seq>,
    /// How many, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

impl Wanted {
    fn window(&self) -> Result<Window, Refusal<Native>> {
        match (self.before, self.after, self.around) {
            (None, None, None) => Ok(Window::Newest),
            (Some(seq), None, None) => Ok(Window::Before(seq)),
            (None, Some(seq), None) => Ok(Window::After(seq)),
            (None, None, Some(seq)) => Ok(Window::Around(seq)),
            _ => Err(malformed("Give one of `before`, `after` and `around`.")),
        }
    }
}

/// Which events are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct After {
    /// Those after this seq; all when it is not given.
    after: Option<Seq>,
    /// How many, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
}

#[derive(Deserialize, ToSchema)]
struct NewMessage {
    text: String,
    /// The client's own name for it, by which a retry is known.
    key: Option<String>,
    /// The message that it answers.
    reply_to: Option<Seq>,
}

#[derive(Deserialize, ToSchema)]
struct NewText {
    text: String,
}

#[derive(Deserialize, ToSchema)]
struct ReadUpTo {
    seq: Seq,
}

/// Messages of a room.
#[derive(Serialize, ToSchema)]
#[schema(as = Timeline)]
struct TimelineShape<'a> {
    items: Vec<EventShape<'a>>,
    /// Which life of the log this is.
    epoch: String,
    last_seq: Seq,
    more_before: bool,
    more_after: bool,
}

/// Events of a room's log.
#[derive(Serialize, ToSchema)]
#[schema(as = Log)]
struct LogShape<'a> {
    items: Vec<EventShape<'a>>,
    /// Which life of the log this is.
    epoch: String,
    last_seq: Seq,
}
