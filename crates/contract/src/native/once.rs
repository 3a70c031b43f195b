//! Requests that name themselves (`Idempotency-Key`): a repeat does nothing and is answered as the first one was.
//!
//! A handler takes `Once<T>` where it would take a body of shape `T`, and says what it does:
//!
//! ```text
//! let (given, once) = body.parts();
//! once.turn(&desk, scope).await?.run(&desk, async move { … }).await
//! ```

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header::HeaderName;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, Limited};
use parlour_model::{Client, Field, Rule, Violation};
use parlour_service::idempotency::{Attempt, Claim};
use parlour_service::{Caller, Error};
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::Native;
use crate::body::{object, read, says_json};
use crate::desk::Desk;
use crate::refusal::{Answer, BadBody, Refusal};
use crate::reply;

/// A JSON body of shape `T`, and the name of its request if it has one.
pub(super) struct Once<T> {
    value: T,
    named: Named,
}

/// A request's name, and what it asks for.
pub(super) struct Named {
    key: Option<String>,
    request: Vec<u8>,
}

impl<T> Once<T> {
    pub(super) fn parts(self) -> (T, Named) {
        (self.value, self.named)
    }
}

impl<T: DeserializeOwned> FromRequest<Desk> for Once<T> {
    type Rejection = Refusal<Native>;

    async fn from_request(request: Request, _desk: &Desk) -> Result<Self, Refusal<Native>> {
        let (parts, body) = request.into_parts();
        let key = key(&parts.headers)?;
        let bytes = read(body).await?;
        if !says_json(&parts.headers) && !bytes.is_empty() {
            return Err(BadBody::WrongType.into());
        }
        let mut request = format!("{} {}\n", parts.method, parts.uri.path().trim_end_matches('/')).into_bytes();
        request.extend_from_slice(&bytes);
        Ok(Self { value: object(&bytes)?, named: Named { key, request } })
    }
}

/// The name that a request gives itself.
fn key(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    let rule = match value.as_bytes() {
        [] => Rule::Required,
        bytes if bytes.len() > MOST_CHARACTERS => Rule::TooLong(MOST_CHARACTERS),
        bytes if !bytes.iter().all(u8::is_ascii_graphic) => Rule::ForbiddenCharacter,
        bytes => return Ok(Some(String::from_utf8_lossy(bytes).into_owned())),
    };
    Err(Violation::new(Field::IdempotencyKey, rule).into())
}

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How a request names itself, for the description.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes what `key` reads")]
pub(super) struct Name {
    /// 1 to 128 visible ASCII characters. The same key with the same request within 24 hours does nothing and is
    /// answered as the first one was; with another request it is 409.
    #[param(rename = "Idempotency-Key")]
    idempotency_key: Option<String>,
}

const MOST_CHARACTERS: usize = 128;

/// Whose names these are: an account's, or a source's where nobody is logged in.
pub(super) fn scope(caller: Option<&Caller>, client: &Client) -> String {
    caller.map_or_else(
        || format!("source:{}", client.source()),
        |caller| parlour_service::idempotency::scope_of(caller.account.id),
    )
}

impl Named {
    /// Names what is asked for otherwise than by the whole body, which holds a secret.
    pub(super) fn about(self, request: Vec<u8>) -> Self {
        Self { request, ..self }
    }

    /// Whether this is the first request of its name.
    ///
    /// # Errors
    /// The name is another request's, or the first one is still under way.
    pub(super) async fn turn(self, desk: &Desk, scope: String) -> Result<Turn, Refusal<Native>> {
        let Some(key) = self.key else { return Ok(Turn::Unnamed) };
        Ok(match desk.app.claim_request(scope, key, &self.request).await? {
            Attempt::First(claim) => Turn::First(claim),
            Attempt::Answered { status, answer } => Turn::Again(Answered { status, answer }),
        })
    }
}

/// What is to be done with a request.
pub(super) enum Turn {
    /// What it says: it has no name.
    Unnamed,
    /// What it says, and to keep the answer.
    First(Claim),
    /// Nothing but to answer.
    Again(Answered),
}

/// An answer that was given before.
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) answer: String,
}

/// What is kept of an answer in the place of its body, which holds a secret.
#[derive(Clone)]
pub(super) struct Kept(pub(super) String);

impl Turn {
    /// Does what the request says, or answers as before. What has begun is done whether or not somebody waits for it:
    /// else a client that goes away would leave its name claimed, and the deed perhaps done.
    pub(super) async fn run<W>(self, desk: &Desk, work: W) -> Answer<Native>
    where
        W: Future<Output = Answer<Native>> + Send + 'static,
    {
        match self {
            Self::Unnamed => work.await,
            Self::Again(before) => Ok(before.response()),
            Self::First(claim) => {
                let desk = desk.clone();
                let doing = tokio::spawn(async move {
                    let response = work.await.unwrap_or_else(IntoResponse::into_response);
                    keep(&desk, claim, response).await
                });
                doing.await.unwrap_or_else(|panic| Err(Error::internal(panic).into()))
            }
        }
    }
}

impl Answered {
    fn response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        if self.answer.is_empty() {
            return reply::empty(status);
        }
        let mut response = reply::whole(status, self.answer.into_bytes());
        if status.is_client_error() {
            let problem = HeaderValue::from_static("application/problem+json");
            response.headers_mut().insert(header::CONTENT_TYPE, problem);
        }
        response
    }
}

/// The most bytes of an answer that is kept; no answer to what makes something is longer.
const MOST_KEPT: usize = 64 * 1024;

/// Keeps an answer for repeats. One that says "not now" is not kept: the same request may do better later.
async fn keep(desk: &Desk, claim: Claim, response: Response) -> Answer<Native> {
    let (mut head, body) = response.into_parts();
    let status = head.status;
    let body = Limited::new(body, MOST_KEPT).collect().await;
    let bytes = body.map_err(|too_long| Refusal::from(Error::internal(too_long)))?.to_bytes();
    let is_final = !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS;
    let text = match head.extensions.remove::<Kept>() {
        Some(Kept(text)) => text,
        None => String::from_utf8_lossy(&bytes).into_owned(),
    };
    let kept = is_final.then_some((status.as_u16(), text));
    // The deed is done and must not be told as a failure: a repeat would find it under way, and later do it again.
    if let Err(error) = desk.app.settle_request(claim, kept).await {
        tracing::warn!(?error, "an answer was not kept for a repeat");
    }
    Ok(Response::from_parts(head, Body::from(bytes)))
}
