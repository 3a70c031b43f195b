//! Setting a password: every other session of the account ends with the old one.

use parlour_model::{Account, Client, Email, SessionId};

use crate::app::App;
use crate::audit::{self, Says};
use crate::sign_up::checked_password;
use crate::{Error, Result};

impl App {
    /// Gives an account a new password and ends its sessions, all but `keep`.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the rules refuse it; [`Error::UnknownAccount`] when the account is gone.
    pub async fn set_password(
        &self,
        account: &Account,
        password: String,
        keep: Option<SessionId>,
        client: &Client,
    ) -> Result<()> {
        let mut about = vec![account.username.as_str()];
        about.extend(account.email.as_ref().map(Email::as_str));
        let password = checked_password(password, &about, client.contract, self.settings.passwords)?;
        let phc = self.hashing.hash(password, client.source()).await?;
        let entry = audit::entry("set_password", client).on(account.id);
        if !self.store.set_password(account.id, phc, keep, self.now(), entry.clone()).await? {
            return Err(Error::UnknownAccount);
        }
        audit::committed(&entry);
        self.account_ended(account.id, keep);
        Ok(())
    }
}
