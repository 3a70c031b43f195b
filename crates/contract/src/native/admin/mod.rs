//! Administration. Whoever calls is asked at each request whether they are an administrator still.

mod accounts;
mod audit;
mod rooms;
mod server;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use parlour_service::Caller;

use super::Native;
use super::member::Member;
use crate::describe::{Routes, Serve};
use crate::desk::Desk;
use crate::refusal::Refusal;

pub(super) fn routes() -> Routes {
    Routes::default().and(accounts::routes()).and(audit::routes()).and(rooms::routes()).and(server::routes())
}

/// An administrator.
struct Admin(Caller);

impl FromRequestParts<Desk> for Admin {
    type Rejection = Refusal<Native>;

    async fn from_request_parts(head: &mut Parts, desk: &Desk) -> Result<Self, Refusal<Native>> {
        let Member(caller) = Member::from_request_parts(head, desk).await?;
        desk.app.require_admin(&caller)?;
        Ok(Self(caller))
    }
}
