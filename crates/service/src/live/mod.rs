//! Talking: who may join a room, who may write there, and what becomes of a message.
//!
//! This is the contracts' only door to the hub. A message goes through here into its room's batcher, is
//! committed, and only then published: acknowledged means durable.

mod batcher;
pub mod history;
pub mod talk;

use parlour_hub::{JoinError, NewSeat, Owner, Parting, Seat, converse};
use parlour_model::{Author, Client, Field, RoomName, Rule, Seq, Violation};
use parlour_websocket::{CloseCode, Connection as Socket};

pub use batcher::Posted;
pub use parlour_hub::{Connection, Conversation, Counts, Encoder, Flow};

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

    /// Whether somebody may enter a room. Guests may not enter the lobby.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for a guest in the lobby.
    pub fn may_enter(&self, room: &RoomName, caller: Option<&Caller>) -> Result<()> {
        if caller.is_none() && room.is_lobby() { Err(Error::Unauthenticated) } else { Ok(()) }
    }

    /// Serves a socket that takes a seat in a room, until one of the two sides ends it. What happens in the
    /// room is written by `encoder`, from after `since` on or from now; what the peer says goes to `conversation`.
    #[expect(clippy::too_many_arguments, reason = "each is another thing, and there is one caller a contract")]
    pub async fn attend<C: Conversation>(
        &self,
        socket: Socket,
        connection: Connection,
        room: &RoomName,
        caller: Option<Caller>,
        encoder: &'static dyn Encoder,
        since: Option<Seq>,
        mut conversation: C,
    ) {
        let hub_settings = &self.settings.chat.hub;
        match self.join(room, &connection, caller.as_ref(), encoder, since).await {
            Ok(mut seat) => {
                let parting = converse(socket, &connection, Some(&mut seat), &mut conversation, hub_settings).await;
                match parting {
                    Parting::Clean => seat.leave(),
                    // Somebody whose line broke may be back in a moment: the seat knows how long to wait.
                    Parting::Broken => drop(seat),
                }
            }
            Err(_away) => {
                let deadline = tokio::time::Instant::now() + GOODBYE;
                // The peer may be gone already: then there is nobody to tell.
                drop(socket.close(CloseCode::TRY_AGAIN_LATER, "resume", deadline).await);
            }
        }
    }

    /// Serves a socket that sits in no room.
    pub async fn serve<C: Conversation>(&self, socket: Socket, connection: &Connection, mut conversation: C) {
        // How it ended matters to seats only.
        let _parting = converse(socket, connection, None, &mut conversation, &self.settings.chat.hub).await;
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

    /// Writes a message into a room and answers when it is durable.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::MessageTooLong`], [`Error::Throttled`], [`Error::KeyConflict`],
    /// [`Error::Busy`]; [`Error::CredentialRefused`] when the caller's session has ended meanwhile.
    pub async fn post(&self, room: &RoomName, caller: &Caller, text: String, key: Option<String>) -> Result<Posted> {
        let most = self.settings.chat.message_bytes;
        if text.len() > most {
            return Err(Error::MessageTooLong(most));
        }
        if let Some(violation) = violation(&text, key.as_deref()) {
            return Err(violation.into());
        }
        self.limits.message(caller.account.id)?;
        // Every message is authorised, not only the join; the name is the one the account has now.
        let author = author(&self.still_good(caller).await?);
        self.live.batcher.post(room, author, text, key).await
    }
}

/// How long a peer may take to answer our goodbye.
const GOODBYE: std::time::Duration = std::time::Duration::from_secs(2);

/// What a client should wait when the database is away.
const TRY_AGAIN: std::time::Duration = std::time::Duration::from_secs(1);

fn owner(caller: &Caller) -> Owner {
    Owner { account_id: caller.account.id, session_id: caller.session_id, expires_at: Some(caller.expires_at) }
}

fn author(caller: &Caller) -> Author {
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
