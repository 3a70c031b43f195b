//! Changing one's password: whoever knows the old one sets another, and every login but a new one of theirs ends.

use parlour_model::{Client, Email, Password};
use parlour_store::credential::PasswordChange;

use crate::app::App;
use crate::audit::{self, Says};
use crate::authenticate::Caller;
use crate::log_in::{Granted, LoggedIn, Wants};
use crate::sign_up::checked_password;
use crate::{Error, Result};

impl App {
    /// Sets another password for the caller. All sessions of the account end with their sockets, the caller's own too:
    /// it goes on under a new number and with a new credential, so that whoever had a copy of the old one has nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] about the new password; [`Error::WrongPassword`], [`Error::Throttled`], [`Error::Busy`] about the
    /// current one; [`Error::CredentialRefused`] when the session ended meanwhile.
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: String,
        new: String,
        wants: Wants,
        client: &Client,
    ) -> Result<(LoggedIn, Granted)> {
        let account = &caller.account;
        let mut about = vec![account.username.as_str()];
        about.extend(account.email.as_ref().map(Email::as_str));
        let new = checked_password(new, &about, client.contract, self.settings.passwords)?;
        // What cannot be a password is not the current one.
        let current = Password::parse(current).map_err(|_no_password| Error::WrongPassword)?;
        let record = self.confirmed(caller, current, client).await?;
        let opening = self.opening(wants, client)?;
        let entry = audit::entry("change_password", client).by(account.id).on(account.id);
        let change = PasswordChange {
            account_id: account.id,
            session_id: caller.session_id,
            password_changed_at: record.password_changed_at,
            phc: self.hashing.hash(new, client.source()).await?,
            session: opening.session(),
            audit: entry.clone(),
            now: self.now(),
        };
        let session = self.store.change_password(change).await?.ok_or(Error::CredentialRefused)?;
        audit::committed(&entry.within(session.id));
        self.account_ended(account.id, Some(session.id));
        let logged_in = LoggedIn { account: record.account, session };
        let granted = opening.grant(self, &logged_in)?;
        Ok((logged_in, granted))
    }
}
