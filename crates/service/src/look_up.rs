//! Looking somebody up by their number.

use std::sync::Arc;

use parlour_model::{Account, AccountId};

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
}
