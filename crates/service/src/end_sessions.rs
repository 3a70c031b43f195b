//! Ending sessions of an account: all, all but the one that asks, or one.

use parlour_hub::Note;
use parlour_model::{AccountId, Client, Session, SessionId, Timestamp};

use crate::Result;
use crate::app::App;
use crate::audit::{self, Says};
use crate::authenticate::Caller;

impl App {
    /// Up to `limit` sessions of an account that stand, the last used first, after that use and number.
    ///
    /// # Errors
    /// The store is away.
    pub async fn sessions_of(
        &self,
        id: AccountId,
        after: Option<(Timestamp, SessionId)>,
        limit: i64,
    ) -> Result<Vec<Session>> {
        Ok(self.store.sessions_of(id, self.now(), after, limit).await?)
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
        self.tell(id, Note::Sessions);
        Ok(ended.len())
    }

    /// Ends all sessions of the caller but the one that asks, and answers with how many.
    ///
    /// # Errors
    /// The store is away.
    pub async fn end_other_sessions(&self, caller: &Caller, client: &Client) -> Result<usize> {
        let (id, this) = (caller.account.id, caller.session_id);
        let entry = audit::entry("end_sessions", client).by(id).on(id).within(this);
        let ended = self.store.end_sessions_of(id, Some(this), self.now(), entry.clone()).await?;
        audit::committed(&entry);
        self.account_ended(id, Some(this));
        self.tell(id, Note::Sessions);
        Ok(ended.len())
    }

    /// Ends one session of the caller. False when it had ended, or is none of theirs.
    ///
    /// # Errors
    /// The store is away.
    pub async fn end_own_session(&self, caller: &Caller, session: SessionId, client: &Client) -> Result<bool> {
        let id = caller.account.id;
        if self.store.session(session).await?.is_none_or(|session| session.account_id != id) {
            return Ok(false);
        }
        let entry = audit::entry("end_session", client).by(id).on(id).within(session);
        let ended = self.store.end_session(session, self.now(), entry.clone()).await?;
        self.session_ended(session);
        self.tell(id, Note::Sessions);
        if ended {
            audit::committed(&entry);
        }
        Ok(ended)
    }
}
