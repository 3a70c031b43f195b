//! One room as Server-Sent Events (the HTML standard, § 9.2): what the socket would say of it, for who only reads.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use hyper::body::Frame;
use parlour_model::{Author, Epoch, Event, RoomName, Seq, Timestamp};
use parlour_service::Error;
use parlour_service::live::{Announcer, Encoder, Feed, Found, Heard, Here};
use serde::Deserialize;
use tokio::time::{Instant, Interval, interval_at};
use utoipa::IntoParams;

use super::event::EventShape;
use super::live::{Crier, Told, named_epoch};
use super::{Kind, Native, Problem};
use crate::caller::shows_credential;
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::lasting::Lasting;
use crate::live::text_of;
use crate::refusal::{Answer, Refusal};
use crate::visitor::Visitor;

/// How often a quiet stream says something that no client hears: proxies take a silent one for dead.
const CALM_EVERY: Duration = Duration::from_secs(15);

/// The header in which a browser says what it has when it comes back.
const LAST_EVENT_ID: &str = "last-event-id";

pub(super) fn routes() -> Routes {
    Routes::default().serve::<Native>(routes!(stream))
}

/// What happens in a room, as Server-Sent Events.
///
/// `id` is `<epoch>.<seq>`, `event` the type, `data` what the live socket would say, first of all `subscribed`. A
/// comment every 15 seconds keeps proxies calm. Guests may read public rooms.
#[utoipa::path(get, path = "/api/v2/rooms/{name}/stream", security((), ("token" = []), ("cookie" = [])),
    params(("name" = String, Path, description = "The room."), Since,
        ("Last-Event-ID" = Option<String>, Header, description = "As `since`; a browser sends it by itself.")),
    responses(
        (status = 200, description = "The stream.", content_type = "text/event-stream", body = String),
        (status = 400, description = "`since` is no `<epoch>.<seq>`."),
        (status = 401, description = "A credential that is not good, or none for the lobby."),
        (status = 403, description = "Banned."),
        (status = 404, description = "No such room, or none that the caller may know of."),
        (status = 429, description = "Too many connections."),
    ))]
async fn stream(
    State(desk): State<Desk>,
    Visitor(client): Visitor,
    room: Result<Path<String>, PathRejection>,
    query: Result<Query<Since>, QueryRejection>,
    headers: HeaderMap,
) -> Answer<Native> {
    let (Ok(Path(room)), Ok(Query(query))) = (room, query) else {
        return Err(malformed("The address cannot be read."));
    };
    let since = since(query.since.as_deref(), &headers)?;
    let room = RoomName::parse(&room).map_err(|_no_name| Error::UnknownRoom)?;
    let caller = if shows_credential(&headers) { Some(desk.caller(&headers).await?) } else { None };
    let connection = desk.app.connect(caller.as_ref(), &client).await?;
    let (follower, found) = desk.app.follow(&room, &connection, caller.as_ref(), &Frames, since).await?;
    let begin = beginning(&found, since.filter(|_| found.recovered));
    let feed = desk.app.feed(follower, connection);
    Ok(response(Streaming::new(begin, feed, found.room, Crier::new(&desk.app))))
}

/// Where to begin: a browser that comes back knows better than the address with which it first came.
fn since(query: Option<&str>, headers: &HeaderMap) -> Result<Option<(Epoch, Seq)>, Refusal<Native>> {
    let header = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
    let Some(text) = header.filter(|text| !text.is_empty()).or(query) else {
        return Ok(None);
    };
    let parts = text.rsplit_once('.').and_then(|(epoch, seq)| Some((named_epoch(epoch), seq.parse().ok()?)));
    parts.map(Some).ok_or_else(|| malformed("`since` is `<epoch>.<seq>`, as in the `id` of an event."))
}

fn malformed(detail: &str) -> Refusal<Native> {
    Refusal::of(Problem::new(Kind::Malformed, detail).response())
}

/// The first words. Their id is what the client has, and not more: it may go before the rest has come.
fn beginning(found: &Found, since: Option<(Epoch, Seq)>) -> String {
    let has = since.map_or(found.seq, |(_, seq)| seq);
    let told = text_of(&Told::subscribed(None, found)).unwrap_or_default();
    format!("retry: 2000\n{}", said("subscribed", Some((found.epoch, has)), &told))
}

fn response(body: Streaming) -> Response {
    let lasting = body.lasting.clone();
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = StatusCode::OK;
    response.extensions_mut().insert(lasting);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that gather answers would hold it back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// One event of the stream. JSON has no line breaks, so the data is one line.
fn said(kind: &str, id: Option<(Epoch, Seq)>, data: &str) -> String {
    let mut text = String::with_capacity(data.len() + kind.len() + 64);
    if let Some((epoch, seq)) = id {
        // Writing into a text does not fail.
        let _ = writeln!(text, "id: {}.{seq}", epoch.0);
    }
    let _ = write!(text, "event: {kind}\ndata: {data}\n\n");
    text
}

/// Writes what happens for streams.
struct Frames;

impl Encoder for Frames {
    fn event(&self, here: Here<'_>, event: &Event) -> Option<String> {
        let data = text_of(&Told::Event { room: here.room, event: EventShape::of(event) })?;
        Some(said("event", Some((here.epoch, event.seq)), &data))
    }

    fn joined(&self, here: Here<'_>, who: &Author, _: Timestamp) -> Option<String> {
        text_of(&Told::joined(here.room, who)).map(|data| said("joined", None, &data))
    }

    fn left(&self, here: Here<'_>, who: &Author, _: Timestamp) -> Option<String> {
        text_of(&Told::left(here.room, who)).map(|data| said("left", None, &data))
    }

    fn typing(&self, here: Here<'_>, who: &Author) -> Option<String> {
        text_of(&Told::typing(here.room, who)).map(|data| said("typing", None, &data))
    }
}

/// The body of the answer.
struct Streaming {
    begin: Option<String>,
    feed: Feed,
    room: String,
    crier: Crier,
    calm: Interval,
    is_over: bool,
    lasting: Lasting,
}

impl Streaming {
    fn new(begin: String, feed: Feed, room: String, crier: Crier) -> Self {
        let calm = interval_at(Instant::now() + CALM_EVERY, CALM_EVERY);
        Self { begin: Some(begin), feed, room, crier, calm, is_over: false, lasting: Lasting::default() }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(begin) = self.begin.take() {
            return Poll::Ready(Some(begin.into()));
        }
        if self.is_over {
            return Poll::Ready(None);
        }
        match self.feed.poll(cx) {
            Poll::Ready(Heard::Texts(texts)) => {
                self.calm.reset();
                Poll::Ready(Some(texts))
            }
            Poll::Ready(Heard::Ended(why)) => {
                self.is_over = true;
                Poll::Ready(Some(said("unsubscribed", None, &self.crier.ended(&self.room, why)).into()))
            }
            Poll::Ready(Heard::Farewell(farewell)) => {
                self.is_over = true;
                let (code, reason) = farewell.words();
                let bye = self.crier.goodbye(code, reason);
                Poll::Ready(bye.map(|data| said("bye", None, &data).into()))
            }
            Poll::Pending => self.calm.poll_tick(cx).map(|_now| Some(Bytes::from_static(b":\n\n"))),
        }
    }
}

impl HttpBody for Streaming {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.get_mut().poll_next(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.lasting.end();
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Since {
    /// After what: `<epoch>.<seq>`.
    since: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_browser_has_counts_more_than_the_address() {
        let mut headers = HeaderMap::new();
        let read = |query, headers: &HeaderMap| since(query, headers).ok().flatten();
        assert_eq!(read(None, &headers), None);
        assert_eq!(read(Some("5.7"), &headers), Some((Epoch(5), 7)));
        headers.insert(LAST_EVENT_ID, HeaderValue::from_static("6.9"));
        assert_eq!(read(Some("5.7"), &headers), Some((Epoch(6), 9)));
        assert_eq!(read(None, &HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("x"))])), None);
        for bad in ["5", "5.", "5.x"] {
            assert!(since(Some(bad), &HeaderMap::new()).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_event_ends_with_an_empty_line() {
        assert_eq!(said("event", Some((Epoch(5), 7)), "{}"), "id: 5.7\nevent: event\ndata: {}\n\n");
        assert_eq!(said("left", None, "{}"), "event: left\ndata: {}\n\n");
    }
}
