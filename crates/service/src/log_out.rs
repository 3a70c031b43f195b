//! Logging out: ending one session, by its holder.

use parlour_hub::Note;
use parlour_model::token::RefreshClaims;
use parlour_model::{AccountId, Client, SessionId};

use crate::app::App;
use crate::audit::{self, Says};
use crate::authenticate::Caller;
use crate::secret::token::{self, Kind};
use crate::{Error, Result};

impl App {
    /// Ends the caller's own session.
    ///
    /// # Errors
    /// [`Error::CredentialRefused`] when it has ended already.
    pub async fn log_out(&self, caller: &Caller, client: &Client) -> Result<()> {
        self.end(caller.session_id, caller.account.id, client).await
    }

    /// Ends another session, on any device, whose token somebody holds. Possession is proof for a stranger; a
    /// caller who is somebody may end only sessions of their own account.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for somebody else's session; [`Error::CredentialRefused`] when it has ended already.
    pub async fn log_out_other(&self, bound: Option<&Caller>, other: &Caller, client: &Client) -> Result<()> {
        if bound.is_some_and(|caller| caller.account.id != other.account.id) {
            return Err(Error::Forbidden);
        }
        self.log_out(other, client).await
    }

    /// Ends the session that a refresh token belongs to. An access token that has expired meanwhile does not stop it.
    ///
    /// # Errors
    /// [`Error::RefreshRefused`] for a token that is none of ours, has expired, or whose session has ended.
    pub async fn log_out_refresh(&self, refresh: &str, client: &Client) -> Result<()> {
        let claims = self.refresh_claims(refresh)?;
        let ended = self.end(claims.session_id, claims.account_id, client).await;
        ended.map_err(|error| match error {
            Error::CredentialRefused => Error::RefreshRefused,
            other => other,
        })
    }

    /// Reads a refresh token: ours, and its time not up.
    pub(crate) fn refresh_claims(&self, refresh: &str) -> Result<Presented> {
        let claims: RefreshClaims =
            token::read(Kind::Refresh, refresh, &self.keyring.keys()).map_err(|_refused| Error::RefreshRefused)?;
        if claims.exp <= self.now().seconds() {
            return Err(Error::RefreshRefused);
        }
        let number = |text: &str| text.parse::<i64>().map_err(|_not_ours| Error::RefreshRefused);
        Ok(Presented {
            session_id: SessionId(number(&claims.sid)?),
            account_id: AccountId(number(&claims.sub)?),
            family: claims.fam,
            counter: claims.ctr,
        })
    }

    async fn end(&self, session: SessionId, account: AccountId, client: &Client) -> Result<()> {
        let entry = audit::entry("log_out", client).by(account).on(account).within(session);
        let ended = self.store.end_session(session, self.now(), entry.clone()).await?;
        self.session_ended(session);
        self.tell(account, Note::Sessions);
        if !ended {
            return Err(Error::CredentialRefused);
        }
        audit::committed(&entry);
        Ok(())
    }
}

/// What a refresh token says, read and believed.
pub(crate) struct Presented {
    pub(crate) session_id: SessionId,
    pub(crate) account_id: AccountId,
    pub(crate) family: String,
    pub(crate) counter: i64,
}
