//! What is remembered at the doors: which credentials are good, and which sessions stand.
//!
//! Three things are remembered apart, because they end apart: that a token's signature is good (for as long as
//! the token lives), that a session stands (until it is ended), and, with the accounts, who its holder is now.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use parlour_model::token::AccessGrant;
use parlour_model::{AccountId, Session, SessionId, Timestamp};
use siphasher::sip128::SipHasher13;

use crate::Result;
use crate::cache::Cache;
use crate::secret::Chance;

/// Credentials kept in memory, and as many again that go next.
const MOST: usize = 50_000;

/// The last use of a session is written at most this often.
const TOUCH_EVERY: Duration = Duration::from_mins(1);

/// What is remembered at the doors.
pub(crate) struct Doors {
    fingerprints: Fingerprints,
    pub(crate) tokens: Cache<Fingerprint, AccessGrant>,
    pub(crate) cookies: Cache<Fingerprint, SessionId>,
    pub(crate) sessions: Cache<SessionId, Arc<Standing>>,
    /// Sessions whose last use waits to be written. No more than the sessions in memory.
    touched: Mutex<HashMap<SessionId, Touched>>,
}

/// By what a credential is found again: 128 bits that nobody outside this process can foresee.
pub(crate) type Fingerprint = u128;

/// A keyed hash (`SipHash`, a pseudo-random function) under a key drawn at the start. Nobody can make a second
/// credential with the fingerprint of a first, and on a machine without instructions for it SHA-256 of a token would
/// cost more than all the rest of finding its session.
struct Fingerprints(SipHasher13);

impl Fingerprints {
    fn draw(chance: &dyn Chance) -> Result<Self> {
        let mut key = [0; 16];
        chance.fill(&mut key)?;
        Ok(Self(SipHasher13::new_with_key(&key)))
    }

    fn of(&self, credential: &str) -> Fingerprint {
        self.0.hash(credential.as_bytes()).as_u128()
    }
}

/// A use that waits to be written.
struct Touched {
    at: Timestamp,
    /// As it was: only a refresh moves it.
    idle_expires_at: Timestamp,
}

/// A session that stands.
pub(crate) struct Standing {
    pub(crate) session: Session,
    /// Microseconds since 1970.
    last_used: AtomicI64,
}

impl Standing {
    /// A session as the store has it.
    pub(crate) fn of(session: Session) -> Arc<Self> {
        let last_used = AtomicI64::new(session.last_used_at.0);
        Arc::new(Self { session, last_used })
    }
}

impl Doors {
    /// Doors that remember nothing yet.
    ///
    /// # Errors
    /// The random source failed.
    pub(crate) fn new(chance: &dyn Chance) -> Result<Self> {
        Ok(Self {
            fingerprints: Fingerprints::draw(chance)?,
            tokens: Cache::new(MOST),
            cookies: Cache::new(MOST),
            sessions: Cache::new(MOST),
            touched: Mutex::default(),
        })
    }

    /// By what a credential is remembered.
    pub(crate) fn fingerprint(&self, credential: &str) -> Fingerprint {
        self.fingerprints.of(credential)
    }

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
        self.cookies.forget_where(|_| true);
        self.sessions.forget_where(|_| true);
    }

    /// The uses to be written, taken out.
    pub(crate) fn take_touched(&self) -> Vec<(SessionId, Timestamp, Timestamp)> {
        let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        touched.drain().map(|(id, last)| (id, last.at, last.idle_expires_at)).collect()
    }

    /// The session was used; that is written by and by.
    pub(crate) fn touch(&self, standing: &Standing, now: Timestamp) {
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
