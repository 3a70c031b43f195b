//! Finding people: by their numbers, and by how their names begin.

use std::collections::HashSet;

use parlour_model::username::folded_key;
use parlour_model::{Account, AccountId};

use crate::Result;
use crate::app::App;

/// The most people that a search answers with: it completes what somebody types.
const MOST_FOUND: i64 = 10;

impl App {
    /// Those of these people who are there and let in, in the order of the numbers.
    ///
    /// # Errors
    /// The store is away.
    pub async fn people(&self, ids: &[AccountId]) -> Result<Vec<Account>> {
        let found = self.store.accounts_of(ids).await?;
        Ok(found.into_iter().flatten().filter(|account| account.disabled_at.is_none()).collect())
    }

    /// People whose username or display name begins so, usernames first.
    ///
    /// # Errors
    /// The store is away.
    pub async fn people_called(&self, beginning: &str) -> Result<Vec<Account>> {
        let beginning = beginning.trim();
        if beginning.is_empty() {
            return Ok(Vec::new());
        }
        let by_name = self.store.people_by_name(&folded_key(beginning), MOST_FOUND).await?;
        let by_display_name = self.store.people_by_display_name(&beginning.to_ascii_lowercase(), MOST_FOUND).await?;
        let mut known = HashSet::new();
        let all = by_name.into_iter().chain(by_display_name).filter(|account| known.insert(account.id));
        Ok(all.take(usize::try_from(MOST_FOUND).unwrap_or_default()).collect())
    }
}
