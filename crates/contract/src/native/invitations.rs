//! Invitations into rooms.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use parlour_model::{AccountId, RoomId, Timestamp};
use parlour_service::rooms::Invitation;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Native;
use super::asked::Asked;
use super::member::Member;
use super::once::{Name, Once, scope};
use super::paging::{Page, Paging};
use super::person::Person;
use super::place::{Place, Who};
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::live::microseconds;
use crate::refusal::Answer;
use crate::reply;
use crate::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::default()
        .serve::<Native>(routes!(invite))
        .serve::<Native>(routes!(withdraw))
        .serve::<Native>(routes!(list))
        .serve::<Native>(routes!(decline))
}

/// Invites somebody into a room.
#[utoipa::path(post, path = "/api/v2/rooms/{name}/invitations", params(("name" = String, Path), Name),
    request_body = Invited, responses((status = 201, body = InvitationShape), (status = 409)))]
async fn invite(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    Place(room): Place,
    body: Once<Invited>,
) -> Answer<Native> {
    let (invited, named) = body.parts();
    let turn = named.turn(&desk, scope(Some(&caller), &client)).await?;
    let here = desk.clone();
    turn.run(&here, async move {
        let invitation = desk.app.invite(&room, &caller, AccountId(invited.account), &client).await?;
        Ok(reply::json(StatusCode::CREATED, &InvitationShape::of(&invitation)))
    })
    .await
}

/// Takes an invitation back; the number is the account's.
#[utoipa::path(delete, path = "/api/v2/rooms/{name}/invitations/{id}",
    params(("name" = String, Path), ("id" = i64, Path)), responses((status = 204)))]
async fn withdraw(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    Place(room): Place,
    Who(id): Who,
) -> Answer<Native> {
    desk.app.withdraw_invitation(&room, &caller, id, &client).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// The caller's invitations, the newest first.
#[utoipa::path(get, path = "/api/v2/invitations", operation_id = "invitations", params(Paging),
    responses((status = 200, body = Page<InvitationShape>)))]
async fn list(
    State(desk): State<Desk>,
    Member(caller): Member,
    Asked(paging): Asked<Paging>,
    uri: Uri,
) -> Answer<Native> {
    let limit = paging.limit()?;
    let before = paging.after::<(i64, i64)>()?.map(|(at, id)| (Timestamp(at), RoomId(id)));
    let found = desk.app.invitations(&caller, before, limit + 1).await?;
    let place = |invitation: &Invitation| (invitation.row.at.0, invitation.row.room.0);
    let items = found.iter().map(|one| (InvitationShape::of(one), place(one))).collect();
    Ok(Page::of(items, limit).answer(&uri))
}

/// Declines an invitation.
#[utoipa::path(delete, path = "/api/v2/invitations/{name}", params(("name" = String, Path)),
    responses((status = 204)))]
async fn decline(State(desk): State<Desk>, Member(caller): Member, Place(room): Place) -> Answer<Native> {
    desk.app.decline_invitation(&room, &caller).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

#[derive(Deserialize, ToSchema)]
struct Invited {
    /// Whom to invite.
    account: i64,
}

/// An invitation that waits.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
struct InvitationShape {
    room: InvitedTo,
    /// Who invited; null when that account is gone.
    #[schema(required)]
    by: Option<Person>,
    at: String,
}

/// A room as somebody sees it who is invited.
#[derive(Serialize, ToSchema)]
struct InvitedTo {
    name: String,
    topic: String,
    /// `public` or `private`.
    visibility: &'static str,
    members: i64,
}

impl InvitationShape {
    fn of(invitation: &Invitation) -> Self {
        let row = &invitation.row;
        let room = InvitedTo {
            name: row.name.clone(),
            topic: row.topic.clone(),
            visibility: row.visibility.name(),
            members: row.members,
        };
        Self { room, by: invitation.by.as_deref().map(Person::of), at: microseconds(row.at) }
    }
}
