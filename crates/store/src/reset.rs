//! Password resets: secrets that were mailed, kept as digests, each good once.

use std::time::Duration;

use parlour_model::{Account, AccountId, Email, Timestamp};

use crate::account_row::{self, ACCOUNT_COLUMNS};
use crate::control::{ControlKind, announce};
use crate::database::{FromRow, Row, Tx};
use crate::{NewAudit, Notice, Result, Store, audit, credential, mail, params, session, sql, verification};

/// A secret to be mailed to whoever has an address.
#[derive(Clone, Debug)]
pub struct NewReset {
    /// SHA-256 of the secret.
    pub digest: [u8; 32],
    /// When it is no longer good.
    pub expires_at: Timestamp,
    /// The mail that carries it.
    pub mail: Notice,
}

/// Whose password is to be reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResetFor {
    /// Whoever has the address with this key.
    Email(String),
    /// The account of this number.
    Account(AccountId),
}

/// What became of a wish for a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetMade {
    /// It is on its way to this account's address. Earlier ones stay good.
    Queued(AccountId),
    /// The account had one in the last 15 minutes, or five in the last day: nothing was made.
    TooMany,
    /// Nobody who is let in has the address, or the account has none.
    NoAddress,
}

/// A secret that is still good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reset {
    /// Whose password it resets.
    pub account: Account,
    /// When it is no longer good.
    pub expires_at: Timestamp,
}

/// A secret that came back with a new password.
#[derive(Clone, Debug)]
pub struct UseReset {
    /// SHA-256 of the secret.
    pub digest: [u8; 32],
    /// The hash of the new password in PHC form.
    pub phc: String,
    /// The time now.
    pub now: Timestamp,
    /// The audit's line.
    pub audit: NewAudit,
}

const QUARTER_HOUR: Duration = Duration::from_mins(15);
const DAY: Duration = Duration::from_hours(24);

/// The most resets that are mailed to an account in a day, and in a quarter of an hour.
const MOST_A_DAY: i64 = 5;
const MOST_A_QUARTER_HOUR: i64 = 1;

impl Store {
    /// Makes a reset for an account that is let in, and queues its mail to the address that the account has now, proven
    /// or only claimed: whoever reads that mail proves it. At most one in 15 minutes and five a day.
    pub async fn add_reset(
        &self,
        whose: ResetFor,
        new: NewReset,
        now: Timestamp,
        audit: NewAudit,
    ) -> Result<ResetMade> {
        self.db.write(async move |tx| make(tx, &whose, &new, now, &audit).await).await
    }

    /// What a secret would do: `None` when it was never made, was used, or something newer took its place.
    pub async fn reset(&self, digest: [u8; 32]) -> Result<Option<Reset>> {
        let unused = sql!(
            "SELECT ",
            ACCOUNT_COLUMNS,
            ", password_reset.expires_at FROM password_reset JOIN account ON account.id = password_reset.account_id \
             WHERE password_reset.digest = $1 AND password_reset.used_at IS NULL AND account.email IS NOT NULL \
             AND account.disabled_at IS NULL"
        );
        self.db.get(unused, params![digest]).await
    }

    /// Uses a secret: the account has the new password, its address is proven, all failures are forgotten, all its
    /// sessions, other resets and waiting changes of address are void. Of several uses at once one succeeds. `None` when the
    /// secret is not good, or no longer.
    pub async fn use_reset(&self, used: UseReset) -> Result<Option<AccountId>> {
        self.db.write(async move |tx| take(tx, &used).await).await
    }
}

async fn make(
    tx: &mut Tx<'_>,
    whose: &ResetFor,
    new: &NewReset,
    now: Timestamp,
    audit: &NewAudit,
) -> Result<ResetMade> {
    let id = match whose {
        ResetFor::Account(id) => Some(*id),
        ResetFor::Email(key) => {
            let holder = sql!("SELECT id FROM account WHERE email_key = $1");
            tx.get(holder, params![key]).await?.map(|(id,)| id)
        }
    };
    let Some(id) = id else { return Ok(ResetMade::NoAddress) };
    // Held, so that two wishes at once are counted one after the other.
    let account = account_row::lock(tx, id).await?.filter(|account| account.disabled_at.is_none());
    let Some(email) = account.and_then(|account| account.email) else { return Ok(ResetMade::NoAddress) };
    if matches!(whose, ResetFor::Email(key) if key != email.key()) {
        return Ok(ResetMade::NoAddress);
    }
    if has_had_enough(tx, id, now).await? {
        return Ok(ResetMade::TooMany);
    }
    let insert = sql!(
        "INSERT INTO password_reset (digest, account_id, created_at, expires_at, used_at) VALUES ($1, $2, $3, $4, NULL)"
    );
    tx.run(insert, params![new.digest, id, now, new.expires_at]).await?;
    mail::queue(tx, &new.mail.to(&email), Some(id), now).await?;
    audit::write(tx, &audit.about(id, None), now).await?;
    Ok(ResetMade::Queued(id))
}

async fn has_had_enough(tx: &mut Tx<'_>, id: AccountId, now: Timestamp) -> Result<bool> {
    let count = sql!(
        "SELECT COUNT(*), COUNT(CASE WHEN created_at > $3 THEN 1 END) \
         FROM password_reset WHERE account_id = $1 AND created_at > $2"
    );
    let counts: Option<(i64, i64)> = tx.get(count, params![id, now - DAY, now - QUARTER_HOUR]).await?;
    Ok(counts.is_some_and(|(day, quarter_hour)| day >= MOST_A_DAY || quarter_hour >= MOST_A_QUARTER_HOUR))
}

async fn take(tx: &mut Tx<'_>, used: &UseReset) -> Result<Option<AccountId>> {
    // The account is held before the secret, because whoever holds the account may void its secrets.
    let whose = sql!("SELECT account_id FROM password_reset WHERE digest = $1");
    let Some((id,)) = tx.get::<(AccountId,)>(whose, params![used.digest]).await? else { return Ok(None) };
    let account = account_row::lock(tx, id).await?.filter(|account| account.disabled_at.is_none());
    // An account that has lost its claim on the address lost this secret, too.
    let Some(email) = account.and_then(|account| account.email) else { return Ok(None) };
    let take = sql!(
        "UPDATE password_reset SET used_at = $2 WHERE digest = $1 AND used_at IS NULL AND expires_at > $2 \
         RETURNING account_id"
    );
    if tx.get::<(AccountId,)>(take, params![used.digest, used.now]).await?.is_none() {
        return Ok(None);
    }
    replace(tx, id, &email, used).await?;
    Ok(Some(id))
}

async fn replace(tx: &mut Tx<'_>, id: AccountId, email: &Email, used: &UseReset) -> Result<()> {
    let now = used.now;
    credential::replace(tx, id, &used.phc, now).await?;
    let prove = sql!("UPDATE account SET email_verified_at = $2 WHERE id = $1 AND email_verified_at IS NULL");
    tx.run(prove, params![id, now]).await?;
    // Whoever knew the old password may have asked for another address.
    verification::supersede(tx, id, email, now).await?;
    audit::write(tx, &used.audit.about(id, None), now).await?;
    session::end_all(tx, id, None, now).await?;
    announce(tx, ControlKind::AccountChanged, &[id.0], now).await
}

impl FromRow for Reset {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self { account: Account::from_row(row)?, expires_at: row.take()? })
    }
}
