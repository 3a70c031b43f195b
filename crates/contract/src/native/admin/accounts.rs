//! Accounts, as an administrator sees and changes them.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use parlour_model::{AccountId, AdminLevel, Field, Rule, Violation};
use parlour_service::Error;
use parlour_service::oversee::{Place, Seen};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use crate::body::Json;
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::live::microseconds;
use crate::native::Native;
use crate::native::accounts::{Id, account_id};
use crate::native::asked::Asked;
use crate::native::own_account::Me;
use crate::native::paging::{Page, cursor, limit, stray};
use crate::refusal::{Answer, Refusal};
use crate::reply;
use crate::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::default()
        .serve::<Native>(routes!(list))
        .serve::<Native>(routes!(change))
        .serve::<Native>(routes!(end_sessions))
        .serve::<Native>(routes!(mail_reset))
}

/// Accounts by their numbers, or those whose username or e-mail address begins so.
#[utoipa::path(get, path = "/api/v2/admin/accounts", operation_id = "accounts", params(Search),
    responses((status = 200, body = Page<Overseen>), (status = 403)))]
async fn list(State(desk): State<Desk>, Admin(_): Admin, query: Asked<Search>, uri: Uri) -> Answer<Native> {
    let Search { q, after, limit: most } = query.0;
    let (after, most) = (after.as_deref(), limit(most, 50, 100)?);
    let (seen, next) = if let Some(beginning) = q.as_deref().map(str::trim).filter(|q| !q.is_empty()) {
        let (seen, next) = desk.app.search_accounts(beginning, place(after)?, most).await?;
        (seen, next.map(|place| text(&place)))
    } else {
        let seen = desk.app.see_accounts(AccountId(cursor(after)?.unwrap_or(0)), most).await?;
        let is_full = i64::try_from(seen.len()) == Ok(most);
        let next = seen.last().filter(|_| is_full).map(|last| last.account.id.to_string());
        (seen, next)
    };
    Ok(Page { items: seen.iter().map(Overseen::of).collect(), next }.answer(&uri))
}

/// Keeps somebody out or lets them in again, or gives them another level. Nobody changes themselves.
#[utoipa::path(patch, path = "/api/v2/admin/accounts/{id}", operation_id = "change_account", params(("id" = i64, Path)), request_body = Oversight,
    responses((status = 200, body = Overseen), (status = 403), (status = 409)))]
async fn change(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Admin(admin): Admin,
    id: Id,
    body: Json<Native, Oversight>,
) -> Answer<Native> {
    let given = body.value();
    let beyond = || Error::from(Violation::new(Field::AdminLevel, Rule::OutOfRange(0, 2)));
    let level = given.admin_level.map(|level| AdminLevel::from_number(level).ok_or_else(beyond)).transpose()?;
    let seen = desk.app.oversee(&admin, account_id(id)?, given.disabled, level, &client).await?;
    Ok(reply::json(StatusCode::OK, &Overseen::of(&seen)))
}

/// Ends all sessions of somebody.
#[utoipa::path(delete, path = "/api/v2/admin/accounts/{id}/sessions", params(("id" = i64, Path)),
    responses((status = 204), (status = 403)))]
async fn end_sessions(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Admin(admin): Admin,
    id: Id,
) -> Answer<Native> {
    desk.app.end_sessions_of(&admin, account_id(id)?, &client).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Mails somebody a link that sets another password.
#[utoipa::path(post, path = "/api/v2/admin/accounts/{id}/password-reset", params(("id" = i64, Path)),
    responses((status = 202), (status = 403), (status = 409)))]
async fn mail_reset(State(desk): State<Desk>, Visitor(client): Visitor, Admin(admin): Admin, id: Id) -> Answer<Native> {
    desk.app.mail_reset_to(account_id(id)?, &admin, &client).await?;
    Ok(reply::empty(StatusCode::ACCEPTED))
}

/// Where a search goes on, from its cursor.
fn place(after: Option<&str>) -> Result<Place, Refusal<Native>> {
    let Some(after) = after else { return Ok(Place::Name(String::new())) };
    match after.split_once(':') {
        Some(("name", name)) => Ok(Place::Name(name.to_owned())),
        Some(("email", address)) => Ok(Place::Address(address.to_owned())),
        _ => Err(stray()),
    }
}

fn text(place: &Place) -> String {
    match place {
        Place::Name(name) => format!("name:{name}"),
        Place::Address(address) => format!("email:{address}"),
    }
}

/// Which accounts are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Search {
    /// The beginning of a username or an e-mail address. Those with such a name come first.
    q: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// At most so many, 1 to 100.
    limit: Option<i64>,
}

/// An account as an administrator sees it.
#[derive(Serialize, ToSchema)]
struct Overseen {
    #[serde(flatten)]
    account: Me,
    /// Since when it is kept out.
    #[schema(required)]
    disabled_at: Option<String>,
    /// How many of its sessions stand.
    sessions: i64,
}

impl Overseen {
    fn of(seen: &Seen) -> Self {
        Self {
            account: Me::of(&seen.account, seen.pending.as_ref()),
            disabled_at: seen.account.disabled_at.map(microseconds),
            sessions: seen.sessions,
        }
    }
}

/// What an administrator changes; what is missing or `null` stays.
#[derive(Deserialize, ToSchema)]
struct Oversight {
    disabled: Option<bool>,
    /// 0 for everybody, 1 for a participating family, 2 for an administrator.
    admin_level: Option<i64>,
}
