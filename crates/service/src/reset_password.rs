//! Resetting a password: a secret is mailed to the account's address, and whoever brings it back sets another.

use std::time::Duration;

use parlour_model::{AccountId, Client, Email};
use parlour_store::reset::{NewReset, ResetFor, ResetMade, UseReset};

use crate::app::App;
use crate::audit::{self, Says};
use crate::authenticate::Caller;
use crate::mail::letters;
use crate::secret::{digest, random_text};
use crate::sign_up::checked_password;
use crate::{Error, Result};

/// How long a reset is good.
const LIFE: Duration = Duration::from_hours(1);

/// What one who asks for more is told to wait.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// When an account that has just had a mail may have the next one.
const MAIL_AGAIN: Duration = Duration::from_mins(15);

impl App {
    /// Has a reset mailed to whoever has an address, if anybody has. Nobody learns whether: the answer is given after a
    /// line in the audit, the same for all, and only then is it looked who that is.
    ///
    /// An address that is only claimed is mailed to as well, as long as nobody else has taken it: who reads the mail
    /// proves it, and whoever claimed it falsely loses the account to them.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is no address; [`Error::Throttled`], [`Error::Busy`].
    pub async fn ask_for_reset(&self, email: &str, client: &Client) -> Result<()> {
        let email = Email::parse(email)?;
        self.limits.source(client.source())?;
        let place = self.resets.clone().try_acquire_owned().map_err(|_full| Error::Busy(TRY_AGAIN))?;
        let entry = audit::entry("ask_for_reset", client);
        self.store.audit(entry.clone(), self.now()).await?;
        audit::committed(&entry);
        let (app, client) = (self.clone(), client.clone());
        tokio::spawn(async move {
            let whose = ResetFor::Email(email.key().to_owned());
            if let Err(error) = app.mail_reset(whose, audit::entry("mail_reset", &client)).await {
                tracing::warn!(?error, "a password reset could not be made");
            }
            drop(place);
        });
        Ok(())
    }

    /// Has a reset mailed to an account, by an administrator.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`]; [`Error::Conflict`] for an account without an address or that is kept out;
    /// [`Error::Throttled`] when it has had as many mails as it gets.
    pub async fn mail_reset_to(&self, id: AccountId, admin: &Caller, client: &Client) -> Result<()> {
        self.look_up(id).await?;
        let entry = audit::entry("mail_reset", client).by(admin.account.id).on(id).within(admin.session_id);
        match self.mail_reset(ResetFor::Account(id), entry).await? {
            ResetMade::Queued(_) => Ok(()),
            ResetMade::NoAddress => Err(Error::Conflict),
            ResetMade::TooMany => Err(Error::Throttled(MAIL_AGAIN)),
        }
    }

    async fn mail_reset(&self, whose: ResetFor, entry: parlour_store::NewAudit) -> Result<ResetMade> {
        let secret = random_text::<32>(&*self.chance)?;
        let link = format!("{}/app/reset#{secret}", self.settings.public_url);
        let new = NewReset {
            digest: digest(secret.as_bytes()),
            expires_at: self.now() + LIFE,
            mail: letters::password_reset(&link, &*self.chance)?,
        };
        let made = self.store.add_reset(whose, new, self.now(), entry.clone()).await?;
        if let ResetMade::Queued(id) = made {
            audit::committed(&entry.on(id));
            self.mail_waits.notify_one();
        }
        Ok(made)
    }

    /// Sets another password with the secret of a reset. Every session of the account ends, and a password that the rules
    /// refuse does not use the secret up.
    ///
    /// # Errors
    /// [`Error::UnknownSecret`], [`Error::SecretExpired`]; [`Error::Invalid`] about the password; [`Error::Throttled`],
    /// [`Error::Busy`].
    pub async fn reset_password(&self, secret: &str, password: String, client: &Client) -> Result<()> {
        self.limits.source(client.source())?;
        let secret = digest(secret.as_bytes());
        let reset = self.store.reset(secret).await?.ok_or(Error::UnknownSecret)?;
        if reset.expires_at <= self.now() {
            return Err(Error::SecretExpired);
        }
        let mut about = vec![reset.account.username.as_str()];
        about.extend(reset.account.email.as_ref().map(Email::as_str));
        let password = checked_password(password, &about, client.contract, self.settings.passwords)?;
        let phc = self.hashing.hash(password, client.source()).await?;
        let entry = audit::entry("reset_password", client);
        let used = UseReset { digest: secret, phc, now: self.now(), audit: entry.clone() };
        let id = self.store.use_reset(used).await?.ok_or(Error::UnknownSecret)?;
        audit::committed(&entry.on(id));
        self.account_ended(id, None);
        Ok(())
    }
}
