//! `cookies`: cookie sessions, a `detail` and `data` envelope, validation field by field.

mod form;
mod words;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use parlour_model::Account;
use parlour_service::Error;
use parlour_service::log_in::{Granted, LogIn, NameGiven, Wants};
use parlour_service::secret::random_text;
use serde::Serialize;

use crate::body::Json;
use crate::caller::Known;
use crate::desk::Desk;
use crate::refusal::Answer;
use crate::reply;
use crate::session_cookie;
use crate::visitor::Visitor;
use form::Form;

pub(crate) use words::{Cookies, foreign};

pub(crate) fn routes() -> Router<Desk> {
    let me = get(me).fallback(words::wrong_method);
    let sessions = post(log_in).delete(log_out).fallback(words::wrong_method);
    let users = post(sign_up).fallback(words::wrong_method);
    Router::new()
        .route("/api/users/me/", me.clone())
        .route("/api/users/me", me)
        .route("/api/sessions/", sessions.clone())
        .route("/api/sessions", sessions)
        .route("/api/users/", users.clone())
        .route("/api/users", users)
}

async fn me(Known(caller, ..): Known<Cookies>) -> Answer<Cookies> {
    Ok(reply::json(StatusCode::OK, &Envelope { detail: None, data: Some(Content::of(&caller.account)) }))
}

async fn log_in(State(desk): State<Desk>, Visitor(client): Visitor, body: Json<Cookies, Form>) -> Answer<Cookies> {
    let Some((username, password)) = body.value().credentials() else {
        return Ok(words::refusal(StatusCode::BAD_REQUEST, "Both username and password are required."));
    };
    let log_in = LogIn { name: NameGiven::Username(username), password, wants: Wants::Cookie };
    let (logged_in, granted) = desk.app.log_in(log_in, &client).await?;
    with_session(&desk, StatusCode::OK, "Login successful", &logged_in.account, Some(granted))
}

async fn log_out(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Known(caller, ..): Known<Cookies>,
) -> Answer<Cookies> {
    desk.app.log_out(&caller, &client).await?;
    let mut response = words::refusal(StatusCode::OK, "Logout successful");
    session_cookie::take(response.headers_mut());
    Ok(response)
}

async fn sign_up(State(desk): State<Desk>, Visitor(client): Visitor, body: Json<Cookies, Form>) -> Answer<Cookies> {
    let sign_up = match body.value().sign_up() {
        Ok(sign_up) => sign_up,
        Err(form) => return Ok(words::incomplete(&form)),
    };
    let signed_up = desk.app.sign_up(sign_up, &client).await?;
    with_session(&desk, StatusCode::CREATED, "Registration successful", &signed_up.account, signed_up.granted)
}

/// The user in the envelope, with the cookie of their new session.
fn with_session(
    desk: &Desk,
    status: StatusCode,
    detail: &'static str,
    account: &Account,
    granted: Option<Granted>,
) -> Answer<Cookies> {
    let Some(Granted::Cookie { value, life }) = granted else {
        return Err(Error::internal("no cookie was granted").into());
    };
    let mut response = reply::json(status, &Envelope { detail: Some(detail), data: Some(Content::of(account)) });
    let headers = response.headers_mut();
    session_cookie::give(headers, &value, life, &desk.settings);
    // Nothing is checked by it; clients that look for one before they send a form find one.
    let csrf = random_text::<24>(&*desk.app.chance)?;
    let (life, secure) = (life.as_secs(), session_cookie::secure(&desk.settings));
    session_cookie::append(headers, format!("csrftoken={csrf}; SameSite=Lax; Path=/; Max-Age={life}{secure}"));
    Ok(response)
}

#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Content<'a>>,
}

#[derive(Serialize)]
struct Content<'a> {
    user: User<'a>,
}

#[derive(Serialize)]
struct User<'a> {
    id: i64,
    username: &'a str,
    #[serde(rename = "firstName")]
    first_name: &'a str,
    #[serde(rename = "lastName")]
    last_name: &'a str,
    display_name: &'a str,
    facility_id: &'a str,
    profile_picture: &'a str,
    consent: bool,
}

impl<'a> Content<'a> {
    fn of(account: &'a Account) -> Self {
        let profile = &account.profile;
        Self {
            user: User {
                id: account.id.0,
                username: account.username.as_str(),
                first_name: &profile.first_name,
                last_name: &profile.last_name,
                display_name: &profile.display_name,
                facility_id: &profile.facility_id,
                profile_picture: &profile.profile_picture,
                consent: profile.consent_at.is_some(),
            },
        }
    }
}
