//! The pages that mails and the first start link to. They work without a script.

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use parlour_model::{Client, Contract, Field, Rule};
use parlour_service::Error;
use serde::Deserialize;
use utoipa::{IntoResponses, ToSchema};
use utoipa_axum::router::UtoipaMethodRouterExt;

use crate::body::read;
use crate::describe::{Routes, routes};
use crate::desk::Desk;
use crate::refusal::seconds;
use crate::reply;
use crate::visitor::Visitor;

pub(crate) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(style))
        .routes(routes!(icon))
        .routes(routes!(verify_page, verify).map(|methods| methods.fallback(wrong_method)))
        .routes(routes!(setup_page, set_up).map(|methods| methods.fallback(wrong_method)))
}

async fn wrong_method() -> Response {
    page(StatusCode::METHOD_NOT_ALLOWED, Mood::Plain, "Sorry", "<p>This page is opened or sent, nothing else.</p>")
}

/// The style sheet of the pages.
#[utoipa::path(get, path = "/page.css",
    responses((status = 200, description = "The sheet.", content_type = "text/css", body = str)))]
async fn style() -> Response {
    for_an_hour(reply::css(include_str!("page.css")))
}

/// The icon.
#[utoipa::path(get, path = "/icon.svg",
    responses((status = 200, description = "The drawing.", content_type = "image/svg+xml", body = str)))]
async fn icon() -> Response {
    for_an_hour(reply::svg(include_str!("icon.svg")))
}

fn for_an_hour(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

/// The page that asks before it verifies an address.
///
/// Opening the page verifies nothing, because mail scanners open every link; its button does.
#[utoipa::path(get, path = "/verify/{secret}", params(("secret" = String, Path, description = "What was mailed.")),
    responses((status = 200, description = "The page.", content_type = "text/html", body = str)))]
async fn verify_page() -> Response {
    let body = "<p>Press the button to confirm that this address is yours.</p>\
        <form method=\"post\"><button>Confirm</button></form>";
    page(StatusCode::OK, Mood::Plain, "Confirm your address", body)
}

/// What its button does.
#[utoipa::path(post, path = "/verify/{secret}", params(("secret" = String, Path, description = "What was mailed.")),
    responses(
        (status = 200, description = "The address is verified.", content_type = "text/html", body = str),
        (status = 401, description = "Unknown or expired.", content_type = "text/html", body = str),
        Apologies,
    ))]
async fn verify(State(desk): State<Desk>, Visitor(client): Visitor, secret: Secret) -> Response {
    let client = Client { contract: Contract::Tokens, ..client };
    match desk.app.verify_email(&secret_of(secret), &client).await {
        Ok(()) => {
            let body = "<p>Your e-mail address is confirmed.</p><a class=\"button\" href=\"/app\">Open Parlour</a>";
            page(StatusCode::OK, Mood::Done, "Confirmed", body)
        }
        Err(error) => refusal(&error),
    }
}

/// The form of the first administrator.
#[utoipa::path(get, path = "/setup/{secret}", params(("secret" = String, Path, description = "Printed at first start.")),
    responses(
        (status = 200, description = "The form.", content_type = "text/html", body = str),
        (status = 410, description = "There is an administrator.", content_type = "text/html", body = str),
        Apologies,
    ))]
async fn setup_page(State(desk): State<Desk>, secret: Secret) -> Response {
    match desk.app.first_admin_link_works(&secret_of(secret)).await {
        Ok(true) => page(StatusCode::OK, Mood::Plain, TITLE, &setup_form("", "")),
        Ok(false) => refusal(&Error::LinkUsed),
        Err(error) => refusal(&error),
    }
}

/// Makes the first administrator.
#[utoipa::path(post, path = "/setup/{secret}", params(("secret" = String, Path, description = "Printed at first start.")),
    request_body(content = NewAdmin, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 201, description = "Done.", content_type = "text/html", body = str),
        (status = 400, description = "The form, with what is wrong.", content_type = "text/html", body = str),
        (status = 410, description = "There is an administrator.", content_type = "text/html", body = str),
        Apologies,
    ))]
async fn set_up(State(desk): State<Desk>, Visitor(client): Visitor, secret: Secret, request: Request) -> Response {
    let secret = secret_of(secret);
    // Before the form is read: a stranger's body is not worth waiting for.
    match desk.app.first_admin_link_works(&secret).await {
        Ok(true) => {}
        Ok(false) => return refusal(&Error::LinkUsed),
        Err(error) => return refusal(&error),
    }
    let Some(given) = form(request).await else {
        return page(StatusCode::BAD_REQUEST, Mood::Plain, TITLE, &setup_form("Both fields are needed.", ""));
    };
    match desk.app.sign_up_first_admin(&secret, &given.username, given.password, &client).await {
        Ok(account) => {
            let name = escaped(account.username.as_str());
            page(
                StatusCode::CREATED,
                Mood::Done,
                "Done",
                &format!("<p><b>{name}</b> is the administrator now.</p><a class=\"button\" href=\"/app\">Log in</a>"),
            )
        }
        Err(error) => match complaint(&error) {
            Some(sentence) => {
                page(StatusCode::BAD_REQUEST, Mood::Plain, TITLE, &setup_form(&sentence, &given.username))
            }
            None => refusal(&error),
        },
    }
}

/// The secret in a path, as axum found it.
type Secret = Result<Path<String>, PathRejection>;

/// What is not even text is nobody's secret, like the empty one.
fn secret_of(secret: Secret) -> String {
    secret.map_or_else(|_not_text| String::new(), |Path(secret)| secret)
}

/// The form of a bounded size, read in a bounded time.
async fn form(request: Request) -> Option<NewAdmin> {
    let (head, body) = request.into_parts();
    let bytes = read(body).await.ok()?;
    let whole = Request::from_parts(head, Body::from(bytes));
    axum::Form::from_request(whole, &()).await.ok().map(|axum::Form(given)| given)
}

const TITLE: &str = "The first administrator";

/// The form, with what was wrong with it the last time and the username that was given then.
fn setup_form(complaint: &str, username: &str) -> String {
    let complaint = if complaint.is_empty() { String::new() } else { format!("<p role=\"alert\">{complaint}</p>") };
    let username = escaped(username);
    format!(
        "<p>This account may look after all others. The link works once.</p>{complaint}<form method=\"post\">\
         <label>Username<input name=\"username\" value=\"{username}\" required maxlength=\"150\" \
         autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\"></label>\
         <label>Password <small>Length counts: a sentence is good.</small>\
         <input name=\"password\" type=\"password\" required autocomplete=\"new-password\"></label>\
         <button>Create the account</button></form>"
    )
}

/// What a person can mend in the form; `None` for what they cannot.
fn complaint(error: &Error) -> Option<String> {
    match error {
        Error::Invalid(violations) => violations.first().map(|violation| match (violation.field, violation.rule) {
            (Field::Username, _) => "A username has 1 to 150 visible characters and no space around it.".to_owned(),
            (_, Rule::TooShort(least)) => format!("The password needs at least {least} characters."),
            (_, Rule::TooCommon) => "This password is one of the most common.".to_owned(),
            (_, Rule::EntirelyNumeric) => "The password needs something besides digits.".to_owned(),
            (_, Rule::ContainsName) => "The password may not contain the username.".to_owned(),
            _ => "This password cannot be used.".to_owned(),
        }),
        Error::Taken(_) => Some("This username is taken.".to_owned()),
        _ => None,
    }
}

fn refusal(error: &Error) -> Response {
    let (status, sentence) = match error {
        Error::UnknownSecret => (StatusCode::UNAUTHORIZED, "This link is not valid, or a newer one took its place."),
        Error::SecretExpired => (StatusCode::UNAUTHORIZED, "This link has expired. Ask for a new one."),
        Error::LinkUsed => (StatusCode::GONE, "This link was used, or there is an administrator already."),
        Error::Throttled(_) => (StatusCode::TOO_MANY_REQUESTS, "Too many attempts. Try again in a minute."),
        Error::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "The server is busy. Try again in a moment."),
        other => {
            tracing::error!(error = ?other, "a page failed");
            (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here.")
        }
    };
    let body = format!("<p>{sentence}</p><a class=\"button\" href=\"/app\">Open Parlour</a>");
    let mut response = page(status, Mood::Sorry, "Sorry", &body);
    if let Error::Throttled(wait) | Error::Busy(wait) = error {
        response.headers_mut().insert(header::RETRY_AFTER, seconds(*wait));
    }
    response
}

/// How a page means what it says.
#[derive(Clone, Copy)]
enum Mood {
    Plain,
    Done,
    Sorry,
}

impl Mood {
    /// The name under which the style sheet knows it.
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Done => "done",
            Self::Sorry => "sorry",
        }
    }
}

fn page(status: StatusCode, mood: Mood, title: &str, body: &str) -> Response {
    let mood = mood.class();
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title} · Parlour</title>\
         <link rel=\"icon\" href=\"/icon.svg\"><link rel=\"stylesheet\" href=\"/page.css\">\
         <main class=\"{mood}\"><a class=\"mark\" href=\"/\"><img src=\"/icon.svg\" alt=\"\">Parlour</a>\
         <h1>{title}</h1>{body}</main></html>"
    );
    let mut response = reply::html(status, page);
    let headers = response.headers_mut();
    let policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                  frame-ancestors 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// Text as HTML shows it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What a page says when it cannot do what it is for.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it describes what `refusal` makes")]
enum Apologies {
    /// A page of another origin sent the form.
    #[response(status = 403)]
    Foreign,
    /// Too many attempts.
    #[response(status = 429, content_type = "text/html")]
    Throttled(String),
    /// A fault of the server.
    #[response(status = 500, content_type = "text/html")]
    Internal(String),
    /// The server is busy.
    #[response(status = 503, content_type = "text/html")]
    Busy(String),
}

#[derive(Deserialize, ToSchema)]
#[schema(as = pages::NewAdmin)]
struct NewAdmin {
    username: String,
    password: String,
}
