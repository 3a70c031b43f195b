//! Refreshing: a refresh token becomes a new access token, and a stolen one ends its session.
//!
//! The tokens of a session are one family with a counter (RFC 9700 §4.14.2). The newest advances it when
//! rotation is asked for; the one before re-mints that successor for a moment, so that lost answers and
//! parallel tabs converge; anything else is a token that was used twice.

use parlour_model::Client;
use parlour_store::session::{RefreshUse, Refreshed as Stored};

use crate::app::App;
use crate::audit::{self, Says};
use crate::secret::digest;
use crate::{Error, Result};

/// What a refresh gives.
pub struct Refreshed {
    /// The new access token.
    pub access: String,
    /// The refresh token to use from now on, if it is another one.
    pub refresh: Option<String>,
}

impl App {
    /// Uses a refresh token; `rotate` asks for its successor.
    ///
    /// # Errors
    /// [`Error::RefreshRefused`] for a token that is none, has expired, or whose session has ended or ends with this use.
    pub async fn refresh(&self, refresh: &str, rotate: bool, client: &Client) -> Result<Refreshed> {
        let presented = self.refresh_claims(refresh)?;
        let now = self.now();
        let entry = audit::entry("refresh_reused", client).on(presented.account_id).within(presented.session_id);
        let using = RefreshUse {
            session_id: presented.session_id,
            digest: digest(presented.family.as_bytes()),
            counter: presented.counter,
            rotate,
            idle_expires_at: now + self.settings.tokens.refresh_idle,
            now,
        };
        match self.store.refresh(using, entry.clone()).await? {
            Stored::Unknown => Err(Error::RefreshRefused),
            Stored::Reused { session_id, .. } => {
                audit::committed(&entry);
                self.session_ended(session_id);
                Err(Error::RefreshRefused)
            }
            Stored::Granted { session, counter } => {
                // What the door remembers of the session has a new idle end.
                self.doors.forget_session(session.id);
                let account = self.known_account(session.account_id).await?;
                let account = account.filter(|account| account.disabled_at.is_none()).ok_or(Error::RefreshRefused)?;
                let successor = (counter != presented.counter)
                    .then(|| self.refresh_token(&session, &presented.family, counter))
                    .transpose()?;
                let access = self.access_token(&account, &session, self.settings.tokens.access)?;
                Ok(Refreshed { access, refresh: successor })
            }
        }
    }
}
