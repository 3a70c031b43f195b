//! Talking: who may join a room, who may write there, and what becomes of a message.
//!
//! This is the contracts' only door to the hub. A message goes through here into its room's batcher, is
//! committed, and only then published: acknowledged means durable.

mod access;
mod batcher;
mod behind;
mod change_message;
mod clear;
pub(crate) mod doubts;
mod follow;
pub mod history;
pub(crate) mod index;
mod mark_read;
mod memory;
mod pace;
mod readmit;
pub(crate) mod settle;
pub mod talk;

use std::sync::Arc;

use parlour_hub::{JoinError, NewSeat, Owner, Seat};
use parlour_model::{Author, Client, Field, RoomName, Rule, Seq, Violation};
use parlour_websocket::{CloseCode, Connection as Socket};

pub use batcher::{Hearing, Posted, Telling};
pub use memory::KnownRoom;
pub use parlour_hub::{
    Announcer, Connection, Conversation, Counts, Encoder, Ended, Expected, Farewell, Feed, Flow, Followers, Found,
    Heard, Here, MOST_ROOMS, NotFollowed, Note, PutOut, Turn,
};

pub(crate) use access::is_admin;

use batcher::{Answer, Said};
use pace::Taken;

use crate::app::App;
use crate::authenticate::Caller;
use crate::{Error, Result};

/// The most characters of a client's own key.
const MOST_KEY_CHARACTERS: usize = 128;

impl App {
    /// Registers a socket, so that it ends with its session. Without a caller it is a guest's.
    ///
    /// # Errors
    /// [`Error::TooManyConnections`]; [`Error::CredentialRefused`] when the session has ended meanwhile.
    pub async fn connect(&self, caller: Option<&Caller>, client: &Client) -> Result<Connection> {
        let connection = self.live.hub().connect(caller.map(owner), client.source());
        let connection = connection.map_err(|_too_many| Error::TooManyConnections)?;
        if let Some(caller) = caller {
            // A session that ended before the socket was registered did not find it.
            self.still_good(caller).await?;
        }
        Ok(connection)
    }

    /// Ties a socket that was nobody's to a session.
    ///
    /// # Errors
    /// [`Error::TooManyConnections`] for that account; [`Error::CredentialRefused`] when the session has ended
    /// meanwhile, and then the socket is nobody's.
    pub async fn bind(&self, connection: &Connection, caller: &Caller) -> Result<()> {
        connection.bind(owner(caller)).map_err(|_too_many| Error::TooManyConnections)?;
        let still_good = self.still_good(caller).await;
        if still_good.is_err() {
            connection.unbind();
        }
        still_good.map(drop)
    }

    /// Says, before a socket is opened, from where on a room is heard through it: after `since`, or from now.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub async fn beginning(&self, room: &RoomName, since: Option<Seq>) -> Result<Beginning> {
        let expected = match since {
            Some(_) => None,
            None => self.live.hub().expect(room).await.map_err(|JoinError::HistoryAway| Error::Busy(TRY_AGAIN))?,
        };
        Ok(Beginning { since: since.or(expected.as_ref().map(|expected| expected.since)), _expected: expected })
    }

    /// Gives a socket a seat in a room, and serves it from then on until one of the two sides ends it. What happens in
    /// the room is written by `encoder`, from its beginning; what the peer says goes to `conversation`.
    #[expect(clippy::too_many_arguments, reason = "each is another thing, and there is one caller a contract")]
    pub async fn attend<C: Conversation + 'static>(
        self,
        socket: Socket,
        connection: Connection,
        room: RoomName,
        caller: Option<Caller>,
        encoder: &'static dyn Encoder,
        beginning: Beginning,
        conversation: C,
    ) {
        match self.join(&room, &connection, caller.as_ref(), encoder, beginning.since).await {
            Ok(seat) => {
                // Whoever was put out while their socket was being opened had no seat yet to be put out of. Nobody is put
                // out of a room that is open to all, which most are; the rest is in a box, as it is rare.
                if !self.is_open_now(&room) && Box::pin(self.may_sit(&room, caller.as_ref())).await.is_err() {
                    return see_off(socket, CloseCode::POLICY, "this room is closed to you").await;
                }
                let conversing = self.live.hub().converse(socket, Arc::new(connection), Some(seat), conversation);
                // A task of its own, so that an open socket does not pay for its opening.
                drop(tokio::spawn(conversing));
            }
            Err(_away) => see_off(socket, CloseCode::TRY_AGAIN_LATER, "resume").await,
        }
    }

    /// Looks again at who has just taken a seat: both at them and at the room as they are by now.
    async fn may_sit(&self, room: &RoomName, caller: Option<&Caller>) -> Result<()> {
        let now = self.as_now(caller).await?;
        self.may_enter(room, now.as_ref()).await
    }

    /// Serves a socket that sits in no room, from now on until one of the two sides ends it.
    pub fn serve<C: Conversation + 'static>(&self, socket: Socket, connection: Arc<Connection>, conversation: C) {
        // As in a room. How it ended matters to seats only.
        drop(tokio::spawn(self.live.hub().converse(socket, connection, None, conversation)));
    }

    /// Takes a seat in a room. Without a caller it is a guest's: read-only and not counted among those present.
    async fn join(
        &self,
        room: &RoomName,
        connection: &Connection,
        caller: Option<&Caller>,
        encoder: &'static dyn Encoder,
        since: Option<Seq>,
    ) -> Result<Seat> {
        let seat = NewSeat { person: caller.map(author), encoder, since };
        self.live.hub().join(room, connection, seat).await.map_err(|JoinError::HistoryAway| Error::Busy(TRY_AGAIN))
    }

    /// Takes a message for a room. What became of it is told by `tell` when it is durable, or refused: that is when
    /// its turn is settled, which may be after this returns.
    ///
    /// `tell` hears of [`Error::Invalid`], [`Error::MessageTooLong`], [`Error::Throttled`], [`Error::KeyConflict`],
    /// [`Error::Busy`]; [`Error::CredentialRefused`] when the caller's session has ended meanwhile; and of what
    /// [`App::may_write`] refuses, [`Error::SlowMode`], and [`Error::UnknownMessage`] when it answers none.
    pub async fn post(&self, room: &RoomName, caller: &Caller, message: Message, turn: Turn, tell: Telling) {
        self.take(room, caller, message, Answer::Turn(turn, tell)).await;
    }

    /// Takes a message as [`App::post`] does, for a room that is there; `hear` is called with what became of it.
    pub async fn post_and_hear(&self, room: &RoomName, caller: &Caller, message: Message, hear: Hearing) {
        match self.may_read(room, Some(caller)).await {
            Ok(known) if known.id().is_some() => self.take(room, caller, message, Answer::Hearing(hear)).await,
            Ok(_not_there) => hear(Err(Error::UnknownRoom), self.now()),
            Err(error) => hear(Err(error), self.now()),
        }
    }

    async fn take(&self, room: &RoomName, caller: &Caller, message: Message, answer: Answer) {
        match self.author_of(room, &message, caller).await {
            Ok((author, turn)) => {
                let Message { text, key, reply_to } = message;
                let said = Said { author, text, key, reply_to, turn };
                self.live.batcher.post(room, said, answer);
            }
            Err(error) => answer.give(Err(error), self.now()),
        }
    }

    /// Whose name a message bears, if it may be written, and the turn that it takes in a slow room.
    async fn author_of(
        &self,
        room: &RoomName,
        message: &Message,
        caller: &Caller,
    ) -> Result<(Author, Option<Box<Taken>>)> {
        self.check_text(&message.text, message.key.as_deref())?;
        self.limits.message(caller.account.id)?;
        // Every message is authorised, not only the join; the name is the one the account has now.
        let caller = self.still_good(caller).await?;
        let turn = self.may_post(room, &caller, message.key.as_deref()).await?;
        Ok((author(&caller), turn))
    }

    /// Whether a text can be a message's.
    fn check_text(&self, text: &str, key: Option<&str>) -> Result<()> {
        let most = self.settings.chat.message_bytes;
        if text.len() > most {
            return Err(Error::MessageTooLong(most));
        }
        violation(text, key).map_or(Ok(()), |violation| Err(violation.into()))
    }
}

/// From where on a room is heard.
pub struct Beginning {
    since: Option<Seq>,
    /// Keeps the room active until the seat is taken.
    _expected: Option<Box<Expected>>,
}

/// A message as its sender wrote it.
pub struct Message {
    /// The text, not empty.
    pub text: String,
    /// The sender's own name for it: the same key again is the same message.
    pub key: Option<String>,
    /// The message that it answers.
    pub reply_to: Option<Seq>,
}

/// Closes a socket that has no seat.
async fn see_off(socket: Socket, code: CloseCode, reason: &'static str) {
    let deadline = tokio::time::Instant::now() + GOODBYE;
    // The peer may be gone already: then there is nobody to tell.
    drop(socket.close(code, reason, deadline).await);
}

/// How long a peer may take to answer our goodbye.
const GOODBYE: std::time::Duration = std::time::Duration::from_secs(2);

/// What a client should wait when the database is away.
const TRY_AGAIN: std::time::Duration = std::time::Duration::from_secs(1);

fn owner(caller: &Caller) -> Owner {
    Owner { account_id: caller.account.id, session_id: caller.session_id, expires_at: Some(caller.expires_at) }
}

/// The caller, as what they write and do bears their name.
pub(crate) fn author(caller: &Caller) -> Author {
    Author { id: caller.account.id, username: caller.account.username.as_str().to_owned() }
}

fn violation(text: &str, key: Option<&str>) -> Option<Violation> {
    if text.is_empty() {
        return Some(Violation::new(Field::Text, Rule::Required));
    }
    // PostgreSQL has no text with NUL in it, and no screen shows one.
    if text.contains('\0') {
        return Some(Violation::new(Field::Text, Rule::ForbiddenCharacter));
    }
    let key = key?;
    if key.is_empty() {
        return Some(Violation::new(Field::Key, Rule::Required));
    }
    if key.contains('\0') {
        return Some(Violation::new(Field::Key, Rule::ForbiddenCharacter));
    }
    let too_long = key.chars().count() > MOST_KEY_CHARACTERS;
    too_long.then_some(Violation::new(Field::Key, Rule::TooLong(MOST_KEY_CHARACTERS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_shown_and_kept_is_taken() {
        assert_eq!(violation("hello", None), None);
        assert_eq!(violation("hello", Some("k-1")), None);
        assert_eq!(violation("", None).map(|v| v.rule), Some(Rule::Required));
        assert_eq!(violation("a\0b", None).map(|v| v.rule), Some(Rule::ForbiddenCharacter));
        assert_eq!(violation("a", Some("")).map(|v| v.field), Some(Field::Key));
        assert_eq!(violation("a", Some(&"k".repeat(129))).map(|v| v.rule), Some(Rule::TooLong(128)));
    }
}
