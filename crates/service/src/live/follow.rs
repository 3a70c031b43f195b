//! Following rooms: many from one connection, or one from a stream.

use std::sync::Arc;
use std::time::Duration;

use parlour_hub::{Feed, Follower, Followers, Found, JoinError, MOST_PEOPLE, NewFollower};
use parlour_model::{Epoch, RoomName, Seq};
use parlour_websocket::Connection as Socket;

use super::memory::KnownRoom;
use super::{Connection, Conversation, Encoder, TRY_AGAIN, author};
use crate::app::App;
use crate::authenticate::Caller;
use crate::{Error, Result};

/// How long clients wait at least that are to come back, and by how much longer they may wait.
const COME_BACK_AFTER: Duration = Duration::from_millis(500);
const SPREAD_MS: u64 = 4_096;

impl App {
    /// A room that there is, if somebody may read it. The lobby always is.
    ///
    /// # Errors
    /// As [`App::may_read`]; [`Error::UnknownRoom`] where nobody has written yet.
    pub async fn room_there(&self, room: &RoomName, caller: Option<&Caller>) -> Result<Arc<KnownRoom>> {
        let known = self.may_read(room, caller).await?;
        if known.id().is_none() && !room.is_lobby() {
            return Err(Error::UnknownRoom);
        }
        Ok(known)
    }

    /// Begins to follow a room: everything after `since`, then what happens, or from now on.
    ///
    /// # Errors
    /// As [`App::room_there`]; [`Error::CredentialRefused`] when the caller's session has ended; [`Error::Busy`].
    pub async fn follow(
        &self,
        room: &RoomName,
        connection: &Connection,
        caller: Option<&Caller>,
        encoder: &'static dyn Encoder,
        since: Option<(Epoch, Seq)>,
    ) -> Result<(Follower, Found)> {
        let now = self.as_now(caller).await?;
        self.room_there(room, now.as_ref()).await?;
        let new = NewFollower { person: now.as_ref().map(author), encoder, since, most_people: MOST_PEOPLE };
        let begun = self.live.hub().follow(room, connection, new).await;
        let (follower, found) = begun.map_err(|JoinError::HistoryAway| Error::Busy(TRY_AGAIN))?;
        // Whoever was put out meanwhile had no place yet to be put out of.
        if let Err(refused) = self.may_stay(room, caller).await {
            follower.leave();
            return Err(refused);
        }
        Ok((follower, found))
    }

    /// Looks again at who has just taken a place in a room: both at them and at the room as they are by now.
    async fn may_stay(&self, room: &RoomName, caller: Option<&Caller>) -> Result<()> {
        let now = self.as_now(caller).await?;
        self.room_there(room, now.as_ref()).await.map(drop)
    }

    /// What one follower hears, for whoever writes it out. The connection is the one that it began with.
    pub fn feed(&self, follower: Follower, connection: Connection) -> Feed {
        Feed::new(follower, connection)
    }

    /// Serves a socket that follows rooms, from now on until one of the two sides ends it.
    pub fn serve_following<C: Conversation + 'static>(
        &self,
        socket: Socket,
        connection: Arc<Connection>,
        followers: Followers,
        conversation: C,
    ) {
        // A task of its own, so that an open socket does not pay for its opening.
        drop(tokio::spawn(self.live.hub().converse_following(socket, connection, followers, conversation)));
    }

    /// Tells the others in a room that the caller is writing.
    ///
    /// # Errors
    /// As [`App::may_write`]; [`Error::CredentialRefused`].
    pub async fn tell_typing(&self, room: &RoomName, caller: &Caller) -> Result<()> {
        let caller = self.still_good(caller).await?;
        self.may_write(room, &caller).await?;
        self.live.hub().typing(room, &author(&caller));
        Ok(())
    }

    /// How long a client is to wait that is sent away and comes back: not the same for all, so that they do not come at
    /// once.
    pub fn come_back_after(&self) -> Duration {
        let mut drawn = [0; 8];
        // Without chance they come all at once, which is bad and not wrong.
        let _ = self.chance.fill(&mut drawn);
        COME_BACK_AFTER + Duration::from_millis(u64::from_le_bytes(drawn) % SPREAD_MS)
    }

    /// How often a peer is pinged.
    pub fn ping_every(&self) -> Duration {
        self.live.hub().settings().ping_every
    }
}
