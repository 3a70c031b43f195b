//! Everything that is kept about oneself, as one JSON object that is written while it is read.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, HttpBody};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::body::Frame;
use parlour_model::Timestamp;
use parlour_service::Error;
use parlour_service::export::{InRooms, KeptInRoom, KeptSession, Part, Parts};
use serde_json::{Value, json};

use super::Native;
use super::member::Member;
use super::own_account::Me;
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::live::microseconds;
use crate::refusal::Answer;
use crate::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::default().serve::<Native>(routes!(export))
}

/// Everything that is kept about the caller.
///
/// One object: `account`, `avatar` (base64 of the PNG, or `null`), then lists under names that say what they
/// are, the messages last. Of others there are no more than usernames. A few a day.
#[utoipa::path(get, path = "/api/v2/me/export",
    responses((status = 200, description = "The export.", content_type = "application/json", body = Object,
        headers(("Content-Disposition" = String, description = "`attachment`, with the name of a file.")))))]
async fn export(State(desk): State<Desk>, Visitor(client): Visitor, Member(caller): Member) -> Answer<Native> {
    let parts = desk.app.export(&caller, &client).await?;
    let mut response = Response::new(Body::new(Writing::new(parts)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let attachment = format!("attachment; filename=\"parlour-{}.json\"", caller.account.id);
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::try_from(attachment).map_err(Error::internal)?);
    Ok(response)
}

/// The body of the answer.
struct Writing {
    parts: Parts,
    state: Written,
}

/// How far it is written.
enum Written {
    Nothing,
    /// A list of this name is open, and has something in it or not.
    Within(&'static str, bool),
    /// No list is open.
    Between,
    All,
}

/// It could not be finished: the connection ends before its end, so that nobody takes it for whole.
#[derive(Debug)]
struct Unfinished;

impl std::fmt::Display for Unfinished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an export could not be finished")
    }
}

impl std::error::Error for Unfinished {}

impl Writing {
    const fn new(parts: Parts) -> Self {
        Self { parts, state: Written::Nothing }
    }

    /// The text of a part.
    fn text(&mut self, part: Part) -> String {
        let mut text = String::new();
        match part {
            Part::Account(account, pending) => {
                self.single(&mut text, "account", &json!(Me::of(&account, pending.as_ref())));
            }
            Part::Avatar(png) => self.single(&mut text, "avatar", &json!(png.map(|png| STANDARD.encode(png)))),
            part => {
                let (name, items) = list(part);
                self.list(&mut text, name, &items);
            }
        }
        text
    }

    /// Closes what is open and names what comes.
    fn begin(&mut self, text: &mut String, name: &str) {
        text.push_str(match self.state {
            Written::Nothing => "{",
            Written::Within(..) => "],",
            Written::Between | Written::All => ",",
        });
        text.extend(["\"", name, "\":"]);
    }

    fn single(&mut self, text: &mut String, name: &str, value: &Value) {
        self.begin(text, name);
        text.push_str(&value.to_string());
        self.state = Written::Between;
    }

    fn list(&mut self, text: &mut String, name: &'static str, items: &[Value]) {
        if !matches!(self.state, Written::Within(open, _) if open == name) {
            self.begin(text, name);
            text.push('[');
            self.state = Written::Within(name, false);
        }
        for item in items {
            if matches!(self.state, Written::Within(_, true)) {
                text.push(',');
            }
            text.push_str(&item.to_string());
            self.state = Written::Within(name, true);
        }
    }

    fn end(&mut self) -> Option<String> {
        let end = match std::mem::replace(&mut self.state, Written::All) {
            Written::Nothing => "{}",
            Written::Within(..) => "]}",
            Written::Between => "}",
            Written::All => return None,
        };
        Some(end.to_owned())
    }
}

impl HttpBody for Writing {
    type Data = Bytes;
    type Error = Unfinished;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Unfinished>>> {
        let this = self.get_mut();
        let text = match ready!(this.parts.poll_recv(cx)) {
            Some(Ok(part)) => Some(this.text(part)),
            Some(Err(error)) => {
                tracing::warn!(?error, "an export could not be finished");
                return Poll::Ready(Some(Err(Unfinished)));
            }
            None => this.end(),
        };
        Poll::Ready(text.map(|text| Ok(Frame::data(text.into()))))
    }
}

/// The name of a list, and what is in this part of it.
fn list(part: Part) -> (&'static str, Vec<Value>) {
    let time = |at: Option<Timestamp>| at.map(microseconds);
    match part {
        Part::Account(..) | Part::Avatar(_) => ("", Vec::new()),
        Part::Names(names) => (
            "usernames",
            each(names, |(name, rests_until)| json!({"username": name, "rests_until": time(rests_until)})),
        ),
        Part::Addresses(addresses) => (
            "emails",
            each(
                addresses,
                |(email, asked_at, verified_at)| json!({"email": email, "asked_at": microseconds(asked_at), "verified_at": time(verified_at)}),
            ),
        ),
        Part::Resets(resets) => (
            "password_resets",
            each(
                resets,
                |(asked_at, ended_at)| json!({"asked_at": microseconds(asked_at), "ended_at": time(ended_at)}),
            ),
        ),
        Part::Sources(sources) => (
            "known_sources",
            each(sources, |(source, used_at)| json!({"source": source, "used_at": microseconds(used_at)})),
        ),
        Part::Sessions(sessions) => ("sessions", each(sessions, |kept| session(&kept))),
        Part::Audit(entries) => (
            "audit",
            each(entries, |entry| {
                let line = entry.line;
                json!({"at": microseconds(line.at), "action": line.action, "address": line.address,
                    "session": line.session.map(|session| session.0), "contract": line.contract, "detail": line.detail})
            }),
        ),
        Part::InRooms(kind, rows) => (name(kind), each(rows, |kept| in_room(kind, &kept))),
        Part::Reactions(room, reactions) => (
            "reactions",
            each(
                reactions,
                |(seq, emoji, at)| json!({"room": room.name, "seq": seq, "emoji": emoji, "at": microseconds(at)}),
            ),
        ),
        Part::Messages(room, messages) => (
            "messages",
            each(messages, |kept| {
                json!({"room": room.name, "seq": kept.seq, "at": microseconds(kept.at), "text": kept.text,
                    "key": kept.key, "reply_to": kept.reply_to, "edited_at": time(kept.edited_at)})
            }),
        ),
    }
}

fn each<T>(rows: Vec<T>, shape: impl Fn(T) -> Value) -> Vec<Value> {
    rows.into_iter().map(shape).collect()
}

fn session(KeptSession { session, ended_at }: &KeptSession) -> Value {
    json!({
        "id": session.id.0,
        "contract": session.contract.name(),
        "device": session.device,
        "address": session.address,
        "created_at": microseconds(session.created_at),
        "last_used_at": microseconds(session.last_used_at),
        "expires_at": microseconds(session.expires_at),
        "ended_at": ended_at.map(microseconds),
    })
}

const fn name(kind: InRooms) -> &'static str {
    match kind {
        InRooms::Member => "rooms",
        InRooms::Ban => "bans",
        InRooms::Mute => "mutes",
        InRooms::Invited => "invitations",
        InRooms::Read => "read_positions",
    }
}

fn in_room(kind: InRooms, kept: &KeptInRoom) -> Value {
    let (room, at, until) = (&kept.room.name, kept.at.map(microseconds), kept.until.map(microseconds));
    match kind {
        InRooms::Member => json!({"room": room, "role": kept.word, "joined_at": at}),
        InRooms::Ban => json!({"room": room, "reason": kept.word, "at": at, "until": until}),
        InRooms::Mute => json!({"room": room, "until": until}),
        InRooms::Invited => json!({"room": room, "by": Some(&kept.word).filter(|by| !by.is_empty()), "at": at}),
        InRooms::Read => json!({"room": room, "seq": kept.seq, "at": at}),
    }
}
