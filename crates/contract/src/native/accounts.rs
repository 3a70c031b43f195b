//! Accounts: signing up, and who others are.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use parlour_model::{AccountId, Profile};
use parlour_service::Error;
use parlour_service::log_in::Wants;
use parlour_service::sign_up::{NewName, SignUp};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Native;
use super::member::Anybody;
use super::person::Person;
use super::sessions::{Entered, entered};
use crate::body::Json;
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::refusal::Answer;
use crate::reply;
use crate::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::default().serve::<Native>(routes!(sign_up)).serve::<Native>(routes!(person))
}

/// Makes an account, and begins a session if one is wanted.
#[utoipa::path(post, path = "/api/v2/accounts", security(()), request_body = NewAccount,
    responses((status = 201, body = Entered, headers(
        ("Set-Cookie" = String, description = "`sessionid`, where a cookie was asked for."),
    )), (status = 409)))]
async fn sign_up(State(desk): State<Desk>, Visitor(client): Visitor, body: Json<Native, NewAccount>) -> Answer<Native> {
    let signed_up = desk.app.sign_up(body.value().sign_up(), &client).await?;
    entered(&desk, &signed_up.account, signed_up.session.as_ref(), signed_up.granted).await
}

/// Somebody, as everybody sees them.
#[utoipa::path(get, path = "/api/v2/accounts/{id}", security(()), params(("id" = i64, Path)),
    responses((status = 200, body = Person)))]
async fn person(State(desk): State<Desk>, _: Anybody, id: Id) -> Answer<Native> {
    let account = desk.app.look_up_person(account_id(id)?).await?;
    Ok(reply::json(StatusCode::OK, &Person::of(&account)))
}

/// An account's number in a path, as axum found it.
pub(super) type Id = Result<Path<i64>, axum::extract::rejection::PathRejection>;

/// What is no number is nobody's.
pub(super) fn account_id(id: Id) -> parlour_service::Result<AccountId> {
    id.map(|Path(id)| AccountId(id)).map_err(|_no_number| Error::UnknownAccount)
}

/// Somebody who is not here yet.
#[derive(Deserialize, ToSchema)]
struct NewAccount {
    username: String,
    password: String,
    email: Option<String>,
    display_name: Option<String>,
    grant: Option<FirstGrant>,
}

/// What a sign-up is answered with beside the account.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum FirstGrant {
    /// A cookie.
    Cookie,
    /// An access token and a refresh token.
    Tokens,
    /// Nothing.
    None,
}

impl NewAccount {
    fn sign_up(self) -> SignUp {
        let wants = match self.grant {
            Some(FirstGrant::Cookie) => Some(Wants::Cookie),
            Some(FirstGrant::Tokens) => Some(Wants::TokenPair),
            Some(FirstGrant::None) | None => None,
        };
        let profile = Profile { display_name: self.display_name.unwrap_or_default(), ..Profile::default() };
        SignUp { name: NewName::Chosen(self.username), email: self.email, password: self.password, profile, wants }
    }
}
