//! An account as its row holds it.

use parlour_model::{Account, AccountId, Email, Profile};

use crate::database::{FromRow, Row, Tx};
use crate::{Result, params, sql};

pub(crate) const ACCOUNT_COLUMNS: &str = "account.id, account.username, account.email, account.email_key, \
    account.email_verified_at, account.first_name, account.last_name, account.display_name, account.facility_id, \
    account.profile_picture, account.bio, account.consent_at, account.admin_level, account.created_at, \
    account.disabled_at";

/// The account, held so that no other transaction changes it before this one ends.
pub(crate) async fn lock(tx: &mut Tx<'_>, id: AccountId) -> Result<Option<Account>> {
    let lock = sql!("UPDATE account SET disabled_at = disabled_at WHERE id = $1 RETURNING ", ACCOUNT_COLUMNS);
    tx.get(lock, params![id]).await
}

impl FromRow for Account {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            username: row.take()?,
            email: {
                let text: Option<String> = row.take()?;
                let key: Option<String> = row.take()?;
                text.zip(key).map(|(text, key)| Email::stored(text, key))
            },
            email_verified_at: row.take()?,
            profile: Profile::from_row(row)?,
            admin_level: row.take()?,
            created_at: row.take()?,
            disabled_at: row.take()?,
        })
    }
}

impl FromRow for Profile {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            first_name: row.take()?,
            last_name: row.take()?,
            display_name: row.take()?,
            facility_id: row.take()?,
            profile_picture: row.take()?,
            bio: row.take()?,
            consent_at: row.take()?,
        })
    }
}
