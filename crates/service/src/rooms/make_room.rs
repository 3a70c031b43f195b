//! Making rooms, and changing what was made.

use parlour_model::{AccountId, Client, Field, RoomChange, RoomName, Visibility};
use parlour_store::NewRoom;

use super::list_rooms::RoomSeen;
use super::{checked_slow_mode, checked_topic};
use crate::app::App;
use crate::audit;
use crate::authenticate::Caller;
use crate::live::{Note, PutOut};
use crate::{Error, Result};

impl App {
    /// Makes a room whose owner is the caller.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Taken`], [`Error::Throttled`].
    pub async fn make_room(
        &self,
        caller: &Caller,
        name: &str,
        visibility: Visibility,
        topic: String,
        client: &Client,
    ) -> Result<RoomSeen> {
        let parsed = RoomName::parse(name);
        let violations: Vec<_> = parsed.as_ref().err().copied().into_iter().chain(checked_topic(&topic)).collect();
        let (Ok(name), []) = (parsed, violations.as_slice()) else { return Err(Error::Invalid(violations)) };
        self.limits.message(caller.account.id)?;
        if name.is_lobby() || name.is_direct() {
            return Err(Error::Taken(Field::RoomName));
        }
        let actor = self.actor(caller, "make_room", name.to_string(), client);
        let entry = actor.audit.clone();
        let new = NewRoom { name: name.clone(), visibility, topic };
        let id = self.store.make_room(new, actor).await?.ok_or(Error::Taken(Field::RoomName))?;
        audit::committed(&entry);
        self.live.memory().forget(&name);
        if visibility == Visibility::Private {
            // Whoever waited in a room of that name where nobody had written is no member of this one.
            self.live.hub().turn_out(&name, PutOut::Private, vec![caller.account.id]);
        }
        self.live.hub().note(caller.account.id, Note::Rooms);
        self.see_room(id, Some(caller)).await
    }

    /// The room of the caller and somebody else, and whether it was made now.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`]; [`Error::Conflict`] with oneself; [`Error::Throttled`].
    pub async fn direct_room(&self, caller: &Caller, with: AccountId) -> Result<(RoomSeen, bool)> {
        let me = caller.account.id;
        if me == with {
            return Err(Error::Conflict);
        }
        self.limits.message(me)?;
        let found = self.store.direct_room(me, with, self.now()).await?;
        let (id, is_new) = found.ok_or(Error::UnknownAccount)?;
        if is_new {
            self.live.memory().forget(&RoomName::direct(me, with));
            for one in [me, with] {
                self.live.hub().note(one, Note::Rooms);
            }
        }
        Ok((self.see_room(id, Some(caller)).await?, is_new))
    }

    /// Changes a room: its topic and its pace, and, for its owners, who may read it.
    ///
    /// # Errors
    /// What [`App::may_read`] refuses; [`Error::Invalid`], [`Error::Forbidden`].
    pub async fn edit_room(
        &self,
        room: &RoomName,
        caller: &Caller,
        change: RoomChange,
        client: &Client,
    ) -> Result<RoomSeen> {
        let topic = change.topic.as_deref().and_then(checked_topic);
        let violations: Vec<_> = topic.into_iter().chain(change.slow_mode.and_then(checked_slow_mode)).collect();
        if !violations.is_empty() {
            return Err(Error::Invalid(violations));
        }
        let id = self.readable(room, Some(caller)).await?;
        let closes = change.visibility == Some(Visibility::Private);
        let actor = self.actor(caller, "edit_room", room.to_string(), client);
        let entry = actor.audit.clone();
        let changed = self.store.edit_room(id, change, actor).await?;
        self.live.memory().forget(room);
        if let Some(logged) = changed? {
            audit::committed(&entry);
            self.logged(room, logged)?;
            if closes {
                let mut stay = self.store.member_numbers(id).await?;
                stay.push(caller.account.id);
                self.live.hub().turn_out(room, PutOut::Private, stay);
            }
        }
        self.see_room(id, Some(caller)).await
    }
}
