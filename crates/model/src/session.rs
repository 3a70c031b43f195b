//! A session: one login that can be ended, whichever contract made it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AccountId, Contract, Timestamp};

/// The session's number; the `sid` of its tokens. Not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionId(pub i64);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub id: SessionId,
    /// Whose it is.
    pub account_id: AccountId,
    /// The contract that made it.
    pub contract: Contract,
    /// What the client called itself.
    pub device: String,
    /// The address it was made from.
    pub address: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// When it ends unless it is used before.
    pub idle_expires_at: Timestamp,
}

impl Session {
    /// Whether it still stands at `now`.
    pub fn stands_at(&self, now: Timestamp) -> bool {
        now < self.expires_at && now < self.idle_expires_at
    }
}
