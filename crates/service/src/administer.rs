//! What an operator does to accounts and keys.

use parlour_hub::Note;
use parlour_model::username::folded_key;
use parlour_model::{Account, AccountId, AdminLevel, Client, Timestamp};

use parlour_store::NewAudit;

use crate::app::App;
use crate::audit::{self, Says};
use crate::secret::keyring;
use crate::{Error, Result};

impl App {
    /// The account of that name, compared as at a login.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`] when there is none.
    pub async fn find_account(&self, username: &str) -> Result<Account> {
        self.store.account_by_name(&folded_key(username)).await?.ok_or(Error::UnknownAccount)
    }

    /// Accounts in the order of their numbers, after `after`.
    ///
    /// # Errors
    /// The store is away.
    pub async fn list_accounts(&self, after: AccountId, limit: i64) -> Result<Vec<Account>> {
        Ok(self.store.accounts(after, limit).await?)
    }

    /// Makes somebody more, or less, than they were. It holds from their next request on.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`] when there is none.
    pub async fn promote(&self, id: AccountId, level: AdminLevel, client: &Client) -> Result<()> {
        let entry = audit::entry("promote", client).on(id);
        if !self.store.set_admin_level(id, level, self.now(), entry.clone()).await? {
            return Err(Error::UnknownAccount);
        }
        audit::committed(&entry);
        self.accounts.forget(&id);
        self.tell(id, Note::Me);
        Ok(())
    }

    /// Keeps an account out, or lets it in again. Keeping out ends all its sessions.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`] when there is none.
    pub async fn set_disabled(&self, id: AccountId, disabled: bool, client: &Client) -> Result<()> {
        let action = if disabled { "disable" } else { "enable" };
        let entry = audit::entry(action, client).on(id);
        if !self.store.set_disabled(id, disabled, self.now(), entry.clone()).await? {
            return Err(Error::UnknownAccount);
        }
        audit::committed(&entry);
        self.accounts.forget(&id);
        if disabled {
            self.account_ended(id, None);
        }
        Ok(())
    }

    /// Makes a new signing key. It is published at once and signs after the configured lead; the old keys stay
    /// until nothing that they signed can be shown.
    ///
    /// # Errors
    /// The store is away.
    pub async fn rotate_keys(&self, client: &Client) -> Result<String> {
        self.rotate_keys_with(audit::entry("keys_rotate", client)).await
    }

    /// The same, by whoever the entry says.
    pub(crate) async fn rotate_keys_with(&self, entry: NewAudit) -> Result<String> {
        let (now, tokens) = (self.now(), &self.settings.tokens);
        let active_from = now + tokens.key_lead;
        let key = keyring::generate(tokens, &self.master, &*self.chance, now, active_from)?;
        let kid = key.kid.clone();
        self.store.add_signing_key(key, active_from + tokens.longest(), false, entry.clone()).await?;
        audit::committed(&entry);
        self.renew_keys().await?;
        Ok(kid)
    }

    /// Takes the store's signing keys anew.
    ///
    /// # Errors
    /// The store is away, or a key cannot be opened; the keys then stay as they were.
    pub(crate) async fn renew_keys(&self) -> Result<()> {
        let rows = self.store.signing_keys(self.now()).await?;
        self.keyring.renew(&rows)?;
        self.doors.forget_tokens();
        Ok(())
    }

    /// The signing keys: name, algorithm, from when they sign, and until when they are published.
    ///
    /// # Errors
    /// The store is away.
    pub async fn list_keys(&self) -> Result<Vec<ListedKey>> {
        let now = self.now();
        let rows = self.store.signing_keys(now).await?;
        let keys = self.keyring.keys();
        let listed = rows.into_iter().map(|row| ListedKey {
            signs_now: row.kid == keys.signing(now).kid,
            kid: row.kid,
            algorithm: row.algorithm,
            active_from: row.active_from,
            expires_at: row.expires_at,
        });
        Ok(listed.collect())
    }
}

/// A signing key without its secrets.
pub struct ListedKey {
    /// Its name.
    pub kid: String,
    /// How it signs.
    pub algorithm: String,
    /// From when it signs.
    pub active_from: Timestamp,
    /// Until when it is published; `None` while no newer one takes its place.
    pub expires_at: Option<Timestamp>,
    /// Whether it is the one that signs now.
    pub signs_now: bool,
}
