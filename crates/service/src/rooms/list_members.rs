//! Who is in a room, and who is kept out.

use std::sync::Arc;

use parlour_model::{Account, AccountId, Power, Role, RoomId, RoomName, Timestamp};
use parlour_store::{BanRow, MemberRow};

use crate::app::App;
use crate::authenticate::Caller;
use crate::{Error, Result};

/// Somebody in a room.
pub struct RoomMember {
    /// Who.
    pub account: Arc<Account>,
    /// What they may do.
    pub role: Role,
    /// Since when they are there.
    pub joined_at: Timestamp,
    /// Until when they may not write, if that is so now.
    pub muted_until: Option<Timestamp>,
    /// Whether they have a socket in the room now.
    pub present: bool,
}

/// Somebody who is kept out.
pub struct Ban {
    /// Who.
    pub account: Arc<Account>,
    /// By whom; `None` when that account is gone.
    pub by: Option<Arc<Account>>,
    /// Why, when, and until when.
    pub row: BanRow,
}

impl App {
    /// Up to `limit` members of a room after `after`, by their numbers; those whose username begins with `prefix`.
    ///
    /// # Errors
    /// What [`App::may_read`] refuses.
    pub async fn members(
        &self,
        room: &RoomName,
        caller: Option<&Caller>,
        after: AccountId,
        prefix: Option<&str>,
        limit: i64,
    ) -> Result<Vec<RoomMember>> {
        let id = self.readable(room, caller).await?;
        let prefix = prefix.map(parlour_model::username::folded_key);
        let rows = if room.is_lobby() {
            self.store.everybody(id, after, prefix.as_deref(), limit).await?
        } else {
            self.store.members(id, after, prefix.as_deref(), limit).await?
        };
        let mut members = Vec::with_capacity(rows.len());
        for row in rows {
            members.extend(self.as_member(room, row).await?);
        }
        Ok(members)
    }

    /// One member.
    pub(super) async fn room_member(&self, room: &RoomName, id: RoomId, account: AccountId) -> Result<RoomMember> {
        let row = self.store.member(id, account).await?.ok_or(Error::UnknownAccount)?;
        self.as_member(room, row).await?.ok_or(Error::UnknownAccount)
    }

    /// Up to `limit` of those who are kept out of a room, after `after`, by their numbers. Moderators may know.
    ///
    /// # Errors
    /// What [`App::may_read`] refuses; [`Error::Forbidden`].
    pub async fn bans(&self, room: &RoomName, caller: &Caller, after: AccountId, limit: i64) -> Result<Vec<Ban>> {
        let known = self.may_read(room, Some(caller)).await?;
        let id = known.id().ok_or(Error::UnknownRoom)?;
        if self.power_in(&known, caller).await? < Power::Moderator {
            return Err(Error::Forbidden);
        }
        let mut bans = Vec::new();
        for row in self.store.bans(id, after, limit, self.now()).await? {
            let by = match row.by {
                Some(by) => self.known_account(by).await?,
                None => None,
            };
            let account = self.known_account(row.account).await?;
            bans.extend(account.map(|account| Ban { account, by, row }));
        }
        Ok(bans)
    }

    /// A row with its account; `None` when that has gone meanwhile.
    async fn as_member(&self, room: &RoomName, row: MemberRow) -> Result<Option<RoomMember>> {
        let MemberRow { account, role, joined_at, muted_until } = row;
        let present = self.live.hub().is_present(room, account);
        let muted_until = muted_until.filter(|until| *until > self.now());
        let account = self.known_account(account).await?;
        Ok(account.map(|account| RoomMember { account, role, joined_at, muted_until, present }))
    }
}
