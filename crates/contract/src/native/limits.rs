//! How often somebody may ask: every request of this contract is counted before its handler sees it.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use parlour_service::limits::{Allowance, Requester};

use super::Native;
use crate::caller::shows_credential;
use crate::desk::Desk;
use crate::refusal::Refusal;
use crate::visitor::Visitor;

/// Counts a request to the account that makes it, else to its source. Who was found out here is not asked again.
pub(crate) async fn count(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    mut request: Request,
    next: Next,
) -> Response {
    let shown = shows_credential(request.headers());
    // What is wrong with a credential is for the handler to say: a login needs none, and must not stumble over an old one.
    let caller = if shown { desk.caller(request.headers()).await.ok() } else { None };
    let requester =
        caller.as_ref().map_or(Requester::Source(client.source()), |caller| Requester::Account(caller.account.id));
    let is_member = caller.is_some();
    if let Some(caller) = caller {
        request.extensions_mut().insert(caller);
    }
    let (mut response, allowance) = match desk.app.limits.request(requester) {
        Ok(allowance) => (next.run(request).await, allowance),
        Err(error) => (Refusal::<Native>::from(error).into_response(), Some(desk.app.limits.allowance(0))),
    };
    if let Some(allowance) = allowance.filter(|_| is_member) {
        announce(response.headers_mut(), allowance);
    }
    response
}

/// Says what is left (draft-ietf-httpapi-ratelimit-headers).
fn announce(headers: &mut HeaderMap, allowance: Allowance) {
    let Allowance { most, left, full_in } = allowance;
    let value = |text: String| HeaderValue::try_from(text).expect("digits and words of ours are a header value");
    headers.insert(POLICY, value(format!("\"api\";q={most};w=60")));
    headers.insert(LIMIT, value(format!("\"api\";r={left};t={}", full_in.as_secs())));
}

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
