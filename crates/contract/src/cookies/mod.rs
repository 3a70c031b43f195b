//! `cookies`: cookie sessions, a `detail` and `data` envelope, validation field by field.

mod form;
mod words;

use axum::extract::State;
use axum::http::StatusCode;
use parlour_model::Account;
use parlour_service::Error;
use parlour_service::log_in::{Granted, LogIn, NameGiven, Wants};
use parlour_service::secret::random_text;
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::Json;
use crate::caller::Known;
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::refusal::Answer;
use crate::reply;
use crate::session_cookie;
use crate::visitor::Visitor;
use form::{Form, LogInForm, SignUpForm};

use words::Detail;
pub(crate) use words::{Cookies, foreign};

pub(crate) fn routes() -> Routes {
    Routes::default()
        .serve::<Cookies>(routes!(me))
        .serve::<Cookies>(routes!(log_in, log_out))
        .serve::<Cookies>(routes!(sign_up))
}

/// Who am I.
#[utoipa::path(get, path = "/api/users/me/", security(("cookie" = []), ("token" = [])), responses(
    (status = 200, description = "The user, without `detail`.", body = Envelope),
    (status = 401, description = "No live session."),
))]
async fn me(Known(caller, ..): Known<Cookies>) -> Answer<Cookies> {
    Ok(reply::json(StatusCode::OK, &Envelope { detail: None, data: Some(Content::of(&caller.account)) }))
}

/// Log in.
///
/// The username matches in any case; an e-mail does not match.
#[utoipa::path(post, path = "/api/sessions/", request_body = LogInForm, responses(
    (status = 200, description = "Logged in.", body = Envelope, headers(
        ("Set-Cookie" = String, description = "`sessionid`, 14 days; and `csrftoken`, for clients that want one."),
    )),
    (status = 400, description = "Both fields are required, and JSON."),
    (status = 401, description = "`Invalid credentials`, alike for an unknown user and a wrong password."),
))]
async fn log_in(State(desk): State<Desk>, Visitor(client): Visitor, body: Json<Cookies, Form>) -> Answer<Cookies> {
    let Some((username, password)) = body.value().credentials() else {
        return Ok(words::refusal(StatusCode::BAD_REQUEST, "Both username and password are required."));
    };
    let log_in = LogIn { name: NameGiven::Username(username), password, wants: Wants::Cookie };
    let (logged_in, granted) = desk.app.log_in(log_in, &client).await?;
    with_session(&desk, StatusCode::OK, "Login successful", &logged_in.account, Some(granted))
}

/// Log out.
///
/// The session is over, and its sockets are closed.
#[utoipa::path(delete, path = "/api/sessions/", security(("cookie" = []), ("token" = [])), responses(
    (status = 200, description = "Logged out.", body = Detail, headers(
        ("Set-Cookie" = String, description = "Takes `sessionid` away."),
    )),
    (status = 401, description = "No live session."),
))]
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

/// Sign up.
///
/// Whoever signs up is logged in.
#[utoipa::path(post, path = "/api/users/", request_body = SignUpForm, responses(
    (status = 201, description = "Signed up and logged in.", body = Envelope, headers(
        ("Set-Cookie" = String, description = "`sessionid`, 14 days; and `csrftoken`, for clients that want one."),
    )),
    (status = 400, description = "`detail` has sentences by field, or is one."),
))]
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

#[derive(Serialize, ToSchema)]
#[schema(as = cookies::Envelope)]
struct Envelope<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Content<'a>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = cookies::Content)]
struct Content<'a> {
    user: User<'a>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = cookies::User)]
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
