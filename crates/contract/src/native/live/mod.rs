//! The live socket: one WebSocket for many rooms.
//!
//! `said` is what a client says, `told` what it is told, `talk` the conversation between the two, and `words` what the
//! server says by itself.

mod said;
mod talk;
mod told;
mod words;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method};
use parlour_model::Client;
use parlour_service::Caller;
use parlour_service::live::{Connection, Followers};
use parlour_websocket::{Connection as Socket, Subprotocol};
use utoipa::ToSchema;

use said::Said;
pub(super) use told::Told;
pub(super) use words::{Crier, named_epoch};

use super::{Native, foreign};
use crate::caller::{SESSION_COOKIE, cookie};
use crate::describe::sockets::{Channel, Message};
use crate::describe::{Routes, Serve, routes};
use crate::desk::Desk;
use crate::live::{Upgrade, frame_bytes};
use crate::origin::is_foreign;
use crate::refusal::{Answer, Refusal};
use crate::visitor::Visitor;
use talk::Talk;

pub(super) fn routes() -> Routes {
    Routes::default().serve::<Native>(routes!(live))
}

/// Live events of many rooms, as a WebSocket.
///
/// The credential is the session cookie from a page of this server or of a configured origin, a token, in
/// `Authorization` or as the first subprotocol, which is echoed, or the first message. Without any it is a guest's.
/// `/api/v2/asyncapi.json` has what is said on the socket.
#[utoipa::path(get, path = "/api/v2/live", security((), ("token" = []), ("cookie" = [])), responses(
    (status = 101, description = "Welcome."),
    (status = 401, description = "A credential that is not good; it never makes a silent guest."),
    (status = 403, description = "A page of another origin used a cookie."),
    (status = 426, description = "No WebSocket was asked for."),
    (status = 429, description = "Too many connections."),
))]
async fn live(State(desk): State<Desk>, Visitor(client): Visitor, request: Request) -> Answer<Native> {
    let upgrade = Upgrade::of(request, &[Method::GET], desk.settings.deflate)?;
    let caller = who(&desk, &upgrade.headers, upgrade.handshake.subprotocols()).await?;
    let connection = Arc::new(desk.app.connect(caller.as_ref(), &client).await?);
    let (most_bytes, chosen) = (frame_bytes(desk.settings.message_bytes), upgrade.first());
    Ok(upgrade.answer(chosen.as_ref(), most_bytes, move |socket| async move {
        serve(desk, socket, connection, caller, client);
    }))
}

/// The socket, for whoever reads its description.
pub(crate) fn channel() -> Channel {
    let mut schemas = Vec::new();
    Said::schemas(&mut schemas);
    Told::schemas(&mut schemas);
    Channel {
        name: "live",
        address: "/api/v2/live",
        description: "One socket for many rooms. The credential is the session cookie from a page of this server or of a \
            configured origin, a token as `Authorization: Bearer` or as first subprotocol, or the first message; without any \
            it is a guest's. A request may have an `id`, a number or a text, which its one answer bears; without one it is \
            answered only if it is refused. Before the server ends a connection in order it says `bye`.",
        parameters: &[],
        query: None,
        said: Message::each_of::<Said>().into_iter().map(Message::with_id).collect(),
        told: Message::each_of::<Told<'_>>(),
        schemas,
    }
}

/// Whoever the handshake speaks for: by token, or by the session cookie when the page is one of ours.
async fn who(desk: &Desk, headers: &HeaderMap, offered: &[Subprotocol]) -> Result<Option<Caller>, Refusal<Native>> {
    if let Some(caller) = desk.caller_by_token(headers, offered).await? {
        return Ok(Some(caller));
    }
    if cookie(headers, SESSION_COOKIE).is_none() {
        return Ok(None);
    }
    if is_foreign(headers, &desk.settings.origins) {
        return Err(Refusal::of(foreign()));
    }
    Ok(Some(desk.caller(headers).await?))
}

fn serve(desk: Desk, socket: Socket, connection: Arc<Connection>, caller: Option<Caller>, client: Client) {
    let app = desk.app.clone();
    let followers = Followers::new(&connection, Crier::new(&app));
    let talk = Talk { desk, connection: connection.clone(), followers: followers.clone(), caller, client };
    talk.greet();
    app.serve_following(socket, connection, followers, talk);
}
