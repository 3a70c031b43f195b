//! Access: who may read a room, and who may write there. Every contract asks here, for every message anew.
//!
//! A public room without bans and mutes is decided in memory. What asks the store is in a box, as in `authenticate`.

use std::sync::Arc;

use parlour_model::{AccountId, AdminLevel, Power, RoomName, Visibility};
use parlour_store::Standing;

use super::memory::KnownRoom;
use super::pace::Taken;
use crate::app::App;
use crate::authenticate::Caller;
use crate::{Error, Result};

impl App {
    /// Whether somebody may enter a room and read there, in a contract that knows no missing rooms: whoever may not is
    /// told the same of a room that is private, gone, or somebody else's.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for a guest who may not, [`Error::Forbidden`] or [`Error::Banned`] for everybody else.
    pub async fn may_enter(&self, room: &RoomName, caller: Option<&Caller>) -> Result<()> {
        match self.may_read(room, caller).await {
            Ok(_room) => Ok(()),
            Err(Error::UnknownRoom) if caller.is_none() => Err(Error::Unauthenticated),
            Err(Error::UnknownRoom) => Err(Error::Forbidden),
            Err(error) => Err(error),
        }
    }

    /// Whether it is known that nothing distinguishes one caller from another in a room.
    pub(super) fn is_open_now(&self, room: &RoomName) -> bool {
        self.live.memory().room(room).is_some_and(|known| known.is_open())
    }

    /// Whether somebody may read a room; a room where nobody has written yet is everybody's.
    ///
    /// # Errors
    /// [`Error::UnknownRoom`] when it is gone or they may not know of it, [`Error::Banned`]; [`Error::Unauthenticated`]
    /// for a guest in the lobby.
    pub async fn may_read(&self, room: &RoomName, caller: Option<&Caller>) -> Result<Arc<KnownRoom>> {
        let known = self.known_room(room).await?;
        if room.is_lobby() && caller.is_none() {
            return Err(Error::Unauthenticated);
        }
        if !known.is_open() {
            self.admit_to(room, &known, caller).await?;
        }
        Ok(known)
    }

    /// Whether somebody may write in a room, now and apart from its pace.
    ///
    /// # Errors
    /// As [`App::may_read`], and [`Error::Muted`].
    pub async fn may_write(&self, room: &RoomName, caller: &Caller) -> Result<Arc<KnownRoom>> {
        let known = self.may_read(room, Some(caller)).await?;
        if known.is_moderated() {
            let standing = self.standing_in(&known, caller.account.id).await?;
            if let Some(until) = standing.muted(self.now()) {
                return Err(Error::Muted(until));
            }
        }
        Ok(known)
    }

    /// Takes the caller's turn to write a message, whose key may tell that it is a repeat. `None` where none is needed.
    ///
    /// # Errors
    /// As [`App::may_write`], and [`Error::SlowMode`].
    pub(super) async fn may_post(
        &self,
        room: &RoomName,
        caller: &Caller,
        key: Option<&str>,
    ) -> Result<Option<Box<Taken>>> {
        let known = self.may_write(room, caller).await?;
        let (Some(every), Some(id)) = (known.slow_mode(), known.id()) else { return Ok(None) };
        if self.power_in(&known, caller).await? >= Power::Moderator {
            return Ok(None);
        }
        let taken = self.live.memory().pace().take((id, caller.account.id), key, every, self.now());
        taken.map(Some).map_err(Error::SlowMode)
    }

    /// How much the caller may do in a room.
    ///
    /// # Errors
    /// The store is away.
    pub async fn power_in(&self, room: &KnownRoom, caller: &Caller) -> Result<Power> {
        let standing = self.standing_in(room, caller.account.id).await?;
        Ok(standing.power(is_admin(caller), room.visibility()))
    }

    /// How somebody stands in a room.
    ///
    /// # Errors
    /// The store is away.
    pub(crate) async fn standing_in(&self, room: &KnownRoom, account: AccountId) -> Result<Standing> {
        if let Some(standing) = self.live.memory().standing(room, account) {
            return Ok(standing);
        }
        Box::pin(self.load_standing(room, account)).await
    }

    async fn admit_to(&self, name: &RoomName, room: &KnownRoom, caller: Option<&Caller>) -> Result<()> {
        if room.is_gone() {
            return Err(Error::UnknownRoom);
        }
        match (room.visibility(), caller) {
            (Visibility::Public, None) => Ok(()),
            (Visibility::Direct, Some(caller)) if is_one_of(name, caller) => match room.id() {
                Some(_) => Ok(()),
                // Boxed, because it is rare, and what opens a socket is to stay small.
                None => Box::pin(self.there_are_two(name, caller)).await,
            },
            (Visibility::Direct, _) | (Visibility::Private, None) => Err(Error::UnknownRoom),
            (Visibility::Public | Visibility::Private, Some(caller)) if is_admin(caller) => Ok(()),
            (Visibility::Public, Some(caller)) => {
                let standing = self.standing_in(room, caller.account.id).await?;
                if standing.is_banned(self.now()) { Err(Error::Banned) } else { Ok(()) }
            }
            (Visibility::Private, Some(caller)) => {
                let standing = self.standing_in(room, caller.account.id).await?;
                standing.role.map(drop).ok_or(Error::UnknownRoom)
            }
        }
    }

    /// A direct room that is not there yet is one only with somebody who is: who comes later did not hear what was said.
    async fn there_are_two(&self, name: &RoomName, caller: &Caller) -> Result<()> {
        let other = name.other_of(caller.account.id).ok_or(Error::UnknownRoom)?;
        self.known_account(other).await?.map(drop).ok_or(Error::UnknownRoom)
    }

    /// A room as it decides who may do what.
    ///
    /// # Errors
    /// The store is away.
    pub(crate) async fn known_room(&self, name: &RoomName) -> Result<Arc<KnownRoom>> {
        // That nobody has written in a room is told to nobody: on another node, somebody may have since.
        let is_alone = self.settings.cluster.is_none();
        match self.live.memory().room(name).filter(|room| is_alone || room.id().is_some()) {
            Some(room) => Ok(room),
            None => Box::pin(self.load_room(name)).await,
        }
    }

    async fn load_room(&self, name: &RoomName) -> Result<Arc<KnownRoom>> {
        let stamp = self.live.memory().stamp();
        let rules = self.store.room_rules(name).await?;
        Ok(self.live.memory().remember(stamp, name, rules))
    }

    async fn load_standing(&self, room: &KnownRoom, account: AccountId) -> Result<Standing> {
        let Some(id) = room.id() else { return Ok(Standing::default()) };
        let stamp = self.live.memory().standing_stamp();
        let standing = self.store.standing(id, account).await?;
        self.live.memory().remember_standing(stamp, room, account, standing);
        Ok(standing)
    }
}

/// Whether the caller is an administrator.
pub(crate) fn is_admin(caller: &Caller) -> bool {
    caller.account.admin_level == AdminLevel::Admin
}

fn is_one_of(name: &RoomName, caller: &Caller) -> bool {
    let id = caller.account.id;
    name.pair().is_some_and(|(low, high)| id == low || id == high)
}
