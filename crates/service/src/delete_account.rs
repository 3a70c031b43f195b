//! Deleting an account: its sessions, tokens and sockets end, what it wrote loses author and text.

use parlour_model::{AccountId, Client, RoomName};
use parlour_store::NewAudit;

use crate::app::App;
use crate::audit::{self, Says};
use crate::authenticate::Caller;
use crate::live::PutOut;
use crate::{Error, Result};

impl App {
    /// Deletes an account for good, which is not taken back once it has begun. Its places in the rooms' logs stay, empty;
    /// its name rests for a while.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`] when there is none.
    pub async fn delete_account(&self, id: AccountId, client: &Client) -> Result<()> {
        let begun = self.store.begin_farewell(id, self.now()).await?;
        self.account_ended(id, None);
        if !begun {
            return Err(Error::UnknownAccount);
        }
        // From here on it is not taken back, and goes on by itself if it is cut off.
        let entry = audit::entry("delete_account", client).by(id).on(id);
        if let Err(error) = self.finish_farewell(id, &entry).await {
            tracing::warn!(?error, "an account could not be deleted in one go; it goes on soon");
        }
        Ok(())
    }

    /// Goes on with the deletions that were cut off, if there are any. One that cannot be finished keeps neither the others
    /// waiting nor whoever asked for them.
    ///
    /// # Errors
    /// The store is away.
    pub(crate) async fn finish_farewells(&self) -> Result<()> {
        for id in self.store.leaving().await? {
            let entry = audit::entry("delete_account", &Client::console()).by(id).on(id);
            match self.finish_farewell(id, &entry).await {
                Ok(()) => {}
                Err(away @ Error::Busy(_)) => return Err(away),
                Err(error) => tracing::error!(?error, account = id.0, "an account that goes could not be deleted"),
            }
        }
        Ok(())
    }

    /// Clears away what an account leaves behind, in steps that let others write and that each may be done again.
    async fn finish_farewell(&self, id: AccountId, entry: &NewAudit) -> Result<()> {
        self.leave_owned_rooms(id).await?;
        self.store.erase_events(id).await?;
        let deleted = self.store.delete_account(id, self.now(), entry.clone()).await?;
        self.account_ended(id, None);
        self.live.hub().erase(id);
        if deleted {
            audit::committed(entry);
        }
        Ok(())
    }

    /// Deletes the caller's account, once they have shown that they know its password. An account without one has none
    /// to show: its owner resets it first.
    ///
    /// # Errors
    /// [`Error::WrongPassword`], [`Error::Throttled`], [`Error::Busy`].
    pub async fn leave(&self, caller: &Caller, password: String, client: &Client) -> Result<()> {
        self.confirm_password(caller, Some(password), client).await?;
        self.delete_account(caller.account.id, client).await
    }

    /// Hands an account's rooms on to others, or ends those that nobody is left in.
    async fn leave_owned_rooms(&self, id: AccountId) -> Result<()> {
        for left in self.store.leave_owned_rooms(id, self.now()).await? {
            let Ok(name) = RoomName::parse(&left.name) else { continue };
            self.live.memory().forget(&name);
            if let Some(logged) = left.logged {
                self.logged(&name, logged)?;
            }
            if left.ended {
                self.live.hub().turn_out(&name, PutOut::Deleted, Vec::new());
            }
        }
        Ok(())
    }
}
