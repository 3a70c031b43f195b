//! Finding people: by their numbers, and by how their names begin.

use parlour_model::{Account, AccountId, Timestamp};

use crate::account_row::ACCOUNT_COLUMNS;
use crate::{Result, Store, params, sql};

/// The last text that begins so: every other one that does is before it, byte by byte.
pub(crate) fn end_of(prefix: &str) -> String {
    format!("{prefix}\u{10ffff}")
}

impl Store {
    /// Accounts by their numbers, in that order; `None` for a number that is nobody's.
    pub async fn accounts_of(&self, ids: &[AccountId]) -> Result<Vec<Option<Account>>> {
        let by_id = sql!("SELECT ", ACCOUNT_COLUMNS, " FROM account WHERE id = $1");
        self.db.get_each(by_id, ids.iter().map(|id| params![*id]).collect()).await
    }

    /// Up to `limit` accounts that are let in and whose username's key begins with `prefix`, in the order of the keys.
    pub async fn people_by_name(&self, prefix: &str, limit: i64) -> Result<Vec<Account>> {
        let by_name = sql!(
            "SELECT ",
            ACCOUNT_COLUMNS,
            " FROM username JOIN account ON account.id = username.account_id \
             WHERE username.key >= $1 AND username.key < $2 AND username.rests_until IS NULL \
             AND account.disabled_at IS NULL ORDER BY username.key LIMIT $3"
        );
        self.db.all(by_name, params![prefix, end_of(prefix), limit]).await
    }

    /// Up to `limit` accounts that are let in and whose display name begins with `prefix`, which is in lower case as far as
    /// ASCII goes.
    pub async fn people_by_display_name(&self, prefix: &str, limit: i64) -> Result<Vec<Account>> {
        let by_display_name = sql!(
            "SELECT ",
            ACCOUNT_COLUMNS,
            " FROM account WHERE lower(display_name) >= $1 AND lower(display_name) < $2 AND disabled_at IS NULL \
             ORDER BY lower(display_name) LIMIT $3"
        );
        self.db.all(by_display_name, params![prefix, end_of(prefix), limit]).await
    }

    /// Up to `limit` accounts whose username's key begins with `prefix` and comes after `after`, in the order of the keys.
    pub async fn accounts_by_name(&self, prefix: &str, after: &str, limit: i64) -> Result<Vec<Account>> {
        let by_name = sql!(
            "SELECT ",
            ACCOUNT_COLUMNS,
            " FROM username JOIN account ON account.id = username.account_id \
             WHERE username.key >= $1 AND username.key < $2 AND username.key > $3 AND username.rests_until IS NULL \
             ORDER BY username.key LIMIT $4"
        );
        self.db.all(by_name, params![prefix, end_of(prefix), after, limit]).await
    }

    /// Up to `limit` accounts whose address's key begins with `prefix` and comes after `after`, in the order of the keys.
    pub async fn accounts_by_email(&self, prefix: &str, after: &str, limit: i64) -> Result<Vec<Account>> {
        let by_email = sql!(
            "SELECT ",
            ACCOUNT_COLUMNS,
            " FROM account WHERE email_key >= $1 AND email_key < $2 AND email_key > $3 ORDER BY email_key LIMIT $4"
        );
        self.db.all(by_email, params![prefix, end_of(prefix), after, limit]).await
    }

    /// How many sessions of each account stand at `now`, in the order of the accounts.
    pub async fn session_counts(&self, ids: &[AccountId], now: Timestamp) -> Result<Vec<i64>> {
        let count = sql!(
            "SELECT COUNT(*) FROM session WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2 \
             AND idle_expires_at > $2"
        );
        let counts = self.db.get_each(count, ids.iter().map(|id| params![*id, now]).collect()).await?;
        Ok(counts.into_iter().map(|count| count.map_or(0, |(count,)| count)).collect())
    }
}
