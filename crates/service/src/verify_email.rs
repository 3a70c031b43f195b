//! Verifying an address: a secret is mailed to it, and whoever brings the secret back has read its mail.

use std::time::Duration;

use parlour_hub::Note;
use parlour_model::{AccountId, Client, Email};
use parlour_store::verification::{NewVerification, SecretMade, Verified};

use crate::app::App;
use crate::audit;
use crate::authenticate::Caller;
use crate::mail::letters;
use crate::secret::{digest, verification_secret};
use crate::{Error, Result};

/// How long a verification secret is good.
const LIFE: Duration = Duration::from_hours(24);

impl App {
    /// Verifies the address that `secret` was mailed to. Repeatable within the secret's life.
    ///
    /// # Errors
    /// [`Error::UnknownSecret`], [`Error::SecretExpired`], [`Error::Throttled`].
    pub async fn verify_email(&self, secret: &str, client: &Client) -> Result<()> {
        self.limits.source(client.source())?;
        let entry = audit::entry("verify_email", client);
        let notice = letters::address_changed(&*self.chance)?;
        match self.store.verify_email(digest(secret.as_bytes()), notice, self.now(), entry.clone()).await? {
            Verified::Unknown => Err(Error::UnknownSecret),
            Verified::Expired => Err(Error::SecretExpired),
            Verified::Again => Ok(()),
            Verified::Done { account_id, lost_claim } => {
                audit::committed(&audit::Says::on(entry, account_id));
                for changed in [Some(account_id), lost_claim].into_iter().flatten() {
                    self.accounts.forget(&changed);
                    self.tell(changed, Note::Me);
                }
                self.mail_waits.notify_one();
                Ok(())
            }
        }
    }

    /// Mails another secret to an account's address. Whether one was mailed is not told: neither who has an
    /// address nor who is verified is anybody's business.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`] for a number that is nobody's; [`Error::Throttled`].
    pub async fn request_verification(&self, id: AccountId, client: &Client) -> Result<()> {
        self.limits.source(client.source())?;
        let account = self.known_account(id).await?.ok_or(Error::UnknownAccount)?;
        match account.email.as_ref().filter(|_| account.email_verified_at.is_none()) {
            Some(email) => self.mail_verification(id, email, client).await,
            None => Ok(()),
        }
    }

    /// Mails the link again that the caller is waiting for: of the address that is to take the place of theirs, else of
    /// theirs. Whether there was one is not told.
    ///
    /// # Errors
    /// [`Error::Throttled`].
    pub async fn mail_link_again(&self, caller: &Caller, client: &Client) -> Result<()> {
        let id = caller.account.id;
        match self.pending_email(id).await? {
            Some(pending) => {
                self.limits.source(client.source())?;
                self.mail_verification(id, &pending, client).await
            }
            None => self.request_verification(id, client).await,
        }
    }

    async fn mail_verification(&self, id: AccountId, email: &Email, client: &Client) -> Result<()> {
        let new = self.new_verification(email)?;
        let entry = audit::Says::on(audit::entry("create_secret", client), id);
        match self.store.add_verification(id, new, self.now(), entry.clone()).await? {
            SecretMade::UnknownAccount => Err(Error::UnknownAccount),
            SecretMade::NoAddress | SecretMade::TooMany => Ok(()),
            SecretMade::Queued => {
                audit::committed(&entry);
                self.mail_waits.notify_one();
                Ok(())
            }
        }
    }

    /// A fresh secret for `email` with the mail that carries it. Only the digest is kept.
    pub(crate) fn new_verification(&self, email: &Email) -> Result<NewVerification> {
        let secret = verification_secret(&*self.chance)?;
        let link = format!("{}/verify/{secret}", self.settings.public_url);
        Ok(NewVerification {
            digest: digest(secret.as_bytes()),
            email: email.clone(),
            expires_at: self.now() + LIFE,
            mail: letters::verification(email, &link, &*self.chance)?,
        })
    }
}
