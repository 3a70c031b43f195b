//! Members of rooms, and what keeps order among them.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use parlour_model::{AccountId, Role};
use parlour_service::rooms::{Ban, RoomMember};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Native;
use super::asked::Asked;
use super::member::{Anybody, Member};
use super::paging::{Page, Paging};
use super::person::Person;
use super::place::{Place, Who};
use super::rooms::Room;
use crate::body::Json;
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::live::microseconds;
use crate::refusal::Answer;
use crate::reply;
use crate::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::default()
        .serve::<Native>(routes!(list))
        .serve::<Native>(routes!(join, leave))
        .serve::<Native>(routes!(give_role, remove))
        .serve::<Native>(routes!(mute, unmute))
        .serve::<Native>(routes!(bans))
        .serve::<Native>(routes!(ban, unban))
}

/// The members of a room, by their numbers.
#[utoipa::path(get, path = "/api/v2/rooms/{name}/members", operation_id = "members", params(("name" = String, Path), Beginning, Paging),
    responses((status = 200, body = Page<RoomMemberShape>), (status = 403)))]
async fn list(
    State(desk): State<Desk>,
    caller: Anybody,
    Place(room): Place,
    Asked(beginning): Asked<Beginning>,
    Asked(paging): Asked<Paging>,
    uri: Uri,
) -> Answer<Native> {
    let limit = paging.limit()?;
    let after = AccountId(paging.after::<i64>()?.unwrap_or(0));
    let found = desk.app.members(&room, caller.0.as_ref(), after, beginning.q.as_deref(), limit + 1).await?;
    let items = found.iter().map(|member| (RoomMemberShape::of(member), member.account.id.0)).collect();
    Ok(Page::of(items, limit).answer(&uri))
}

/// Joins a public room, or a private one that the caller was invited to.
#[utoipa::path(put, path = "/api/v2/rooms/{name}/members/me", params(("name" = String, Path)),
    responses((status = 200, body = Room<'static>)))]
async fn join(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    Place(room): Place,
) -> Answer<Native> {
    let room = desk.app.join_room(&room, &caller, &client).await?;
    Ok(reply::json(StatusCode::OK, &Room::of(&room)))
}

/// Leaves a room.
#[utoipa::path(delete, path = "/api/v2/rooms/{name}/members/me", params(("name" = String, Path)),
    responses((status = 204), (status = 409)))]
async fn leave(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    Place(room): Place,
) -> Answer<Native> {
    desk.app.leave_room(&room, &caller, &client).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Gives a member another role.
#[utoipa::path(patch, path = "/api/v2/rooms/{name}/members/{id}", request_body = NewRole,
    params(("name" = String, Path), ("id" = i64, Path)),
    responses((status = 200, body = RoomMemberShape), (status = 409)))]
async fn give_role(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    Place(room): Place,
    Who(id): Who,
    body: Json<Native, NewRole>,
) -> Answer<Native> {
    let member = desk.app.set_role(&room, &caller, id, body.value().role.into(), &client).await?;
    Ok(reply::json(StatusCode::OK, &RoomMemberShape::of(&member)))
}

/// Puts a member out.
#[utoipa::path(delete, path = "/api/v2/rooms/{name}/members/{id}", operation_id = "put_out",
    params(("name" = String, Path), ("id" = i64, Path)), responses((status = 204), (status = 409)))]
async fn remove(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    Place(room): Place,
    Who(id): Who,
) -> Answer<Native> {
    desk.app.remove_member(&room, &caller, id, &client).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Has somebody read and not write for a while.
#[utoipa::path(put, path = "/api/v2/rooms/{name}/mutes/{id}", request_body = Mute,
    params(("name" = String, Path), ("id" = i64, Path)), responses((status = 204), (status = 409)))]
async fn mute(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    Place(room): Place,
    Who(id): Who,
    body: Json<Native, Mute>,
) -> Answer<Native> {
    desk.app.mute(&room, &caller, id, body.value().seconds, &client).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Lets somebody write again.
#[utoipa::path(delete, path = "/api/v2/rooms/{name}/mutes/{id}",
    params(("name" = String, Path), ("id" = i64, Path)), responses((status = 204), (status = 409)))]
async fn unmute(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    Place(room): Place,
    Who(id): Who,
) -> Answer<Native> {
    desk.app.unmute(&room, &caller, id, &client).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Who is kept out of a room, for its moderators.
#[utoipa::path(get, path = "/api/v2/rooms/{name}/bans", params(("name" = String, Path), Paging),
    responses((status = 200, body = Page<BanShape>), (status = 403)))]
async fn bans(
    State(desk): State<Desk>,
    Member(caller): Member,
    Place(room): Place,
    Asked(paging): Asked<Paging>,
    uri: Uri,
) -> Answer<Native> {
    let limit = paging.limit()?;
    let after = AccountId(paging.after::<i64>()?.unwrap_or(0));
    let found = desk.app.bans(&room, &caller, after, limit + 1).await?;
    let items = found.iter().map(|ban| (BanShape::of(ban), ban.account.id.0)).collect();
    Ok(Page::of(items, limit).answer(&uri))
}

/// Puts somebody out and keeps them out.
#[utoipa::path(put, path = "/api/v2/rooms/{name}/bans/{id}", request_body = NewBan,
    params(("name" = String, Path), ("id" = i64, Path)), responses((status = 204), (status = 409)))]
async fn ban(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    Place(room): Place,
    Who(id): Who,
    body: Json<Native, NewBan>,
) -> Answer<Native> {
    let NewBan { reason, seconds } = body.value();
    desk.app.ban(&room, &caller, id, (reason.unwrap_or_default(), seconds), &client).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Lets somebody come back.
#[utoipa::path(delete, path = "/api/v2/rooms/{name}/bans/{id}",
    params(("name" = String, Path), ("id" = i64, Path)), responses((status = 204), (status = 409)))]
async fn unban(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    Place(room): Place,
    Who(id): Who,
) -> Answer<Native> {
    desk.app.unban(&room, &caller, id, &client).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Which members are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Beginning {
    /// The beginning of a username.
    q: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct NewRole {
    role: RoleName,
}

/// What a member may do in a room.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum RoleName {
    Owner,
    Moderator,
    Member,
}

impl From<RoleName> for Role {
    fn from(role: RoleName) -> Self {
        match role {
            RoleName::Owner => Self::Owner,
            RoleName::Moderator => Self::Moderator,
            RoleName::Member => Self::Member,
        }
    }
}

#[derive(Deserialize, ToSchema)]
struct Mute {
    /// For how long, 60 to 31,536,000.
    seconds: i64,
}

#[derive(Deserialize, ToSchema)]
struct NewBan {
    reason: Option<String>,
    /// For how long, 60 to 31,536,000; for good when it is not given.
    seconds: Option<i64>,
}

/// Somebody in a room.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
struct RoomMemberShape {
    person: Person,
    /// `owner`, `moderator` or `member`.
    role: &'static str,
    joined_at: String,
    #[schema(required)]
    muted_until: Option<String>,
    /// Whether they are in the room now.
    present: bool,
}

/// Somebody who is kept out of a room.
#[derive(Serialize, ToSchema)]
#[schema(as = Ban)]
struct BanShape {
    person: Person,
    #[schema(required)]
    by: Option<Person>,
    reason: String,
    at: String,
    #[schema(required)]
    until: Option<String>,
}

impl RoomMemberShape {
    fn of(member: &RoomMember) -> Self {
        Self {
            person: Person::of(&member.account),
            role: member.role.name(),
            joined_at: microseconds(member.joined_at),
            muted_until: member.muted_until.map(microseconds),
            present: member.present,
        }
    }
}

impl BanShape {
    fn of(ban: &Ban) -> Self {
        Self {
            person: Person::of(&ban.account),
            by: ban.by.as_deref().map(Person::of),
            reason: ban.row.reason.clone(),
            at: microseconds(ban.row.at),
            until: ban.row.until.map(microseconds),
        }
    }
}
