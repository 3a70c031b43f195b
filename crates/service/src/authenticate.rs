//! Who a request speaks for: a token or a cookie becomes a [`Caller`], without a query when it was seen before.
//!
//! Three things are remembered apart, because they end apart: that a token's signature is good (for as long as
//! the token lives), that a session stands (until it is ended), and what an account is now (until it changes).

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use parlour_model::token::{AccessClaims, AccessGrant};
use parlour_model::{Account, AccountId, Session, SessionId, Timestamp};

use crate::app::App;
use crate::cache::Cache;
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

/// Credentials kept in memory, and as many again that go next.
const MOST: usize = 50_000;

/// The last use of a session is written at most this often.
const TOUCH_EVERY: Duration = Duration::from_mins(1);

/// What is remembered at the doors.
pub(crate) struct Doors {
    fingerprints: Fingerprints,
    tokens: Cache<Fingerprint, AccessGrant>,
    cookies: Cache<Fingerprint, SessionId>,
    sessions: Cache<SessionId, Arc<Standing>>,
    /// Sessions whose last use waits to be written. No more than the sessions in memory.
    touched: Mutex<HashMap<SessionId, Touched>>,
}

/// By what a credential is found again: 128 bits that nobody outside this process can foresee.
type Fingerprint = (u64, u64);

/// Two keyed hashes (`SipHash`, a pseudo-random function) with keys drawn at the start. Nobody can make a second
/// credential with the fingerprint of a first, and on a machine without instructions for it SHA-256 of a token would
/// cost more than all the rest of finding its session.
#[derive(Default)]
struct Fingerprints(RandomState, RandomState);

impl Fingerprints {
    fn of(&self, credential: &str) -> Fingerprint {
        (self.0.hash_one(credential), self.1.hash_one(credential))
    }
}

/// A use that waits to be written.
struct Touched {
    at: Timestamp,
    /// As it was: only a refresh moves it.
    idle_expires_at: Timestamp,
}

/// A session that stands.
struct Standing {
    session: Session,
    /// Microseconds since 1970.
    last_used: AtomicI64,
}

impl Default for Doors {
    fn default() -> Self {
        Self {
            fingerprints: Fingerprints::default(),
            tokens: Cache::new(MOST),
            cookies: Cache::new(MOST),
            sessions: Cache::new(MOST),
            touched: Mutex::default(),
        }
    }
}

impl Doors {
    pub(crate) fn forget_session(&self, id: SessionId) {
        self.sessions.forget(&id);
    }

    pub(crate) fn forget_account(&self, id: AccountId, except: Option<SessionId>) {
        self.sessions.forget_where(|standing| standing.session.account_id == id && Some(standing.session.id) != except);
    }

    /// Tokens verified under keys that are gone must be looked at again.
    pub(crate) fn forget_tokens(&self) {
        self.tokens.forget_where(|_| true);
    }

    pub(crate) fn forget_everything(&self) {
        self.forget_tokens();
        self.sessions.forget_where(|_| true);
    }

    /// The uses to be written, taken out.
    pub(crate) fn take_touched(&self) -> Vec<(SessionId, Timestamp, Timestamp)> {
        let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        touched.drain().map(|(id, last)| (id, last.at, last.idle_expires_at)).collect()
    }

    fn touch(&self, standing: &Standing, now: Timestamp) {
        let last = Timestamp(standing.last_used.load(Ordering::Relaxed));
        if now.since(last) < TOUCH_EVERY {
            return;
        }
        standing.last_used.store(now.0, Ordering::Relaxed);
        let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        if touched.len() < MOST {
            touched.insert(standing.session.id, Touched { at: now, idle_expires_at: standing.session.idle_expires_at });
        }
    }
}

impl App {
    /// Finds out who a request speaks for.
    ///
    /// # Errors
    /// [`Error::CredentialRefused`] or [`Error::CredentialExpired`].
    pub async fn authenticate(&self, credential: Credential<'_>) -> Result<Caller> {
        let (session_id, expires_at) = match credential {
            Credential::Token(token) => {
                let grant = self.grant_of(token)?;
                (grant.session_id, grant.expires_at)
            }
            Credential::Cookie(cookie) => (self.session_of_cookie(cookie).await?, Timestamp(i64::MAX)),
        };
        self.admit(session_id, expires_at).await
    }

    async fn admit(&self, session_id: SessionId, expires_at: Timestamp) -> Result<Caller> {
        let now = self.now();
        if expires_at <= now {
            return Err(Error::CredentialExpired);
        }
        let standing = self.standing(session_id).await?;
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
        self.admit(caller.session_id, caller.expires_at).await
    }

    /// The account as it is now.
    ///
    /// # Errors
    /// The store is away.
    pub async fn known_account(&self, id: AccountId) -> Result<Option<Arc<Account>>> {
        if let Some(account) = self.accounts.get(&id) {
            return Ok(Some(account));
        }
        let stamp = self.accounts.stamp();
        let account = self.store.account(id).await?.map(Arc::new);
        if let Some(account) = &account {
            self.accounts.remember(stamp, id, account.clone());
        }
        Ok(account)
    }

    fn grant_of(&self, token: &str) -> Result<AccessGrant> {
        let key = self.doors.fingerprints.of(token);
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
        let key = self.doors.fingerprints.of(cookie);
        if let Some(id) = self.doors.cookies.get(&key) {
            return Ok(id);
        }
        let session = self.store.session_by_cookie(digest(cookie.as_bytes())).await?.ok_or(Error::CredentialRefused)?;
        // A cookie names its session for good, so there is no end that this could race with.
        self.doors.cookies.remember(self.doors.cookies.stamp(), key, session.id);
        Ok(session.id)
    }

    async fn standing(&self, id: SessionId) -> Result<Arc<Standing>> {
        if let Some(standing) = self.doors.sessions.get(&id) {
            return Ok(standing);
        }
        let stamp = self.doors.sessions.stamp();
        let session = self.store.session(id).await?.ok_or(Error::CredentialRefused)?;
        let last_used = AtomicI64::new(session.last_used_at.0);
        let standing = Arc::new(Standing { session, last_used });
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
