//! Keeping order: roles, putting out, muting, banning. Every deed is audited in its transaction.

use std::time::Duration;

use parlour_model::{AccountId, Client, Field, Role, RoomId, RoomName, Rule, Timestamp, Violation};
use parlour_store::change::{Actor, Logged};

use super::list_members::RoomMember;
use crate::Result;
use crate::app::App;
use crate::audit;
use crate::authenticate::Caller;
use crate::live::{Note, PutOut};

/// How long somebody may be muted or banned until a time: a minute to a year.
const SECONDS: (i64, i64) = (60, 31_536_000);

/// The most characters of why somebody was banned.
const MOST_REASON_CHARACTERS: usize = 500;

impl App {
    /// Gives a member another role; answers with the member.
    ///
    /// # Errors
    /// What [`App::may_read`] refuses; [`Error::UnknownAccount`] for who is no member, [`Error::LastOwner`],
    /// [`Error::Forbidden`].
    pub async fn set_role(
        &self,
        room: &RoomName,
        caller: &Caller,
        account: AccountId,
        role: Role,
        client: &Client,
    ) -> Result<RoomMember> {
        let (id, actor) = self.moderator(room, caller, "set_role", client).await?;
        let entry = actor.audit.clone();
        let changed = self.store.set_role(id, account, role, actor).await?;
        self.live.memory().forget(room);
        if let Some(logged) = changed? {
            audit::committed(&entry);
            self.moderated(room, account, logged)?;
        }
        self.room_member(room, id, account).await
    }

    /// Puts a member out.
    ///
    /// # Errors
    /// As [`App::set_role`].
    pub async fn remove_member(
        &self,
        room: &RoomName,
        caller: &Caller,
        account: AccountId,
        client: &Client,
    ) -> Result<()> {
        let (id, actor) = self.moderator(room, caller, "remove_member", client).await?;
        let entry = actor.audit.clone();
        let removed = self.store.remove_member(id, account, actor).await?;
        self.live.memory().forget(room);
        let logged = removed?;
        audit::committed(&entry);
        self.live.hub().expel(room, account, PutOut::Removed);
        self.moderated(room, account, logged)
    }

    /// Has somebody read and not write for a while.
    ///
    /// # Errors
    /// What [`App::may_read`] refuses; [`Error::Invalid`], [`Error::UnknownAccount`], [`Error::Forbidden`];
    /// [`Error::Conflict`] with oneself.
    pub async fn mute(
        &self,
        room: &RoomName,
        caller: &Caller,
        account: AccountId,
        seconds: i64,
        client: &Client,
    ) -> Result<()> {
        let until = self.until(seconds)?;
        let (id, actor) = self.moderator(room, caller, "mute", client).await?;
        let entry = actor.audit.clone();
        let muted = self.store.mute(id, account, until, actor).await?;
        self.live.memory().forget(room);
        let logged = muted?;
        audit::committed(&entry);
        self.moderated(room, account, logged)
    }

    /// Lets somebody write again.
    ///
    /// # Errors
    /// As [`App::mute`].
    pub async fn unmute(&self, room: &RoomName, caller: &Caller, account: AccountId, client: &Client) -> Result<()> {
        let (id, actor) = self.moderator(room, caller, "unmute", client).await?;
        let entry = actor.audit.clone();
        let lifted = self.store.unmute(id, account, actor).await?;
        self.live.memory().forget(room);
        let Some(logged) = lifted? else { return Ok(()) };
        audit::committed(&entry);
        self.moderated(room, account, logged)
    }

    /// Puts somebody out and keeps them out, for a while or for good.
    ///
    /// # Errors
    /// As [`App::mute`].
    pub async fn ban(
        &self,
        room: &RoomName,
        caller: &Caller,
        account: AccountId,
        (reason, seconds): (String, Option<i64>),
        client: &Client,
    ) -> Result<()> {
        if reason.chars().count() > MOST_REASON_CHARACTERS {
            return Err(Violation::new(Field::Reason, Rule::TooLong(MOST_REASON_CHARACTERS)).into());
        }
        let until = seconds.map(|seconds| self.until(seconds)).transpose()?;
        let (id, actor) = self.moderator(room, caller, "ban", client).await?;
        let entry = actor.audit.clone();
        let banned = self.store.ban(id, account, reason, until, actor).await?;
        self.live.memory().forget(room);
        let logged = banned?;
        audit::committed(&entry);
        self.live.hub().expel(room, account, PutOut::Banned);
        self.live.hub().note(account, Note::Invitations);
        self.moderated(room, account, logged)
    }

    /// Lets somebody come back.
    ///
    /// # Errors
    /// As [`App::mute`].
    pub async fn unban(&self, room: &RoomName, caller: &Caller, account: AccountId, client: &Client) -> Result<()> {
        let (id, actor) = self.moderator(room, caller, "unban", client).await?;
        let entry = actor.audit.clone();
        let lifted = self.store.unban(id, account, actor).await?;
        self.live.memory().forget(room);
        let Some(logged) = lifted? else { return Ok(()) };
        audit::committed(&entry);
        self.moderated(room, account, logged)
    }

    /// A room that the caller may read, and the caller as the store wants to know them.
    pub(super) async fn moderator(
        &self,
        room: &RoomName,
        caller: &Caller,
        action: &'static str,
        client: &Client,
    ) -> Result<(RoomId, Actor)> {
        let id = self.readable(room, Some(caller)).await?;
        Ok((id, self.actor(caller, action, room.to_string(), client)))
    }

    fn moderated(&self, room: &RoomName, account: AccountId, logged: Logged) -> Result<()> {
        self.logged(room, logged)?;
        self.live.hub().note(account, Note::Rooms);
        Ok(())
    }

    fn until(&self, seconds: i64) -> Result<Timestamp> {
        let (least, most) = SECONDS;
        let known = u64::try_from(seconds).ok().filter(|_| (least..=most).contains(&seconds));
        let violation = Violation::new(Field::Seconds, Rule::OutOfRange(least, most));
        Ok(self.now() + Duration::from_secs(known.ok_or(violation)?))
    }
}
