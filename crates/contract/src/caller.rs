//! Who a request speaks for: where each kind of credential stands in it.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use parlour_service::{Caller, Credential, Error, Result};
use parlour_websocket::Subprotocol;

use crate::desk::Desk;
use crate::refusal::{Refusal, Words};

/// The name of the session cookie.
pub(crate) const SESSION_COOKIE: &str = "sessionid";

/// The token of `Authorization: Bearer` (RFC 6750 §2.1). One that is missing there or cannot be read is the empty
/// token, which is bad: whoever shows a token is no guest.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(BEARER.len())?;
    let is_bearer = scheme.eq_ignore_ascii_case(BEARER) && token.first().is_none_or(|byte| *byte == b' ');
    is_bearer.then(|| std::str::from_utf8(token).unwrap_or_default().trim())
}

const BEARER: &[u8] = b"bearer";

/// Whether a request says who it is, be it true or not.
pub(crate) fn shows_credential(headers: &HeaderMap) -> bool {
    bearer(headers).is_some() || cookie(headers, SESSION_COOKIE).is_some()
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// A caller whom the token in `Authorization` or the session cookie names; nobody is refused in the words of `W`.
pub(crate) struct Known<W>(pub(crate) Caller, pub(crate) PhantomData<W>);

impl<W: Words> FromRequestParts<Desk> for Known<W> {
    type Rejection = Refusal<W>;

    async fn from_request_parts(head: &mut Parts, desk: &Desk) -> std::result::Result<Self, Refusal<W>> {
        Ok(Self(desk.caller(&head.headers).await?, PhantomData))
    }
}

impl Desk {
    /// Whoever the token in `Authorization` speaks for, else the session cookie: a token beats a cookie.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] without either; a credential that is bad is an error, never a stranger.
    pub(crate) async fn caller(&self, headers: &HeaderMap) -> Result<Caller> {
        let by_cookie = || cookie(headers, SESSION_COOKIE).map(Credential::Cookie);
        let credential = bearer(headers).map(Credential::Token).or_else(by_cookie);
        self.app.authenticate(credential.ok_or(Error::Unauthenticated)?).await
    }

    /// Whoever the token speaks for that a WebSocket handshake brings: as `Authorization`, or as its first
    /// subprotocol, since browsers can set no header. `None` for a handshake without one.
    ///
    /// # Errors
    /// A token that is bad is an error, never a silent guest.
    pub(crate) async fn caller_by_token(&self, headers: &HeaderMap, offered: &[Subprotocol]) -> Result<Option<Caller>> {
        // The subprotocol first: where one is offered, its echo tells the client that it was taken.
        match offered.first().map(Subprotocol::as_str).or_else(|| bearer(headers)) {
            Some(token) => self.app.authenticate(Credential::Token(token)).await.map(Some),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_found_where_they_stand() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, "bearer  abc".parse().expect("a header value"));
        headers.append(header::COOKIE, "a=1; sessionid=first".parse().expect("a header value"));
        headers.append(header::COOKIE, "sessionid=second".parse().expect("a header value"));
        assert_eq!(bearer(&headers), Some("abc"));
        for (unreadable, token) in
            [(&b"Bearer"[..], Some("")), (b"Bearer \xff", Some("")), (b"Basic abc", None), (b"Bearers x", None)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, unreadable.try_into().expect("a header value"));
            assert_eq!(bearer(&headers), token);
        }
        assert_eq!(cookie(&headers, "sessionid"), Some("first"));
        assert_eq!(cookie(&headers, "session"), None);
    }
}
