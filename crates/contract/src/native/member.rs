//! Who calls: somebody who is logged in, or anybody.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use parlour_service::Caller;

use super::Native;
use crate::caller::shows_credential;
use crate::desk::Desk;
use crate::refusal::Refusal;

/// Somebody who is logged in.
pub(super) struct Member(pub(super) Caller);

impl FromRequestParts<Desk> for Member {
    type Rejection = Refusal<Native>;

    async fn from_request_parts(head: &mut Parts, desk: &Desk) -> Result<Self, Refusal<Native>> {
        // Found out already by whoever counted the request.
        if let Some(caller) = head.extensions.get::<Caller>() {
            return Ok(Self(caller.clone()));
        }
        Ok(Self(desk.caller(&head.headers).await?))
    }
}

/// Anybody: the caller, if somebody is logged in. A credential that is bad is an error all the same, and never a silent guest.
pub(super) struct Anybody(pub(super) Option<Caller>);

impl FromRequestParts<Desk> for Anybody {
    type Rejection = Refusal<Native>;

    async fn from_request_parts(head: &mut Parts, desk: &Desk) -> Result<Self, Refusal<Native>> {
        match Member::from_request_parts(head, desk).await {
            Ok(Member(caller)) => Ok(Self(Some(caller))),
            Err(_nobody) if !shows_credential(&head.headers) => Ok(Self(None)),
            Err(refusal) => Err(refusal),
        }
    }
}
