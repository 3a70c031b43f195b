//! Rooms, as an administrator sees them.

use axum::extract::State;
use axum::http::Uri;
use parlour_model::Visibility;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::live::microseconds;
use crate::native::Native;
use crate::native::asked::Asked;
use crate::native::paging::{Page, limit};
use crate::refusal::Answer;

pub(super) fn routes() -> Routes {
    Routes::default().serve::<Native>(routes!(list))
}

/// All rooms but direct ones, by name, or those whose name begins so.
#[utoipa::path(get, path = "/api/v2/admin/rooms", params(Named),
    responses((status = 200, body = Page<OverseenRoom>), (status = 403)))]
async fn list(State(desk): State<Desk>, Admin(_): Admin, query: Asked<Named>, uri: Uri) -> Answer<Native> {
    let Named { q, after, limit: most } = query.0;
    let most = limit(most, 50, 100)?;
    let rooms = desk.app.oversee_rooms(q.as_deref().unwrap_or(""), after.as_deref().unwrap_or(""), most).await?;
    let is_full = i64::try_from(rooms.len()) == Ok(most);
    let next = rooms.last().filter(|_| is_full).map(|(room, _)| room.key.clone());
    let items = rooms.into_iter().map(|(room, present)| OverseenRoom {
        id: room.id.0,
        name: room.name,
        visibility: room.visibility,
        topic: room.topic,
        members: room.members,
        last_seq: room.last_seq,
        created_at: microseconds(room.created_at),
        present,
    });
    Ok(Page { items: items.collect(), next }.answer(&uri))
}

/// Which rooms are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Named {
    /// The beginning of a name.
    q: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// At most so many, 1 to 100.
    limit: Option<i64>,
}

/// A room as an administrator sees it.
#[derive(Serialize, ToSchema)]
struct OverseenRoom {
    id: i64,
    name: String,
    #[schema(value_type = String)]
    visibility: Visibility,
    topic: String,
    /// Those of the lobby are everybody, and 0 here.
    members: i64,
    last_seq: i64,
    created_at: String,
    /// How many people are there now, on this node.
    present: usize,
}
