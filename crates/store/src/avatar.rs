//! Pictures of people, as they were written anew.

use parlour_model::{Account, AccountId, Timestamp};

use crate::account_row::{self, ACCOUNT_COLUMNS};
use crate::control::{ControlKind, announce};
use crate::database::{FromRow, Row, Tx};
use crate::{NewAudit, Result, Store, audit, params, sql};

/// A picture to be kept.
#[derive(Clone, Debug)]
pub struct NewAvatar {
    /// Whose.
    pub account_id: AccountId,
    /// It, as PNG.
    pub png: Vec<u8>,
    /// SHA-256 of it.
    pub digest: [u8; 32],
    /// Its address, which the profile shows from now on.
    pub address: String,
    /// The audit's line.
    pub audit: NewAudit,
    /// The time now.
    pub now: Timestamp,
}

/// A picture that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Avatar {
    /// It, as PNG.
    pub png: Vec<u8>,
    /// SHA-256 of it.
    pub digest: [u8; 32],
    /// When it came.
    pub changed_at: Timestamp,
}

impl Store {
    /// The picture of an account, if it has one here.
    pub async fn avatar(&self, id: AccountId) -> Result<Option<Avatar>> {
        let of_one = sql!("SELECT png, digest, changed_at FROM avatar WHERE account_id = $1");
        self.db.get(of_one, params![id]).await
    }

    /// Keeps a picture in the place of the one before; the account as it is now, or `None` when there is none.
    pub async fn set_avatar(&self, new: NewAvatar) -> Result<Option<Account>> {
        self.db
            .write(async move |tx| {
                if account_row::lock(tx, new.account_id).await?.is_none() {
                    return Ok(None);
                }
                let put = sql!(
                    "INSERT INTO avatar (account_id, digest, png, changed_at) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (account_id) DO UPDATE SET digest = excluded.digest, png = excluded.png, \
                     changed_at = excluded.changed_at"
                );
                tx.run(put, params![new.account_id, new.digest, new.png.as_slice(), new.now]).await?;
                show(tx, new.account_id, &new.address, &new.audit, new.now).await
            })
            .await
    }

    /// Forgets the picture of an account. Its profile loses the address where that begins with `address`; another one is
    /// no picture of ours and stays. The account as it is now, or `None` when there is none.
    pub async fn remove_avatar(
        &self,
        id: AccountId,
        address: String,
        audit: NewAudit,
        now: Timestamp,
    ) -> Result<Option<Account>> {
        self.db
            .write(async move |tx| {
                let Some(account) = account_row::lock(tx, id).await? else { return Ok(None) };
                tx.run(sql!("DELETE FROM avatar WHERE account_id = $1"), params![id]).await?;
                let shown = &account.profile.profile_picture;
                let shown = if shown.starts_with(&address) { "" } else { shown };
                show(tx, id, shown, &audit, now).await
            })
            .await
    }
}

/// Shows another picture in the profile of an account that is held.
async fn show(
    tx: &mut Tx<'_>,
    id: AccountId,
    address: &str,
    audit: &NewAudit,
    now: Timestamp,
) -> Result<Option<Account>> {
    let show = sql!("UPDATE account SET profile_picture = $2 WHERE id = $1 RETURNING ", ACCOUNT_COLUMNS);
    let account = tx.get(show, params![id, address]).await?;
    audit::write(tx, &audit.about(id, None), now).await?;
    announce(tx, ControlKind::AccountChanged, &[id.0], now).await?;
    Ok(account)
}

impl FromRow for Avatar {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self { png: row.take()?, digest: row.take()?, changed_at: row.take()? })
    }
}
