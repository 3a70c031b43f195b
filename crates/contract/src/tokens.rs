//! `tokens`: access and refresh tokens in headers, e-mail verification; refusals are JSON strings.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{any, delete, get, post};
use parlour_model::{AccountId, Field, Profile};
use parlour_service::log_in::{Granted, LogIn, NameGiven, Wants};
use parlour_service::sign_up::{NewName, SignUp};
use parlour_service::{Caller, Credential, Error};
use serde::{Deserialize, Serialize};

use crate::body::Json;
use crate::desk::Desk;
use crate::refusal::{Answer, BadBody, Refusal, Words, wrong_method};
use crate::reply;
use crate::visitor::Visitor;

const ACCESS_HEADER: &str = "x-access-token";
const REFRESH_HEADER: &str = "x-refresh-token";

pub(crate) fn routes() -> Router<Desk> {
    let login = post(log_in).delete(log_out).fallback(wrong_method::<Tokens>);
    let refresh = post(refresh).fallback(wrong_method::<Tokens>);
    let signup = post(sign_up).fallback(wrong_method::<Tokens>);
    // A scanner that only looks (HEAD) must verify nothing and have nothing mailed.
    let verify = get(verify).head(look).fallback(wrong_method::<Tokens>);
    let create_secret = get(create_secret).head(look).fallback(wrong_method::<Tokens>);
    let user = delete(delete_user).fallback(wrong_method::<Tokens>);
    Router::new()
        .route("/api/v1/user/login", login.clone())
        .route("/api/v1/user/login/", login)
        .route("/api/v1/user/login/refresh", refresh.clone())
        .route("/api/v1/user/login/refresh/", refresh)
        .route("/api/v1/user/signup", signup.clone())
        .route("/api/v1/user/signup/", signup)
        .route("/api/v1/user/verify/{secret}", verify.clone())
        .route("/api/v1/user/verify/{secret}/", verify)
        .route("/api/v1/user/create_secret/{id}", create_secret.clone())
        .route("/api/v1/user/create_secret/{id}/", create_secret)
        .route("/api/v1/protected/user", user.clone())
        .route("/api/v1/protected/user/", user)
        .route("/api/v1/protected", any(missing))
        .route("/api/v1/protected/", any(missing))
        .route("/api/v1/protected/{*rest}", any(missing))
}

/// Lets through whoever brings a good access token. Everything below `/api/v1/protected/` comes by here first.
pub(crate) async fn guard(desk: &Desk, token: &str) -> Result<Caller, Refusal<Tokens>> {
    Ok(desk.app.authenticate(Credential::Token(token)).await?)
}

/// What is shown to the guard; a missing token is the empty one, which is bad.
pub(crate) fn token_at_the_guard(headers: &HeaderMap) -> String {
    token(headers, ACCESS_HEADER).unwrap_or("").to_owned()
}

async fn log_in(State(desk): State<Desk>, Visitor(client): Visitor, body: Json<Tokens, Credentials>) -> Answer<Tokens> {
    let given = body.value();
    let log_in = LogIn { name: NameGiven::Email(given.email), password: given.password, wants: Wants::TokenPair };
    let (_, granted) = desk.app.log_in(log_in, &client).await?;
    pair(Some(granted))
}

async fn log_out(State(desk): State<Desk>, Visitor(client): Visitor, headers: HeaderMap) -> Answer<Tokens> {
    let refresh = token(&headers, REFRESH_HEADER).ok_or(Error::RefreshRefused)?;
    desk.app.log_out_refresh(refresh, &client).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

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
            Ok(reply::json(StatusCode::CONFLICT, &sentence))
        }
        Err(error) => Err(error.into()),
    }
}

async fn verify(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    secret: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Answer<Tokens> {
    let Path(secret) = secret.map_err(|_not_text| Error::UnknownSecret)?;
    desk.app.verify_email(&secret, &client).await?;
    Ok(reply::empty(StatusCode::OK))
}

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

async fn look() -> Response {
    reply::empty(StatusCode::OK)
}

async fn delete_user(State(desk): State<Desk>, Visitor(client): Visitor, headers: HeaderMap) -> Answer<Tokens> {
    let caller = guard(&desk, &token_at_the_guard(&headers)).await?;
    desk.app.delete_account(caller.account.id, &client).await?;
    Ok(reply::empty(StatusCode::OK))
}

async fn missing() -> Response {
    refusal(StatusCode::NOT_FOUND, "Not found")
}

/// The words of this contract.
pub(crate) struct Tokens;

const MALFORMED: &str = "Malformed json request body";

impl Words for Tokens {
    fn refuse(error: &Error) -> Response {
        let (status, sentence) = match error {
            Error::Invalid(_)
            | Error::MessageTooLong(_)
            | Error::KeyConflict
            | Error::Conflict
            | Error::TooLarge(_)
            | Error::NotAnImage => (StatusCode::BAD_REQUEST, MALFORMED),
            Error::Taken(_) => (StatusCode::CONFLICT, "Error creating new user, no username is left for this name"),
            Error::UnknownAccount | Error::WrongPassword | Error::Disabled => {
                (StatusCode::UNAUTHORIZED, "Unauthorized user")
            }
            Error::Unauthenticated | Error::CredentialRefused | Error::CredentialExpired => {
                (StatusCode::UNAUTHORIZED, "Given access token is expired or invalid")
            }
            Error::RefreshRefused => (StatusCode::UNAUTHORIZED, "Given refresh token is expired or invalid"),
            Error::UnknownSecret | Error::LinkUsed => (StatusCode::UNAUTHORIZED, "Given token is invalid"),
            Error::SecretExpired => (StatusCode::UNAUTHORIZED, "Given token is expired"),
            Error::Forbidden
            | Error::UnknownRoom
            | Error::UnknownMessage
            | Error::Banned
            | Error::Muted(_)
            | Error::LastOwner => (StatusCode::FORBIDDEN, "Not allowed"),
            Error::TooManyConnections | Error::Throttled(_) | Error::SlowMode(_) => {
                (StatusCode::TOO_MANY_REQUESTS, "Too many requests, try again later")
            }
            Error::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "The server is busy, try again"),
            Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong"),
        };
        refusal(status, sentence)
    }

    fn bad_body(fault: &BadBody) -> Response {
        let status = match fault {
            BadBody::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            BadBody::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            BadBody::Incomplete | BadBody::Malformed(_) | BadBody::IllTyped => StatusCode::BAD_REQUEST,
        };
        refusal(status, MALFORMED)
    }

    fn no_such_route(status: StatusCode, sentence: &str) -> Response {
        refusal(status, sentence)
    }
}

fn refusal(status: StatusCode, sentence: &str) -> Response {
    reply::json(status, &sentence)
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

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewUser {
    email: String,
    password: String,
    first_name: String,
    last_name: String,
}

#[derive(Deserialize)]
struct Rotate {
    rotate: Option<String>,
}

impl Rotate {
    /// `?rotate`, `?rotate=1` and `?rotate=TRUE` mean what `?rotate=true` says.
    fn wanted(&self) -> bool {
        self.rotate.as_deref().is_some_and(|text| matches!(&*text.to_ascii_lowercase(), "" | "1" | "true"))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pair {
    access_token: String,
    refresh_token: String,
}

#[derive(Serialize)]
struct Refreshed<'a> {
    #[serde(rename = "accessToken")]
    access: &'a str,
    /// The name that deployed clients read.
    #[serde(rename = "freshAccessToken")]
    fresh: &'a str,
    #[serde(rename = "refreshToken", skip_serializing_if = "Option::is_none")]
    refresh: Option<&'a str>,
}
