//! Rooms: one's own, the public ones, making, changing and ending them.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use parlour_model::{AccountId, RoomChange, RoomId, Timestamp, Visibility};
use parlour_service::rooms::RoomSeen;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Native;
use super::asked::{Asked, malformed};
use super::event::EventShape;
use super::member::{Anybody, Member};
use super::once::{Name, Once, scope};
use super::paging::{Page, Paging};
use super::person::Person;
use super::place::Place;
use crate::body::Json;
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::etag::tagged;
use crate::live::microseconds;
use crate::refusal::Answer;
use crate::reply;
use crate::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::default().serve::<Native>(routes!(list, make)).serve::<Native>(routes!(show, edit, end))
}

/// The caller's rooms, the last active first; with `scope=public` the public rooms by name.
#[utoipa::path(get, path = "/api/v2/rooms", params(Listed, Paging),
    responses((status = 200, body = Page<Room<'static>>), (status = 304)))]
async fn list(
    State(desk): State<Desk>,
    caller: Anybody,
    Asked(listed): Asked<Listed>,
    Asked(paging): Asked<Paging>,
    headers: HeaderMap,
    uri: Uri,
) -> Answer<Native> {
    let limit = paging.limit()?;
    let rooms = if listed.scope == Some(Scope::Public) {
        let (prefix, after) = (listed.q.unwrap_or_default(), paging.after::<String>()?.unwrap_or_default());
        let found = desk.app.public_rooms(caller.0.as_ref(), &prefix, &after, limit + 1).await?;
        return Ok(paged(&found, limit, &headers, &uri));
    } else {
        let caller = caller.0.ok_or(parlour_service::Error::Unauthenticated)?;
        let after = paging.after::<(i64, i64)>()?.map(|(at, id)| (Timestamp(at), RoomId(id)));
        desk.app.rooms_of(&caller, after, limit + 1).await?
    };
    let placed: Vec<_> = rooms.into_iter().map(|(room, (at, id))| (room, (at.0, id.0))).collect();
    Ok(paged(&placed, limit, &headers, &uri))
}

fn paged<C: super::paging::Cursor + Clone>(
    rooms: &[(RoomSeen, C)],
    limit: i64,
    headers: &HeaderMap,
    uri: &Uri,
) -> axum::response::Response {
    let page = Page::of(rooms.iter().map(|(room, place)| (Room::of(room), place.clone())).collect(), limit);
    page.linked(uri, tagged(headers, &page))
}

/// Makes a room, whose owner is the caller, or finds the room of the caller and somebody else.
#[utoipa::path(post, path = "/api/v2/rooms", params(Name), request_body = NewRoom,
    responses((status = 201, body = Room<'static>), (status = 200, body = Room<'static>), (status = 404), (status = 409)))]
async fn make(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    body: Once<NewRoom>,
) -> Answer<Native> {
    let (new, named) = body.parts();
    let turn = named.turn(&desk, scope(Some(&caller), &client)).await?;
    let here = desk.clone();
    turn.run(&here, async move {
        match new {
            NewRoom { with: Some(with), name: None, .. } => {
                let (room, is_new) = desk.app.direct_room(&caller, AccountId(with)).await?;
                let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
                Ok(reply::json(status, &Room::of(&room)))
            }
            NewRoom { with: None, name: Some(name), visibility: Some(visibility), topic } => {
                let topic = topic.unwrap_or_default();
                let room = desk.app.make_room(&caller, &name, visibility.into(), topic, &client).await?;
                Ok(reply::json(StatusCode::CREATED, &Room::of(&room)))
            }
            _ => Err(malformed("Give `name` and `visibility`, or `with` alone.")),
        }
    })
    .await
}

/// A room.
#[utoipa::path(get, path = "/api/v2/rooms/{name}", params(("name" = String, Path)),
    responses((status = 200, body = Room<'static>), (status = 403)))]
async fn show(State(desk): State<Desk>, caller: Anybody, Place(room): Place) -> Answer<Native> {
    let room = desk.app.show_room(&room, caller.0.as_ref()).await?;
    Ok(reply::json(StatusCode::OK, &Room::of(&room)))
}

/// Changes a room. Who may no longer read it is put out at once.
#[utoipa::path(patch, path = "/api/v2/rooms/{name}", params(("name" = String, Path)), request_body = RoomEdit,
    responses((status = 200, body = Room<'static>)))]
async fn edit(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    Place(room): Place,
    body: Json<Native, RoomEdit>,
) -> Answer<Native> {
    let RoomEdit { visibility, topic, slow_mode } = body.value();
    let change = RoomChange { topic, visibility: visibility.map(Into::into), slow_mode };
    let room = desk.app.edit_room(&room, &caller, change, &client).await?;
    Ok(reply::json(StatusCode::OK, &Room::of(&room)))
}

/// Ends a room: it and its log are gone, its name rests for a day.
#[utoipa::path(delete, path = "/api/v2/rooms/{name}", params(("name" = String, Path)), responses((status = 204)))]
async fn end(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    Place(room): Place,
) -> Answer<Native> {
    desk.app.end_room(&room, &caller, &client).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Which rooms are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// `public` for the public rooms; the caller's own otherwise.
    #[param(inline)]
    scope: Option<Scope>,
    /// The beginning of the name, of public rooms.
    q: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Scope {
    Public,
}

/// Who may read a room that somebody makes.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum NewVisibility {
    /// Anybody.
    Public,
    /// Its members.
    Private,
}

impl From<NewVisibility> for Visibility {
    fn from(visibility: NewVisibility) -> Self {
        match visibility {
            NewVisibility::Public => Self::Public,
            NewVisibility::Private => Self::Private,
        }
    }
}

/// A room to be made: `name`, `visibility` and perhaps `topic`, or `with`.
#[derive(Deserialize, ToSchema)]
struct NewRoom {
    name: Option<String>,
    visibility: Option<NewVisibility>,
    topic: Option<String>,
    /// The other person of a direct room.
    with: Option<i64>,
}

/// A change of a room; what is not there stays as it is.
#[derive(Deserialize, ToSchema)]
struct RoomEdit {
    visibility: Option<NewVisibility>,
    topic: Option<String>,
    /// Seconds between two messages of one person, 0 to 3600.
    slow_mode: Option<i64>,
}

/// A room as the caller sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct Room<'a> {
    id: i64,
    name: &'a str,
    /// `public`, `private` or `direct`.
    visibility: &'static str,
    topic: &'a str,
    /// Seconds between two messages of one person; 0 for none.
    slow_mode: i64,
    created_at: String,
    /// Which life of the log this is.
    epoch: String,
    last_seq: i64,
    members: i64,
    /// The caller's place; null for who is no member.
    #[schema(required)]
    me: Option<MyPlace>,
    /// The other person of a direct room.
    #[schema(required)]
    with: Option<Person>,
    #[schema(required)]
    last_message: Option<EventShape<'a>>,
}

/// The caller's place in a room.
#[derive(Serialize, ToSchema)]
struct MyPlace {
    /// `owner`, `moderator` or `member`.
    role: &'static str,
    #[schema(required)]
    muted_until: Option<String>,
    read_seq: i64,
    /// Other people's messages after that; 100 stands for more.
    unread: i64,
}

impl<'a> Room<'a> {
    pub(super) fn of(room: &'a RoomSeen) -> Self {
        let view = &room.view;
        let me = view.role.map(|role| MyPlace {
            role: role.name(),
            muted_until: view.muted_until.map(microseconds),
            read_seq: view.read_seq.unwrap_or(0),
            unread: view.unread,
        });
        Self {
            id: view.id.0,
            name: &view.name,
            visibility: view.visibility.name(),
            topic: &view.topic,
            slow_mode: view.slow_mode,
            created_at: microseconds(view.created_at),
            epoch: view.epoch.0.to_string(),
            last_seq: view.last_seq,
            members: view.members,
            me,
            with: room.with.as_deref().map(Person::of),
            last_message: room.last_message.as_ref().map(EventShape::of),
        }
    }
}
