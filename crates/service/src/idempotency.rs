//! Requests that name themselves, so that one that is sent twice is done once.

use parlour_model::AccountId;
use parlour_store::idempotency::{Claimed, NamedRequest};

use crate::app::App;
use crate::secret::digest;
use crate::{Error, Result};

/// What is known of a request.
pub enum Attempt {
    /// It is the first of its name, and is to be done.
    First(Claim),
    /// It was done.
    Answered {
        /// The status of its answer.
        status: u16,
        /// What was kept of it.
        answer: String,
    },
}

/// The right to do what a request says. Whoever has it [settles](App::settle_request) it.
pub struct Claim(NamedRequest);

/// Whose names an account's requests give themselves.
pub fn scope_of(id: AccountId) -> String {
    parlour_store::idempotency::scope_of(id)
}

impl App {
    /// Claims the name of a request within a scope.
    ///
    /// # Errors
    /// [`Error::KeyConflict`] when another request has the name, or the first one is under way.
    pub async fn claim_request(&self, scope: String, key: String, request: &[u8]) -> Result<Attempt> {
        let request = NamedRequest { scope, key, digest: digest(request), now: self.now() };
        match self.store.claim_request(request.clone()).await? {
            Claimed::First => Ok(Attempt::First(Claim(request))),
            Claimed::Answered(status, answer) => {
                Ok(Attempt::Answered { status: u16::try_from(status).unwrap_or_default(), answer })
            }
            Claimed::Pending | Claimed::Other => Err(Error::KeyConflict),
        }
    }

    /// Keeps the answer to a request, or gives its name back where it came to nothing.
    ///
    /// # Errors
    /// The store is away.
    pub async fn settle_request(&self, Claim(request): Claim, answer: Option<(u16, String)>) -> Result<()> {
        match answer {
            Some((status, answer)) => self.store.answer_request(request, i64::from(status), answer).await?,
            None => self.store.release_request(request).await?,
        }
        Ok(())
    }
}
