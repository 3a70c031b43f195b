//! Deleting an account: its sessions, tokens and sockets end, what it wrote loses author and text.

use parlour_model::{AccountId, Client, RoomName};

use crate::app::App;
use crate::audit::{self, Says};
use crate::authenticate::Caller;
use crate::live::PutOut;
use crate::{Error, Result};

impl App {
    /// Deletes an account for good. Its places in the rooms' logs stay, empty; its name rests for a while.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`] when there is none.
    pub async fn delete_account(&self, id: AccountId, client: &Client) -> Result<()> {
        let entry = audit::entry("delete_account", client).by(id).on(id);
        // What takes its time comes first, in steps that let others write; whoever is cut off by it may ask again.
        self.leave_owned_rooms(id).await?;
        self.store.erase_events(id).await?;
        let deleted = self.store.delete_account(id, self.now(), entry.clone()).await?;
        self.account_ended(id, None);
        self.live.hub().erase(id);
        if !deleted {
            return Err(Error::UnknownAccount);
        }
        audit::committed(&entry);
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
