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
        let accounts = self.known_accounts(rows.iter().map(|row| row.account).collect()).await?;
        let _looks = self.live.hub().look_into(std::slice::from_ref(room)).await;
        // Those that have gone meanwhile are left out.
        let member = |row: MemberRow| Some(self.as_member(room, accounts.get(&row.account)?.clone(), &row));
        Ok(rows.into_iter().filter_map(member).collect())
    }

    /// One member.
    pub(super) async fn room_member(&self, room: &RoomName, id: RoomId, account: AccountId) -> Result<RoomMember> {
        let row = self.store.member(id, account).await?.ok_or(Error::UnknownAccount)?;
        let account = self.known_account(account).await?.ok_or(Error::UnknownAccount)?;
        let _looks = self.live.hub().look_into(std::slice::from_ref(room)).await;
        Ok(self.as_member(room, account, &row))
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
        let rows = self.store.bans(id, after, limit, self.now()).await?;
        let people = rows.iter().flat_map(|row| [Some(row.account), row.by]).flatten();
        let accounts = self.known_accounts(people.collect()).await?;
        let ban = |row: BanRow| {
            let by = row.by.and_then(|by| accounts.get(&by).cloned());
            Some(Ban { account: accounts.get(&row.account)?.clone(), by, row })
        };
        Ok(rows.into_iter().filter_map(ban).collect())
    }

    fn as_member(&self, room: &RoomName, account: Arc<Account>, row: &MemberRow) -> RoomMember {
        let present = self.live.hub().is_present(room, row.account);
        let muted_until = row.muted_until.filter(|until| *until > self.now());
        RoomMember { account, role: row.role, joined_at: row.joined_at, muted_until, present }
    }
}
