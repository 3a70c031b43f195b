//! Searching what was said.

use axum::extract::State;
use axum::http::Uri;
use parlour_model::RoomName;
use parlour_service::Error;
use parlour_service::rooms::Found;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Native;
use super::asked::{Asked, malformed};
use super::event::EventShape;
use super::member::Member;
use super::paging::{Page, Paging};
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::refusal::Answer;

/// The most characters of what is searched for.
const MOST_CHARACTERS: usize = 200;

pub(super) fn routes() -> Routes {
    Routes::default().serve::<Native>(routes!(search))
}

/// Messages with words that begin like those of `q`, the newest first: of the caller's rooms and of public ones, or of
/// one room.
#[utoipa::path(get, path = "/api/v2/search", params(Sought, Paging),
    responses((status = 200, body = Page<FoundShape<'static>>), (status = 403), (status = 404)))]
async fn search(
    State(desk): State<Desk>,
    Member(caller): Member,
    Asked(sought): Asked<Sought>,
    Asked(paging): Asked<Paging>,
    uri: Uri,
) -> Answer<Native> {
    if sought.q.chars().count() > MOST_CHARACTERS {
        return Err(malformed("`q` has at most 200 characters."));
    }
    let room = sought.room.map(|name| RoomName::parse(&name).map_err(|_no_name| Error::UnknownRoom)).transpose()?;
    let (limit, before) = (paging.limit()?, paging.after::<i64>()?);
    let (found, next) = desk.app.search(&caller, &sought.q, room.as_ref(), before, limit).await?;
    let (items, next) = (found.iter().map(FoundShape::of).collect(), next.map(|next| next.to_string()));
    Ok(Page { items, next }.answer(&uri))
}

/// What is searched for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Sought {
    /// Words, or their beginnings.
    q: String,
    /// In this room only.
    room: Option<String>,
}

/// A message that was found.
#[derive(Serialize, ToSchema)]
#[schema(as = Found)]
struct FoundShape<'a> {
    /// The room's name.
    room: &'a str,
    message: EventShape<'a>,
    /// A part of it with a word that was searched for.
    snippet: &'a str,
}

impl<'a> FoundShape<'a> {
    fn of(found: &'a Found) -> Self {
        Self { room: &found.room, message: EventShape::of(&found.message), snippet: &found.snippet }
    }
}
