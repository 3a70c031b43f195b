//! Accounts: signing up, and who others are.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use parlour_model::{AccountId, Client, Profile};
use parlour_service::Error;
use parlour_service::log_in::{LogIn, NameGiven, Wants};
use parlour_service::sign_up::{NewName, SignUp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::asked::Asked;
use super::member::{Anybody, Member};
use super::once::{Answered, Kept, Name, Once, Turn, scope};
use super::own_account::Me;
use super::person::Person;
use super::sessions::{Entered, entered};
use super::{Kind, Native, Problem};
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::refusal::{Answer, Refusal};
use crate::reply;
use crate::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::default().serve::<Native>(routes!(sign_up, people)).serve::<Native>(routes!(person))
}

/// Makes an account, and begins a session if one is wanted.
#[utoipa::path(post, path = "/api/v2/accounts", security(()), params(Name), request_body = NewAccount,
    responses((status = 201, body = Entered, headers(
        ("Set-Cookie" = String, description = "`sessionid`, where a cookie was asked for."),
    )), (status = 409)))]
async fn sign_up(State(desk): State<Desk>, Visitor(client): Visitor, body: Once<NewAccount>) -> Answer<Native> {
    let (given, named) = body.parts();
    match named.about(given.without_password()).turn(&desk, scope(None, &client)).await? {
        Turn::Again(before) if before.status == StatusCode::CREATED.as_u16() => {
            again(&desk, &client, given, &before).await
        }
        turn => turn.run(&desk.clone(), make(desk, client, given)).await,
    }
}

async fn make(desk: Desk, client: Client, given: NewAccount) -> Answer<Native> {
    let signed_up = desk.app.sign_up(given.sign_up(), &client).await?;
    let account = Me::of(&signed_up.account, None);
    let kept = Kept(serde_json::to_string(&account).map_err(Error::internal)?);
    let mut response = entered(&desk, account, signed_up.session.as_ref(), signed_up.granted);
    response.extensions_mut().insert(kept);
    Ok(response)
}

/// A sign-up that was sent again: the account is there. Its credential is nowhere, so there is another one for whoever
/// knows the password.
async fn again(desk: &Desk, client: &Client, given: NewAccount, before: &Answered) -> Answer<Native> {
    let account: serde_json::Value = serde_json::from_str(&before.answer).map_err(Error::internal)?;
    let Some(wants) = given.wants() else { return Ok(entered(desk, account, None, None)) };
    let log_in = LogIn { name: NameGiven::Username(given.username), password: given.password, wants };
    match desk.app.log_in(log_in, client).await {
        Ok((logged_in, granted)) => Ok(entered(desk, account, Some(&logged_in.session), Some(granted))),
        Err(Error::UnknownAccount | Error::WrongPassword | Error::Disabled) => Ok(entered(desk, account, None, None)),
        Err(error) => Err(error.into()),
    }
}

/// People by their numbers, or by how their names begin.
///
/// With `ids` those who are there, at most 100; with `q` at most 10 whose username or display name begins so.
#[utoipa::path(get, path = "/api/v2/accounts", params(Wanted), responses((status = 200, body = People)))]
async fn people(State(desk): State<Desk>, Member(_): Member, query: Asked<Wanted>) -> Answer<Native> {
    let found = match query.0 {
        Wanted { ids: Some(ids), q: None } => desk.app.people(&numbers(&ids)?).await?,
        Wanted { ids: None, q: Some(q) } => desk.app.people_called(&q).await?,
        _ => return Ok(Problem::new(Kind::Malformed, "Give `ids` or `q`, one of them.").response()),
    };
    Ok(reply::json(StatusCode::OK, &People { items: found.iter().map(Person::of).collect() }))
}

/// Up to 100 numbers, with commas between them.
fn numbers(text: &str) -> Result<Vec<AccountId>, Refusal<Native>> {
    let numbers: Vec<_> = text.split(',').map(|one| one.trim().parse().map(AccountId)).take(MOST_IDS + 1).collect();
    let too_many = numbers.len() > MOST_IDS;
    let numbers: Result<Vec<AccountId>, _> = numbers.into_iter().collect();
    match numbers {
        Ok(numbers) if !too_many => Ok(numbers),
        _ => Err(Refusal::of(Problem::new(Kind::Malformed, "`ids` are at most 100 numbers.").response())),
    }
}

const MOST_IDS: usize = 100;

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

/// Whom one wants to know.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Numbers with commas between them.
    ids: Option<String>,
    /// The beginning of a username or a display name.
    q: Option<String>,
}

/// Some people.
#[derive(Serialize, ToSchema)]
struct People {
    items: Vec<Person>,
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
    const fn wants(&self) -> Option<Wants> {
        match self.grant {
            Some(FirstGrant::Cookie) => Some(Wants::Cookie),
            Some(FirstGrant::Tokens) => Some(Wants::TokenPair),
            Some(FirstGrant::None) | None => None,
        }
    }

    /// What is asked for, for a digest that is kept: of a password, only a slow hash may be.
    fn without_password(&self) -> Vec<u8> {
        let grant = self.wants().map(|wants| wants == Wants::Cookie);
        format!("{:?}", ("sign up", &self.username, &self.email, &self.display_name, grant)).into_bytes()
    }

    fn sign_up(self) -> SignUp {
        let wants = self.wants();
        let profile = Profile { display_name: self.display_name.unwrap_or_default(), ..Profile::default() };
        SignUp { name: NewName::Chosen(self.username), email: self.email, password: self.password, profile, wants }
    }
}
