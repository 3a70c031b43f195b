//! Who may read an answer across origins (Fetch standard, CORS).

use axum::http::header;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use parlour_model::Contract;

use crate::origin::is_allowed;
use crate::reply;
use crate::settings::ContractSettings;

/// What a page may read beside the body.
const EXPOSED: &str = "Retry-After, X-Access-Token, X-Refresh-Token, Link, ETag, RateLimit, RateLimit-Policy, Location";

/// What a page may send.
const ALLOWED: &str = "Content-Type, Authorization, X-Access-Token, X-Refresh-Token, X-CSRFToken, Idempotency-Key, \
                       If-None-Match, Last-Event-ID";

/// What pages of an origin may do with a contract's answers.
pub(crate) enum Sharing {
    /// Everybody may read, nobody with cookies: the contract takes none.
    WithAll,
    /// This origin may, with its cookies, because the operator named it.
    With(HeaderValue),
    /// Nobody may.
    None,
}

impl Sharing {
    /// What holds for a request to a contract.
    pub(crate) fn of(contract: Option<Contract>, headers: &HeaderMap, settings: &ContractSettings) -> Self {
        match contract {
            Some(Contract::Tokens | Contract::Rooms | Contract::Lobby) => Self::WithAll,
            Some(Contract::Cookies | Contract::Native) => match headers.get(header::ORIGIN) {
                Some(origin) if origin.to_str().is_ok_and(|text| is_allowed(text, &settings.origins)) => {
                    Self::With(origin.clone())
                }
                _ => Self::None,
            },
            Some(Contract::Actions | Contract::Console) | None => Self::None,
        }
    }

    /// Says so on an answer.
    pub(crate) fn announce(&self, headers: &mut HeaderMap) {
        let origin = match self {
            Self::WithAll => HeaderValue::from_static("*"),
            Self::With(origin) => {
                headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
                headers.append(header::VARY, HeaderValue::from_static("Origin"));
                origin.clone()
            }
            Self::None => return,
        };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static(EXPOSED);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}

/// Whether a request only asks what a page may send (Fetch standard, CORS-preflight).
pub(crate) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to such a request.
pub(crate) fn preflight(sharing: &Sharing) -> Response {
    let mut response = reply::empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    if !matches!(sharing, Sharing::None) {
        let methods = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
    response
}
