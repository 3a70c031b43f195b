//! Who a request speaks for: a token or a cookie becomes a [`Caller`], without a query when it was seen before.
//!
//! What asks the store is in a box, taken only when it is needed: a query's future is large, and every handler that
//! wants to know its caller would carry room for all of them.

use std::collections::HashMap;
use std::sync::Arc;

use parlour_model::token::{AccessClaims, AccessGrant};
use parlour_model::{Account, AccountId, SessionId, Timestamp};

use crate::app::App;
use crate::doors::{Fingerprint, Standing};
use crate::secret::digest;
use crate::secret::token::{self, Kind};
use crate::{Error, Result};

/// What a request shows at the door.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// An access token.
    Token(&'a str),
    /// The value of the session cookie.
    Cookie(&'a str),
}

/// Who a request speaks for.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account as it is now.
    pub account: Arc<Account>,
    /// The session it is in.
    pub session_id: SessionId,
    /// When the credential ends.
    pub expires_at: Timestamp,
}

impl App {
    /// Finds out who a request speaks for.
    ///
    /// # Errors
    /// [`Error::CredentialRefused`] or [`Error::CredentialExpired`].
    pub async fn authenticate(&self, credential: Credential<'_>) -> Result<Caller> {
        match credential {
            Credential::Token(token) => {
                let grant = self.grant_of(token)?;
                self.admit(grant.session_id, Some(grant.account_id), grant.expires_at).await
            }
            Credential::Cookie(cookie) => {
                let session_id = self.session_of_cookie(cookie).await?;
                self.admit(session_id, None, Timestamp(i64::MAX)).await
            }
        }
    }

    /// Lets in whoever is in a session, which is `of` an account if that is known: after a database was put back to an
    /// earlier state its numbers are given anew, and a number in an older token may be that of somebody else's session.
    async fn admit(&self, session_id: SessionId, of: Option<AccountId>, expires_at: Timestamp) -> Result<Caller> {
        let now = self.now();
        if expires_at <= now {
            return Err(Error::CredentialExpired);
        }
        let standing = self.standing(session_id).await?;
        if of.is_some_and(|account| account != standing.session.account_id) {
            return Err(Error::CredentialRefused);
        }
        if !standing.session.stands_at(now) {
            return Err(Error::CredentialExpired);
        }
        self.doors.touch(&standing, now);
        let account = self.known_account(standing.session.account_id).await?.ok_or(Error::CredentialRefused)?;
        if account.disabled_at.is_some() {
            return Err(Error::CredentialRefused);
        }
        Ok(Caller { account, session_id, expires_at: expires_at.min(standing.session.expires_at) })
    }

    /// Looks again at a caller who was let in earlier, on a socket say: the session must still stand.
    ///
    /// # Errors
    /// [`Error::CredentialRefused`] or [`Error::CredentialExpired`].
    pub async fn still_good(&self, caller: &Caller) -> Result<Caller> {
        self.admit(caller.session_id, Some(caller.account.id), caller.expires_at).await
    }

    /// The same of who may be a guest, who stays one.
    pub(crate) async fn as_now(&self, caller: Option<&Caller>) -> Result<Option<Caller>> {
        match caller {
            Some(caller) => self.still_good(caller).await.map(Some),
            None => Ok(None),
        }
    }

    /// The account as it is now.
    ///
    /// # Errors
    /// The store is away.
    pub async fn known_account(&self, id: AccountId) -> Result<Option<Arc<Account>>> {
        if let Some(account) = self.accounts.get(&id) {
            return Ok(Some(account));
        }
        Box::pin(self.load_account(id)).await
    }

    /// Accounts as they are now, by their numbers; those that are not remembered come with one read.
    pub(crate) async fn known_accounts(&self, ids: Vec<AccountId>) -> Result<HashMap<AccountId, Arc<Account>>> {
        let stamp = self.accounts.stamp();
        let (mut known, mut missing) = (HashMap::new(), Vec::new());
        for id in ids {
            match self.accounts.get(&id) {
                Some(account) => drop(known.insert(id, account)),
                None => missing.push(id),
            }
        }
        if missing.is_empty() {
            return Ok(known);
        }
        missing.sort_unstable();
        missing.dedup();
        for account in self.store.accounts_of(&missing).await?.into_iter().flatten().map(Arc::new) {
            self.accounts.remember(stamp, account.id, account.clone());
            known.insert(account.id, account);
        }
        Ok(known)
    }

    async fn load_account(&self, id: AccountId) -> Result<Option<Arc<Account>>> {
        let stamp = self.accounts.stamp();
        let account = self.store.account(id).await?.map(Arc::new);
        if let Some(account) = &account {
            self.accounts.remember(stamp, id, account.clone());
        }
        Ok(account)
    }

    fn grant_of(&self, token: &str) -> Result<AccessGrant> {
        let key = self.doors.fingerprint(token);
        if let Some(grant) = self.doors.tokens.get(&key) {
            return Ok(grant);
        }
        let stamp = self.doors.tokens.stamp();
        let claims: AccessClaims = token::read(Kind::Access, token, &self.keyring.keys())?;
        let grant = grant(&claims)?;
        self.doors.tokens.remember(stamp, key, grant);
        Ok(grant)
    }

    async fn session_of_cookie(&self, cookie: &str) -> Result<SessionId> {
        let key = self.doors.fingerprint(cookie);
        if let Some(id) = self.doors.cookies.get(&key) {
            return Ok(id);
        }
        Box::pin(self.load_cookie(cookie, key)).await
    }

    async fn load_cookie(&self, cookie: &str, key: Fingerprint) -> Result<SessionId> {
        let session = self.store.session_by_cookie(digest(cookie.as_bytes())).await?.ok_or(Error::CredentialRefused)?;
        // A cookie names its session for good, so there is no end that this could race with.
        self.doors.cookies.remember(self.doors.cookies.stamp(), key, session.id);
        Ok(session.id)
    }

    async fn standing(&self, id: SessionId) -> Result<Arc<Standing>> {
        if let Some(standing) = self.doors.sessions.get(&id) {
            return Ok(standing);
        }
        Box::pin(self.load_session(id)).await
    }

    async fn load_session(&self, id: SessionId) -> Result<Arc<Standing>> {
        let stamp = self.doors.sessions.stamp();
        let session = self.store.session(id).await?.ok_or(Error::CredentialRefused)?;
        let standing = Standing::of(session);
        self.doors.sessions.remember(stamp, id, standing.clone());
        Ok(standing)
    }
}

fn grant(claims: &AccessClaims) -> Result<AccessGrant> {
    let session_id = claims.sid.parse().map(SessionId).map_err(|_not_a_number| Error::CredentialRefused)?;
    Ok(AccessGrant {
        account_id: AccountId(claims.user_id),
        session_id,
        expires_at: Timestamp::from_seconds(claims.exp),
    })
}
