//! The session cookie, set alike by every contract that has one.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

use crate::caller::SESSION_COOKIE;
use crate::settings::ContractSettings;

/// Gives a browser its session for `life`.
pub(crate) fn give(headers: &mut HeaderMap, value: &str, life: Duration, settings: &ContractSettings) {
    let (life, secure) = (life.as_secs(), secure(settings));
    append(headers, format!("{SESSION_COOKIE}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age={life}{secure}"));
}

/// Takes it away.
pub(crate) fn take(headers: &mut HeaderMap) {
    append(headers, format!("{SESSION_COOKIE}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"));
}

/// The attribute that keeps a cookie off plain connections, where people reach the server over TLS.
pub(crate) fn secure(settings: &ContractSettings) -> &'static str {
    if settings.is_https() { "; Secure" } else { "" }
}

/// One `Set-Cookie` more.
pub(crate) fn append(headers: &mut HeaderMap, cookie: String) {
    let cookie = HeaderValue::from_maybe_shared(bytes::Bytes::from(cookie));
    headers.append(header::SET_COOKIE, cookie.expect("a cookie is made of base64url and words of ours"));
}
