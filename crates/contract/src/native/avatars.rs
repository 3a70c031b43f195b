//! Pictures of people.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Frame;
use parlour_model::AccountId;
use parlour_service::Error;
use serde::Deserialize;
use utoipa::IntoParams;

use super::accounts::{Id, account_id};
use super::asked::Asked;
use super::me::shown;
use super::member::Member;
use super::own_account::Me;
use super::person::{avatar, avatar_path};
use super::{Kind, Native, Problem};
use crate::body::read_within;
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::etag::has;
use crate::refusal::{Answer, Refusal};
use crate::reply;
use crate::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::default().serve::<Native>(routes!(set, remove)).serve::<Native>(routes!(picture))
}

/// The most bytes of a picture that is sent.
const MOST_BYTES: usize = 5 * 1024 * 1024;

/// How long it may take to arrive: a phone at the edge of its network sends this much in it.
const DEADLINE: Duration = Duration::from_mins(1);

/// Sets one's picture: PNG, JPEG, GIF or WebP.
///
/// It is decoded, cut to a square, scaled to 256 by 256 and written anew as PNG, so that nothing of its metadata stays.
#[utoipa::path(put, path = "/api/v2/me/avatar", operation_id = "set_avatar",
    request_body(content_type = "application/octet-stream", description = "At most 5 MiB and 25 megapixels."),
    responses((status = 200, body = Me), (status = 413), (status = 415)))]
async fn set(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    Member(caller): Member,
    request: Request,
) -> Answer<Native> {
    let mut arriving = desk.app.expect_picture(&caller, &client)?;
    let body = request.into_body().map_frame(|frame| match frame.data_ref() {
        // It is read to its end all the same, so that its sender hears why.
        Some(bytes) if !arriving.takes(bytes.len()) => Frame::data(Bytes::new()),
        _ => frame,
    });
    let sent = read_within(body, MOST_BYTES, DEADLINE).await?;
    let place = desk.app.place_for_picture(arriving)?;
    let address = address(&desk, caller.account.id);
    match desk.app.set_avatar(&caller, sent.into(), place, &address, &client).await {
        Ok(account) => shown(&desk, &account).await,
        Err(Error::TooLarge(_)) => Err(Refusal::of(
            Problem::new(Kind::TooLong, "A picture has at most 25 megapixels, and 12,000 on a side.").response(),
        )),
        Err(error) => Err(error.into()),
    }
}

/// Takes one's picture away.
#[utoipa::path(delete, path = "/api/v2/me/avatar", operation_id = "remove_avatar", responses((status = 200, body = Me)))]
async fn remove(State(desk): State<Desk>, Visitor(client): Visitor, Member(caller): Member) -> Answer<Native> {
    let account = desk.app.remove_avatar(&caller, address(&desk, caller.account.id), &client).await?;
    shown(&desk, &account).await
}

/// The picture of somebody, 256 by 256.
#[utoipa::path(get, path = "/api/v2/accounts/{id}/avatar", operation_id = "avatar", security(()), params(("id" = i64, Path), Version),
    responses((status = 200, description = "The picture.", content_type = "image/png", body = Vec<u8>), (status = 304)))]
async fn picture(State(desk): State<Desk>, id: Id, asked: Asked<Version>, headers: HeaderMap) -> Answer<Native> {
    let account = desk.app.look_up_person(account_id(id)?).await?;
    // A picture that its owner no longer shows, because another contract put another one in its place, is nobody's.
    let kept = if avatar(&account).is_some() { desk.app.avatar(account.id).await? } else { None };
    let Some((kept, version)) = kept else {
        return Ok(Problem::new(Kind::NotFound, "There is no picture of this person here.").response());
    };
    let tag = HeaderValue::try_from(format!("\"{version}\"")).map_err(Error::internal)?;
    let mut response = if has(&headers, &tag) { reply::empty(StatusCode::NOT_MODIFIED) } else { reply::png(kept.png) };
    let is_named = asked.0.v.as_deref() == Some(&version);
    keep(&mut response, tag, is_named);
    Ok(response)
}

/// How long others may keep it: a version for good, since it never changes.
fn keep(response: &mut Response, tag: HeaderValue, is_named: bool) {
    let life = if is_named { "public, max-age=31536000, immutable" } else { "public, max-age=60, must-revalidate" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(life));
    response.headers_mut().insert(header::ETAG, tag);
}

/// How the addresses of somebody's pictures begin.
fn address(desk: &Desk, id: AccountId) -> String {
    format!("{}{}", desk.settings.public_url, avatar_path(id))
}

/// Which picture is meant.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Version {
    /// As it stands in `avatar`. With it the picture may be kept for good.
    v: Option<String>,
}
