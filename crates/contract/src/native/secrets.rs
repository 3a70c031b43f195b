//! What is done with a secret that came by mail, and how one is asked for.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Native;
use crate::body::Json;
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::refusal::Answer;
use crate::reply;
use crate::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::default().serve::<Native>(routes!(ask)).serve::<Native>(routes!(reset)).serve::<Native>(routes!(verify))
}

/// Has a link mailed that sets another password, if somebody has the address. The answer is the same for all.
#[utoipa::path(post, path = "/api/v2/password-resets", operation_id = "ask_for_reset", security(()), request_body = Address,
    responses((status = 202, description = "If somebody has the address, they have mail.")))]
async fn ask(State(desk): State<Desk>, Visitor(client): Visitor, body: Json<Native, Address>) -> Answer<Native> {
    desk.app.ask_for_reset(&body.value().email, &client).await?;
    Ok(reply::empty(StatusCode::ACCEPTED))
}

/// Sets another password. Every session of the account ends.
#[utoipa::path(post, path = "/api/v2/password-resets/confirm", security(()), request_body = NewPassword,
    responses((status = 204, description = "The password is set."), (status = 410)))]
async fn reset(State(desk): State<Desk>, Visitor(client): Visitor, body: Json<Native, NewPassword>) -> Answer<Native> {
    let given = body.value();
    desk.app.reset_password(&given.secret, given.password, &client).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Proves an e-mail address.
#[utoipa::path(post, path = "/api/v2/verifications", security(()), request_body = Proof,
    responses((status = 204, description = "The address is proven."), (status = 410)))]
async fn verify(State(desk): State<Desk>, Visitor(client): Visitor, body: Json<Native, Proof>) -> Answer<Native> {
    desk.app.verify_email(&body.value().secret, &client).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// An e-mail address.
#[derive(Deserialize, ToSchema)]
struct Address {
    email: String,
}

/// The secret of a mailed link, and the password to be set.
#[derive(Deserialize, ToSchema)]
struct NewPassword {
    secret: String,
    password: String,
}

/// The secret of a mailed link.
#[derive(Deserialize, ToSchema)]
struct Proof {
    secret: String,
}
