//! Looking somebody up by their number.

use std::sync::Arc;

use parlour_model::{Account, AccountId, Email};

use crate::app::App;
use crate::{Error, Result};

impl App {
    /// The account of that number. Which of it may be shown is the contract's promise: to others only what is public.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`] when there is none.
    pub async fn look_up(&self, id: AccountId) -> Result<Arc<Account>> {
        self.known_account(id).await?.ok_or(Error::UnknownAccount)
    }

    /// The account of that number as others may know it: one that is kept out is not there.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`] when there is none.
    pub async fn look_up_person(&self, id: AccountId) -> Result<Arc<Account>> {
        self.known_account(id).await?.filter(|account| account.disabled_at.is_none()).ok_or(Error::UnknownAccount)
    }

    /// The address that takes the place of an account's own when the mail to it is answered, if there is one.
    ///
    /// # Errors
    /// The store is away.
    pub async fn pending_email(&self, id: AccountId) -> Result<Option<Email>> {
        Ok(self.store.pending_email(id, self.now()).await?)
    }
}
