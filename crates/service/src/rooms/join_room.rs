//! Becoming a member of a room, and leaving it.

use parlour_model::{Client, RoomName, Visibility};

use super::list_rooms::RoomSeen;
use crate::app::App;
use crate::authenticate::Caller;
use crate::live::{Note, PutOut};
use crate::{Error, Result};

impl App {
    /// Makes the caller a member of a public room, or of a private one that they were invited to. Whoever is one already
    /// stays one.
    ///
    /// # Errors
    /// [`Error::UnknownRoom`] also for what the caller may not know of; [`Error::Banned`], [`Error::Throttled`].
    pub async fn join_room(&self, room: &RoomName, caller: &Caller, client: &Client) -> Result<RoomSeen> {
        self.limits.message(caller.account.id)?;
        let known = self.known_room(room).await?;
        let id = known.id().filter(|_| !known.is_gone()).ok_or(Error::UnknownRoom)?;
        if known.visibility() == Visibility::Direct {
            self.may_read(room, Some(caller)).await?;
            return self.see_room(id, Some(caller)).await;
        }
        if room.is_lobby() {
            return self.see_room(id, Some(caller)).await;
        }
        let actor = self.actor(caller, "join_room", room.to_string(), client);
        let joined = self.store.join_room(id, actor).await?;
        self.live.memory().forget_standing(&known, caller.account.id);
        if let Some(logged) = joined? {
            self.logged(room, logged)?;
            let hub = self.live.hub();
            hub.note(caller.account.id, Note::Rooms);
            hub.note(caller.account.id, Note::Invitations);
        }
        self.see_room(id, Some(caller)).await
    }

    /// Ends the caller's membership. A private room without members ends with it.
    ///
    /// # Errors
    /// What [`App::may_read`] refuses; [`Error::UnknownRoom`] for who is no member, [`Error::LastOwner`],
    /// [`Error::Forbidden`] for rooms that nobody leaves.
    pub async fn leave_room(&self, room: &RoomName, caller: &Caller, client: &Client) -> Result<()> {
        let known = self.may_read(room, Some(caller)).await?;
        let id = known.id().ok_or(Error::UnknownRoom)?;
        if room.is_lobby() {
            return Err(Error::Forbidden);
        }
        let actor = self.actor(caller, "leave_room", room.to_string(), client);
        let left = self.store.leave_room(id, actor).await?;
        self.live.memory().forget_standing(&known, caller.account.id);
        let (logged, ended) = left.map_err(|refused| match Error::from(refused) {
            Error::UnknownAccount => Error::UnknownRoom,
            other => other,
        })?;
        self.logged(room, logged)?;
        let hub = self.live.hub();
        if ended {
            self.live.memory().forget(room);
            hub.turn_out(room, PutOut::Deleted, Vec::new());
        } else if known.visibility() == Visibility::Private {
            hub.expel(room, caller.account.id, PutOut::Removed);
        }
        hub.note(caller.account.id, Note::Rooms);
        Ok(())
    }
}
