//! Logging in and out, and one's sessions.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use parlour_model::{SessionId, Timestamp};
use parlour_service::Error;
use parlour_service::log_in::{Granted, LogIn, NameGiven, Wants};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::asked::Asked;
use super::member::Member;
use super::own_account::Me;
use super::paging::{Page, Paging};
use super::{Kind, Native, Problem};
use crate::body::Json;
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::live::microseconds;
use crate::refusal::{Answer, Refusal};
use crate::reply;
use crate::session_cookie;
use crate::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::default()
        .serve::<Native>(routes!(log_in, list, end_others))
        .serve::<Native>(routes!(log_out))
        .serve::<Native>(routes!(refresh))
        .serve::<Native>(routes!(end_one))
}

/// Logs in.
#[utoipa::path(post, path = "/api/v2/sessions", security(()), request_body = Credentials,
    responses((status = 201, body = Entered, headers(
        ("Set-Cookie" = String, description = "`sessionid`, where a cookie was asked for."),
    ))))]
async fn log_in(State(desk): State<Desk>, Visitor(client): Visitor, body: Json<Native, Credentials>) -> Answer<Native> {
    let given = body.value();
    let name = match (given.username, given.email) {
        (Some(username), None) => NameGiven::Username(username),
        (None, Some(email)) => NameGiven::Email(email),
        _ => {
            return Err(Refusal::of(
                Problem::new(Kind::Malformed, "Give `username` or `email`, one of them.").response(),
            ));
        }
    };
    let log_in = LogIn { name, password: given.password, wants: given.grant.wants() };
    let (logged_in, granted) = desk.app.log_in(log_in, &client).await.map_err(alike)?;
    let account = Me::now(&desk, &logged_in.account).await?;
    Ok(entered(&desk, account, Some(&logged_in.session), Some(granted)))
}

/// The caller's sessions, of every contract, the last used first.
#[utoipa::path(get, path = "/api/v2/sessions", params(Paging),
    responses((status = 200, body = Page<Session>)))]
async fn list(
    State(desk): State<Desk>,
    Member(caller): Member,
    Asked(paging): Asked<Paging>,
    uri: Uri,
) -> Answer<Native> {
    let limit = paging.limit()?;
    let after = paging.after::<(i64, i64)>()?.map(|(used, id)| (Timestamp(used), SessionId(id)));
    let found = desk.app.sessions_of(caller.account.id, after, limit + 1).await?;
    let place = |session: &parlour_model::Session| (session.last_used_at.0, session.id.0);
    let items = found.iter().map(|one| (Session::of(one, caller.session_id), place(one))).collect();
    Ok(Page::of(items, limit).answer(&uri))
}

/// Ends all sessions but this one.
#[utoipa::path(delete, path = "/api/v2/sessions", responses((status = 204)))]
async fn end_others(State(desk): State<Desk>, Visitor(client): Visitor, Member(caller): Member) -> Answer<Native> {
    desk.app.end_other_sessions(&caller, &client).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Logs out.
#[utoipa::path(delete, path = "/api/v2/sessions/current",
    responses((status = 204, headers(("Set-Cookie" = String, description = "Takes the cookie away.")))))]
async fn log_out(State(desk): State<Desk>, Visitor(client): Visitor, Member(caller): Member) -> Answer<Native> {
    desk.app.log_out(&caller, &client).await?;
    Ok(logged_out())
}

/// Ends one of the caller's sessions.
#[utoipa::path(delete, path = "/api/v2/sessions/{id}", params(("id" = i64, Path)),
    responses((status = 204)))]
async fn end_one(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    id: Result<Path<i64>, PathRejection>,
) -> Answer<Native> {
    let id = id.map_or(SessionId(0), |Path(id)| SessionId(id));
    if !desk.app.end_own_session(&caller, id, &client).await? {
        return Ok(Problem::new(Kind::NotFound, "There is no such session.").response());
    }
    Ok(if id == caller.session_id { logged_out() } else { reply::empty(StatusCode::NO_CONTENT) })
}

fn logged_out() -> Response {
    let mut response = reply::empty(StatusCode::NO_CONTENT);
    session_cookie::take(response.headers_mut());
    response
}

/// A new access token, and with `rotate` a new refresh token in the place of the old one.
#[utoipa::path(post, path = "/api/v2/sessions/refresh", security(()), request_body = Renewal,
    responses((status = 200, body = Tokens)))]
async fn refresh(State(desk): State<Desk>, Visitor(client): Visitor, body: Json<Native, Renewal>) -> Answer<Native> {
    let given = body.value();
    let refreshed = desk.app.refresh(&given.refresh_token, given.rotate.unwrap_or(false), &client).await?;
    let expires_in = desk.app.settings.tokens.access.as_secs();
    Ok(reply::json(StatusCode::OK, &Tokens::new(refreshed.access, refreshed.refresh, expires_in)))
}

/// Nobody learns from a login who is here.
fn alike(error: Error) -> Error {
    if matches!(error, Error::UnknownAccount) { Error::WrongPassword } else { error }
}

/// An account with the session that has just begun, and its credential: tokens in the body, or a cookie.
pub(super) fn entered(
    desk: &Desk,
    account: impl Serialize,
    session: Option<&parlour_model::Session>,
    granted: Option<Granted>,
) -> Response {
    let handed = Handed::of(desk, granted);
    let body =
        Entered { account, session: session.map(|session| Session::of(session, session.id)), tokens: handed.tokens };
    handed.cookie.give(desk, reply::json(StatusCode::CREATED, &body))
}

/// A credential on its way to its holder.
pub(super) struct Handed {
    pub(super) tokens: Option<Tokens>,
    pub(super) cookie: NewCookie,
}

/// The cookie of an answer, if it has one.
pub(super) struct NewCookie(Option<(String, std::time::Duration)>);

impl Handed {
    pub(super) fn of(desk: &Desk, granted: Option<Granted>) -> Self {
        let expires_in = desk.app.settings.tokens.access.as_secs();
        let (tokens, cookie) = match granted {
            Some(Granted::Pair { access, refresh }) => (Some(Tokens::new(access, Some(refresh), expires_in)), None),
            Some(Granted::Token(access)) => (Some(Tokens::new(access, None, expires_in)), None),
            Some(Granted::Cookie { value, life }) => (None, Some((value, life))),
            None => (None, None),
        };
        Self { tokens, cookie: NewCookie(cookie) }
    }
}

impl NewCookie {
    pub(super) fn give(self, desk: &Desk, mut response: Response) -> Response {
        if let Some((value, life)) = self.0 {
            session_cookie::give(response.headers_mut(), &value, life, &desk.settings);
        }
        response
    }
}

/// An account and the session that began.
#[derive(Serialize, ToSchema)]
pub(super) struct Entered<A = Me> {
    account: A,
    #[schema(required)]
    session: Option<Session>,
    #[schema(required)]
    tokens: Option<Tokens>,
}

/// A refresh token, and whether a new one is wanted.
#[derive(Deserialize, ToSchema)]
struct Renewal {
    refresh_token: String,
    rotate: Option<bool>,
}

/// One login.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    id: i64,
    /// The contract that it began through.
    contract: &'static str,
    /// What the client calls itself.
    device: String,
    address: String,
    created_at: String,
    /// To the minute.
    last_used_at: String,
    /// When it ends unless it is used before.
    expires_at: String,
    /// Whether it is the one that asks.
    current: bool,
}

impl Session {
    pub(super) fn of(session: &parlour_model::Session, current: SessionId) -> Self {
        Self {
            id: session.id.0,
            contract: session.contract.name(),
            device: session.device.clone(),
            address: session.address.clone(),
            created_at: microseconds(session.created_at),
            last_used_at: microseconds(session.last_used_at),
            expires_at: microseconds(session.expires_at.min(session.idle_expires_at)),
            current: session.id == current,
        }
    }
}

/// The credential of a client that keeps no cookies.
#[derive(Serialize, ToSchema)]
pub(super) struct Tokens {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
    #[schema(required)]
    refresh_token: Option<String>,
}

impl Tokens {
    pub(super) fn new(access_token: String, refresh_token: Option<String>, expires_in: u64) -> Self {
        Self { access_token, token_type: "Bearer", expires_in, refresh_token }
    }
}

/// What a login is answered with.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Grant {
    /// A cookie.
    Cookie,
    /// An access token and a refresh token.
    Tokens,
}

impl Grant {
    pub(super) const fn wants(self) -> Wants {
        match self {
            Self::Cookie => Wants::Cookie,
            Self::Tokens => Wants::TokenPair,
        }
    }
}

/// Who somebody says they are: a username or an e-mail address, and the password.
#[derive(Deserialize, ToSchema)]
struct Credentials {
    username: Option<String>,
    email: Option<String>,
    password: String,
    grant: Grant,
}
