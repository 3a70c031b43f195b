//! `tokens`: access and refresh tokens in headers, e-mail verification; refusals are JSON strings.

mod words;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use parlour_model::{AccountId, Field, Profile};
use parlour_service::log_in::{Granted, LogIn, NameGiven, Wants};
use parlour_service::sign_up::{NewName, SignUp};
use parlour_service::{Caller, Credential, Error};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::body::Json;
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::refusal::{Answer, Refusal};
use crate::reply;
use crate::visitor::Visitor;
pub(crate) use words::Tokens;
use words::refusal;

const ACCESS_HEADER: &str = "x-access-token";
const REFRESH_HEADER: &str = "x-refresh-token";

pub(crate) fn routes() -> Routes {
    Routes::default()
        .serve::<Tokens>(routes!(log_in, log_out))
        .serve::<Tokens>(routes!(refresh))
        .serve::<Tokens>(routes!(sign_up))
        .serve::<Tokens>(routes!(verify, look_at_link))
        .serve::<Tokens>(routes!(create_secret, look_at_mailing))
        .serve::<Tokens>(routes!(delete_user))
}

/// Lets through whoever brings a good access token. Everything below `/api/v1/protected/` comes by here first.
pub(crate) async fn guard(desk: &Desk, token: &str) -> Result<Caller, Refusal<Tokens>> {
    Ok(desk.app.authenticate(Credential::Token(token)).await?)
}

/// What is shown to the guard; a missing token is the empty one, which is bad.
pub(crate) fn token_at_the_guard(headers: &HeaderMap) -> String {
    token(headers, ACCESS_HEADER).unwrap_or("").to_owned()
}

/// Log in.
///
/// The e-mail matches in any case of its letters; a username does not match.
#[utoipa::path(post, path = "/api/v1/user/login", request_body = Credentials, responses(
    (status = 201, description = "Logged in.", body = Pair),
    (status = 401, description = "Unknown e-mail or wrong password: one answer for both."),
))]
async fn log_in(State(desk): State<Desk>, Visitor(client): Visitor, body: Json<Tokens, Credentials>) -> Answer<Tokens> {
    let given = body.value();
    let log_in = LogIn { name: NameGiven::Email(given.email), password: given.password, wants: Wants::TokenPair };
    let (_, granted) = desk.app.log_in(log_in, &client).await?;
    pair(Some(granted))
}

/// Log out.
///
/// The refresh token decides; an access token that has expired does not stop it. The session's tokens and sockets end.
#[utoipa::path(delete, path = "/api/v1/user/login", security(("refresh" = [])), responses(
    (status = 204, description = "Logged out."),
    (status = 401, description = "The refresh token is no longer good."),
))]
async fn log_out(State(desk): State<Desk>, Visitor(client): Visitor, headers: HeaderMap) -> Answer<Tokens> {
    let refresh = token(&headers, REFRESH_HEADER).ok_or(Error::RefreshRefused)?;
    desk.app.log_out_refresh(refresh, &client).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Get a new access token.
///
/// The refresh token stays good within its limits. With `rotate` a new one comes along and replaces it.
#[utoipa::path(post, path = "/api/v1/user/login/refresh", security(("refresh" = [])), params(Rotate), responses(
    (status = 201, description = "One new token under both names.", body = Refreshed),
    (status = 401, description = "The refresh token is expired or invalid."),
))]
async fn refresh(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    query: Result<Query<Rotate>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Answer<Tokens> {
    let refresh = token(&headers, REFRESH_HEADER).ok_or(Error::RefreshRefused)?;
    let rotate = query.is_ok_and(|Query(query)| query.wanted());
    let refreshed = desk.app.refresh(refresh, rotate, &client).await?;
    let body = Refreshed { access: &refreshed.access, fresh: &refreshed.access, refresh: refreshed.refresh.as_deref() };
    Ok(reply::json(StatusCode::CREATED, &body))
}

/// Sign up.
///
/// The account is logged in, and a verification mail is on its way. The username is made of both names.
#[utoipa::path(post, path = "/api/v1/user/signup", request_body = NewUser, responses(
    (status = 201, description = "The account exists and is logged in.", body = Pair),
    (status = 400, description = "The e-mail is none, the password has fewer than 8 characters, a name is blank."),
    (status = 409, description = "The e-mail is taken."),
))]
async fn sign_up(State(desk): State<Desk>, Visitor(client): Visitor, body: Json<Tokens, NewUser>) -> Answer<Tokens> {
    let given = body.value();
    let email = given.email.clone();
    let profile = Profile { first_name: given.first_name, last_name: given.last_name, ..Profile::default() };
    let sign_up = SignUp {
        name: NewName::FromProfile,
        email: Some(given.email),
        password: given.password,
        profile,
        wants: Some(Wants::TokenPair),
    };
    match desk.app.sign_up(sign_up, &client).await {
        Ok(signed_up) => pair(signed_up.granted),
        Err(Error::Taken(Field::Email)) => {
            let sentence = format!("Error creating new user, given email {email} already used");
            Ok(refusal(StatusCode::CONFLICT, &sentence))
        }
        Err(error) => Err(error.into()),
    }
}

/// Verify an e-mail address.
///
/// Repeating it within the secret's life is no error. HEAD never verifies.
#[utoipa::path(get, path = "/api/v1/user/verify/{secret}",
    params(("secret" = String, Path, description = "What was mailed, 50 characters.")),
    responses((status = 200, description = "It is verified."), (status = 401, description = "Unknown or expired.")))]
async fn verify(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    secret: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Answer<Tokens> {
    let Path(secret) = secret.map_err(|_not_text| Error::UnknownSecret)?;
    desk.app.verify_email(&secret, &client).await?;
    Ok(reply::empty(StatusCode::OK))
}

/// Mail a verification link again.
///
/// It is also 200 with nothing done: there is no e-mail, it is verified, or it had its mail.
#[utoipa::path(get, path = "/api/v1/user/create_secret/{id}",
    params(("id" = i64, Path, description = "The number of the account.")),
    responses((status = 200, description = "Mailed, or not needed."), (status = 400, description = "Unknown id.")))]
async fn create_secret(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    id: Result<Path<i64>, axum::extract::rejection::PathRejection>,
) -> Answer<Tokens> {
    let Ok(Path(id)) = id else { return Ok(unknown_id()) };
    match desk.app.request_verification(AccountId(id), &client).await {
        Err(Error::UnknownAccount) => Ok(unknown_id()),
        other => Ok(other.map(|()| reply::empty(StatusCode::OK))?),
    }
}

fn unknown_id() -> Response {
    refusal(StatusCode::BAD_REQUEST, "Given user id could not be found")
}

/// Look at a verification link, which does nothing.
// A scanner that only looks (HEAD) must verify nothing and have nothing mailed.
#[utoipa::path(head, path = "/api/v1/user/verify/{secret}",
    params(("secret" = String, Path, description = "What was mailed.")),
    responses((status = 200, description = "Nothing was done.")))]
async fn look_at_link() -> Response {
    reply::empty(StatusCode::OK)
}

/// Look at what would mail a link, which does nothing.
#[utoipa::path(head, path = "/api/v1/user/create_secret/{id}",
    params(("id" = i64, Path, description = "The number of the account.")),
    responses((status = 200, description = "Nothing was done.")))]
async fn look_at_mailing() -> Response {
    reply::empty(StatusCode::OK)
}

/// Delete the caller's account.
///
/// Every session, token and socket of the account ends with it.
#[utoipa::path(delete, path = "/api/v1/protected/user", security(("access" = [])), responses(
    (status = 200, description = "The user no longer exists."),
    (status = 401, description = "The access token is missing, expired or revoked."),
))]
async fn delete_user(State(desk): State<Desk>, Visitor(client): Visitor, headers: HeaderMap) -> Answer<Tokens> {
    let caller = guard(&desk, &token_at_the_guard(&headers)).await?;
    desk.app.delete_account(caller.account.id, &client).await?;
    Ok(reply::empty(StatusCode::OK))
}

fn token<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn pair(granted: Option<Granted>) -> Answer<Tokens> {
    let Some(Granted::Pair { access, refresh }) = granted else {
        return Err(Error::internal("no pair of tokens was granted").into());
    };
    Ok(reply::json(StatusCode::CREATED, &Pair { access_token: access, refresh_token: refresh }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = tokens::Credentials)]
struct Credentials {
    email: String,
    password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = tokens::NewUser)]
struct NewUser {
    email: String,
    password: String,
    first_name: String,
    last_name: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Rotate {
    /// `true` to have the refresh token replaced, too.
    rotate: Option<String>,
}

impl Rotate {
    /// `?rotate`, `?rotate=1` and `?rotate=TRUE` mean what `?rotate=true` says.
    fn wanted(&self) -> bool {
        self.rotate.as_deref().is_some_and(|text| matches!(&*text.to_ascii_lowercase(), "" | "1" | "true"))
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = tokens::Pair)]
struct Pair {
    access_token: String,
    refresh_token: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = tokens::Refreshed)]
struct Refreshed<'a> {
    #[serde(rename = "accessToken")]
    access: &'a str,
    /// The name that deployed clients read.
    #[serde(rename = "freshAccessToken")]
    fresh: &'a str,
    #[serde(rename = "refreshToken", skip_serializing_if = "Option::is_none")]
    refresh: Option<&'a str>,
}
