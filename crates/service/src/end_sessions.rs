//! Ending sessions of an account: all, or all but the one that asks.

use parlour_model::{AccountId, Client, Session, SessionId};

use crate::Result;
use crate::app::App;
use crate::audit::{self, Says};

impl App {
    /// The sessions of an account that stand, newest first.
    ///
    /// # Errors
    /// The store is away.
    pub async fn sessions_of(&self, id: AccountId) -> Result<Vec<Session>> {
        Ok(self.store.sessions_of(id, self.now()).await?)
    }

    /// Ends the sessions of an account, all but `except`, and answers with how many.
    ///
    /// # Errors
    /// The store is away.
    pub async fn end_sessions(&self, id: AccountId, except: Option<SessionId>, client: &Client) -> Result<usize> {
        let entry = audit::entry("end_sessions", client).on(id);
        let ended = self.store.end_sessions_of(id, except, self.now(), entry.clone()).await?;
        audit::committed(&entry);
        self.account_ended(id, except);
        Ok(ended.len())
    }
}
