//! One's own account.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use parlour_model::{Account, ProfileChange};
use parlour_service::Error;
use parlour_service::edit_account::Edit;
use parlour_service::log_in::Wants;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::etag::tagged;
use super::member::Member;
use super::own_account::Me;
use super::sessions::{Handed, Session, Tokens};
use super::{Native, Problem};
use crate::body::Json;
use crate::caller::bearer;
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::refusal::Answer;
use crate::reply;
use crate::session_cookie;
use crate::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::default()
        .serve::<Native>(routes!(me, edit, leave))
        .serve::<Native>(routes!(change_password))
        .serve::<Native>(routes!(change_email))
        .serve::<Native>(routes!(mail_link_again))
}

/// The account of whoever asks.
#[utoipa::path(get, path = "/api/v2/me", responses((status = 200, body = Me), (status = 304)))]
async fn me(State(desk): State<Desk>, Member(caller): Member, headers: HeaderMap) -> Answer<Native> {
    Ok(tagged(&headers, &Me::now(&desk, &caller.account).await?))
}

/// Changes the parts that are given.
#[utoipa::path(patch, path = "/api/v2/me", request_body = Changes, responses((status = 200, body = Me), (status = 409)))]
async fn edit(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    body: Json<Native, Changes>,
) -> Answer<Native> {
    let account = desk.app.edit_account(&caller, body.value().edit(), &client).await?;
    shown(&desk, &account).await
}

/// Deletes the account, its sessions and what it wrote.
#[utoipa::path(delete, path = "/api/v2/me", request_body = OwnPassword,
    responses((status = 204, headers(("Set-Cookie" = String, description = "Takes the cookie away.")))))]
async fn leave(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    body: Json<Native, OwnPassword>,
) -> Answer<Native> {
    desk.app.leave(&caller, body.value().password, &client).await?;
    let mut response = reply::empty(StatusCode::NO_CONTENT);
    session_cookie::take(response.headers_mut());
    Ok(response)
}

/// Sets another password. Every session ends with its sockets; this one goes on under a new id, with a new credential.
#[utoipa::path(post, path = "/api/v2/me/password", request_body = Passwords,
    responses((status = 200, body = Renewed, headers(("Set-Cookie" = String, description = "A new `sessionid`, for who came with one.")))))]
async fn change_password(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    headers: HeaderMap,
    body: Json<Native, Passwords>,
) -> Answer<Native> {
    let given = body.value();
    let wants = if bearer(&headers).is_some() { Wants::TokenPair } else { Wants::Cookie };
    let changed = desk.app.change_password(&caller, given.current, given.new, wants, &client).await;
    let (logged_in, granted) = match changed {
        Err(Error::Invalid(violations)) => return Ok(Problem::about("new", &violations).response()),
        other => other?,
    };
    let handed = Handed::of(&desk, Some(granted));
    let session = Session::of(&logged_in.session, logged_in.session.id);
    Ok(handed.cookie.give(&desk, reply::json(StatusCode::OK, &Renewed { session, tokens: handed.tokens })))
}

/// Mails a link to another address. It takes the place of this one when the link is opened.
#[utoipa::path(post, path = "/api/v2/me/email", request_body = NewAddress,
    responses((status = 202), (status = 409)))]
async fn change_email(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    body: Json<Native, NewAddress>,
) -> Answer<Native> {
    let given = body.value();
    let edit = Edit { email: Some(given.email), password: Some(given.password), ..Edit::default() };
    desk.app.edit_account(&caller, edit, &client).await?;
    Ok(reply::empty(StatusCode::ACCEPTED))
}

/// Mails the link again that proves an address. Nothing tells whether there was one to prove.
#[utoipa::path(post, path = "/api/v2/me/verification", responses((status = 202)))]
async fn mail_link_again(State(desk): State<Desk>, Visitor(client): Visitor, Member(caller): Member) -> Answer<Native> {
    desk.app.mail_link_again(&caller, &client).await?;
    Ok(reply::empty(StatusCode::ACCEPTED))
}

/// The account as it is now.
pub(super) async fn shown(desk: &Desk, account: &Account) -> Answer<Native> {
    Ok(reply::json(StatusCode::OK, &Me::now(desk, account).await?))
}

/// The session that goes on, and its tokens if it has any.
#[derive(Serialize, ToSchema)]
struct Renewed {
    session: Session,
    #[schema(required)]
    tokens: Option<Tokens>,
}

/// The password that the caller has.
#[derive(Deserialize, ToSchema)]
struct OwnPassword {
    password: String,
}

/// The password that the caller has, and the one they want.
#[derive(Deserialize, ToSchema)]
struct Passwords {
    current: String,
    new: String,
}

/// Another address, and the password that the caller has.
#[derive(Deserialize, ToSchema)]
struct NewAddress {
    email: String,
    password: String,
}

/// What is to change; what is missing or `null` stays.
#[derive(Deserialize, ToSchema)]
struct Changes {
    username: Option<String>,
    display_name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    bio: Option<String>,
    facility_id: Option<String>,
    consent: Option<bool>,
}

impl Changes {
    fn edit(self) -> Edit {
        let profile = ProfileChange {
            first_name: self.first_name,
            last_name: self.last_name,
            display_name: self.display_name,
            facility_id: self.facility_id,
            profile_picture: None,
            bio: self.bio,
            consent: self.consent,
        };
        Edit { username: self.username, profile, ..Edit::default() }
    }
}
