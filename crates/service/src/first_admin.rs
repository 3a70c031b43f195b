//! The first administrator: made through a link that works once and only while there is none.

use std::time::Duration;

use parlour_model::{Account, AdminLevel, Client, Profile, Username};
use parlour_store::account::{NewAccount, SignUp};
use parlour_store::setup::AdminSignedUp;

use crate::app::App;
use crate::audit::{self, Says};
use crate::secret::{digest, random_text};
use crate::sign_up::checked_password;
use crate::{Error, Result};

/// For how long a node leaves the link of another alone. Whoever has lost it by then gets a new one by a restart.
const STANDS: Duration = Duration::from_mins(10);

/// What a start says of the first administrator.
pub enum FirstAdminLink {
    /// There is one.
    NotNeeded,
    /// A link that works once. A secret.
    Made(String),
    /// Another node has made the link.
    Elsewhere,
}

impl App {
    /// The link for the first administrator. Every call makes an earlier link void, but where several servers share a
    /// database the link of one that started a moment ago stands: a cluster that starts has one.
    ///
    /// # Errors
    /// The store is away.
    pub async fn first_admin_link(&self) -> Result<FirstAdminLink> {
        if self.store.has_admin().await? {
            return Ok(FirstAdminLink::NotNeeded);
        }
        let secret = random_text::<32>(&*self.chance)?;
        let (now, shared) = (self.now(), self.store.is_shared());
        let is_made = self.store.set_setup_link(digest(secret.as_bytes()), now, shared.then(|| now - STANDS)).await?;
        if !is_made {
            return Ok(FirstAdminLink::Elsewhere);
        }
        Ok(FirstAdminLink::Made(format!("{}/setup/{secret}", self.settings.public_url)))
    }

    /// Whether the secret of such a link still works.
    ///
    /// # Errors
    /// The store is away.
    pub async fn first_admin_link_works(&self, secret: &str) -> Result<bool> {
        Ok(self.store.setup_link_is_good(digest(secret.as_bytes())).await?)
    }

    /// Makes the first administrator.
    ///
    /// # Errors
    /// [`Error::LinkUsed`]; [`Error::Invalid`] and [`Error::Taken`] as at a sign-up, and the link then still works.
    pub async fn sign_up_first_admin(
        &self,
        secret: &str,
        username: &str,
        password: String,
        client: &Client,
    ) -> Result<Account> {
        self.limits.source(client.source())?;
        let secret = digest(secret.as_bytes());
        if !self.store.setup_link_is_good(secret).await? {
            return Err(Error::LinkUsed);
        }
        let username = Username::parse(username, self.settings.usernames)?;
        let password = checked_password(password, &[username.as_str()], client.contract, self.settings.passwords)?;
        let entry = audit::entry("first_admin", client);
        let account = NewAccount {
            username,
            email: None,
            profile: Profile::default(),
            admin_level: AdminLevel::Admin,
            phc: Some(self.hashing.hash(password, client.source()).await?),
            source: client.source(),
        };
        let sign_up = SignUp { account, session: None, verification: None, audit: entry.clone(), now: self.now() };
        match self.store.sign_up_admin(secret, sign_up).await? {
            AdminSignedUp::LinkUsed => Err(Error::LinkUsed),
            AdminSignedUp::Taken(field) => Err(Error::Taken(field)),
            AdminSignedUp::Done { account, .. } => {
                audit::committed(&entry.by(account.id).on(account.id));
                Ok(account)
            }
        }
    }
}
