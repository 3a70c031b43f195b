//! Inviting into rooms.

use std::sync::Arc;

use parlour_model::{Account, AccountId, Client, RoomId, RoomName, Timestamp};
use parlour_store::InvitationRow;

use crate::app::App;
use crate::authenticate::Caller;
use crate::live::Note;
use crate::{Error, Result};

/// An invitation that waits.
pub struct Invitation {
    /// Into which room, by whose number, when.
    pub row: InvitationRow,
    /// Who invited; `None` when that account is gone.
    pub by: Option<Arc<Account>>,
}

impl App {
    /// Invites somebody: members into a public room, moderators into a private one.
    ///
    /// # Errors
    /// What [`App::may_read`] refuses; [`Error::UnknownAccount`], [`Error::Forbidden`], [`Error::Throttled`];
    /// [`Error::Conflict`] for who is a member or banned, or when too many of the caller's wait for them.
    pub async fn invite(
        &self,
        room: &RoomName,
        caller: &Caller,
        account: AccountId,
        client: &Client,
    ) -> Result<Invitation> {
        self.limits.message(caller.account.id)?;
        if room.is_lobby() {
            return Err(Error::Conflict);
        }
        let (id, actor) = self.moderator(room, caller, "invite", client).await?;
        let invited = self.store.invite(id, account, actor).await?;
        let row = invited.map_err(|refused| match Error::from(refused) {
            Error::Banned => Error::Conflict,
            other => other,
        })?;
        self.live.hub().note(account, Note::Invitations);
        // Somebody else may have invited them before.
        let by = self.known_accounts(row.by.into_iter().collect()).await?.into_values().next();
        Ok(Invitation { row, by })
    }

    /// Takes an invitation back: who invited may, and moderators.
    ///
    /// # Errors
    /// What [`App::may_read`] refuses; [`Error::Forbidden`].
    pub async fn withdraw_invitation(
        &self,
        room: &RoomName,
        caller: &Caller,
        account: AccountId,
        client: &Client,
    ) -> Result<()> {
        let (id, actor) = self.moderator(room, caller, "withdraw_invitation", client).await?;
        if self.store.withdraw_invitation(id, account, actor).await?? {
            self.live.hub().note(account, Note::Invitations);
        }
        Ok(())
    }

    /// Up to `limit` of the caller's invitations that stand, the newest first, before that time and room.
    ///
    /// # Errors
    /// The store is away.
    pub async fn invitations(
        &self,
        caller: &Caller,
        before: Option<(Timestamp, RoomId)>,
        limit: i64,
    ) -> Result<Vec<Invitation>> {
        let before = before.unwrap_or((Timestamp(i64::MAX), RoomId(i64::MAX)));
        let rows = self.store.invitations(caller.account.id, before, limit).await?;
        let hosts = self.known_accounts(rows.iter().filter_map(|row| row.by).collect()).await?;
        let with_host = |row: InvitationRow| {
            let by = row.by.and_then(|by| hosts.get(&by).cloned());
            Invitation { row, by }
        };
        Ok(rows.into_iter().map(with_host).collect())
    }

    /// Declines an invitation. One that is not there has been declined.
    ///
    /// # Errors
    /// The store is away.
    pub async fn decline_invitation(&self, room: &RoomName, caller: &Caller) -> Result<()> {
        if self.store.decline_invitation(room, caller.account.id).await? {
            self.live.hub().note(caller.account.id, Note::Invitations);
        }
        Ok(())
    }
}
