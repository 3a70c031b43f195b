//! The audit: what was done to accounts, by whom and from where.

use axum::extract::State;
use axum::http::Uri;
use parlour_model::{AccountId, Timestamp};
use parlour_service::oversee::AuditPage;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::live::microseconds;
use crate::native::Native;
use crate::native::asked::Asked;
use crate::native::paging::{Page, limit, stray};
use crate::native::person::Person;
use crate::refusal::{Answer, Refusal};

pub(super) fn routes() -> Routes {
    Routes::default().serve::<Native>(routes!(read))
}

/// The audit, newest first: about one account, or about all.
#[utoipa::path(get, path = "/api/v2/admin/audit", operation_id = "audit", params(About), responses((status = 200, body = Page<AuditItem>), (status = 403)))]
async fn read(State(desk): State<Desk>, Admin(_): Admin, query: Asked<About>, uri: Uri) -> Answer<Native> {
    let most = limit(query.0.limit, 50, 100)?;
    let before = query.0.after.as_deref().map(place).transpose()?;
    let page = desk.app.read_audit(query.0.account.map(AccountId), before, most).await?;
    let is_full = i64::try_from(page.entries.len()) == Ok(most);
    let next = page.entries.last().filter(|_| is_full).map(|last| format!("{}.{}", last.line.at.0, last.id));
    Ok(Page { items: items(&page), next }.answer(&uri))
}

/// A line's time and number, from a cursor.
fn place(text: &str) -> Result<(Timestamp, i64), Refusal<Native>> {
    let place = text.split_once('.').and_then(|(at, id)| Some((Timestamp(at.parse().ok()?), id.parse().ok()?)));
    place.ok_or_else(stray)
}

fn items(page: &AuditPage) -> Vec<AuditItem> {
    let person = |id: Option<AccountId>| id.and_then(|id| page.people.get(&id)).map(Person::of);
    let item = |entry: &parlour_service::audit::AuditEntry| AuditItem {
        id: entry.id,
        at: microseconds(entry.line.at),
        action: entry.line.action.clone(),
        actor: person(entry.line.actor),
        target: person(entry.line.target),
        address: entry.line.address.clone(),
        session: entry.line.session.map(|session| session.0),
        contract: entry.line.contract.clone(),
        detail: entry.line.detail.clone(),
    };
    page.entries.iter().map(item).collect()
}

/// Which lines are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct About {
    /// The number of the account that something was done to.
    account: Option<i64>,
    /// The `next` of the page before.
    after: Option<String>,
    /// At most so many, 1 to 100.
    limit: Option<i64>,
}

/// One line of the audit.
#[derive(Serialize, ToSchema)]
struct AuditItem {
    id: i64,
    at: String,
    /// What was done, such as `log_in`.
    action: String,
    /// Who did it; `null` for a stranger, for the operator at the machine, and for who is gone.
    #[schema(required)]
    actor: Option<Person>,
    /// Whose account it was done to.
    #[schema(required)]
    target: Option<Person>,
    address: String,
    #[schema(required)]
    session: Option<i64>,
    contract: String,
    detail: String,
}
