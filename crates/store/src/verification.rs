//! Proofs of an e-mail address: secrets that were mailed, kept as digests.

use std::time::Duration;

use parlour_model::{AccountId, Email, Timestamp};

use crate::control::{ControlKind, announce};
use crate::database::{FromRow, Row, Sql, Tx};
use crate::{NewAudit, NewMail, Notice, Result, Store, account_row, audit, mail, name, params, sql, void};

/// A secret to be mailed.
#[derive(Clone, Debug)]
pub struct NewVerification {
    /// SHA-256 of the secret.
    pub digest: [u8; 32],
    /// The address that it proves.
    pub email: Email,
    /// When it is no longer good.
    pub expires_at: Timestamp,
    /// The mail that carries it.
    pub mail: NewMail,
}

/// What became of a wish for another secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretMade {
    /// It is on its way. Earlier secrets stay good.
    Queued,
    /// The account had one in the last 15 minutes, or five in the last day: nothing was made.
    TooMany,
    /// The account has no such address, or has proven it already.
    NoAddress,
    /// There is no such account.
    UnknownAccount,
}

/// What became of a secret that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// The address is the account's, and proven. An address that it replaced is told by a mail that waits.
    Done {
        /// Whose.
        account_id: AccountId,
        /// The other account whose mere claim on the address is void.
        lost_claim: Option<AccountId>,
    },
    /// It had come back before, and is still within its life and still about the account's address.
    Again,
    /// Its time is up.
    Expired,
    /// Never made, superseded, or about an address that another account has proven.
    Unknown,
}

/// The address that an account waits for.
pub(crate) const PENDING: Sql = sql!(
    "SELECT verification.email, verification.email_key FROM verification \
     JOIN account ON account.id = verification.account_id \
     WHERE verification.account_id = $1 AND verification.verified_at IS NULL \
     AND verification.superseded_at IS NULL AND verification.expires_at > $2 \
     AND (account.email_key IS NULL OR account.email_key <> verification.email_key) \
     ORDER BY verification.created_at DESC LIMIT 1"
);

const QUARTER_HOUR: Duration = Duration::from_mins(15);
const DAY: Duration = Duration::from_hours(24);

/// The most mails with a secret that an account gets in a day, and in a quarter of an hour.
const MOST_A_DAY: i64 = 5;
const MOST_A_QUARTER_HOUR: i64 = 1;

impl Store {
    /// Makes another secret for the address that an account claims, or has asked to change to: at most one in 15 minutes and five a day,
    /// whoever asks and for whatever address.
    pub async fn add_verification(
        &self,
        id: AccountId,
        new: NewVerification,
        now: Timestamp,
        audit: NewAudit,
    ) -> Result<SecretMade> {
        self.db
            .write(async move |tx| {
                // Held, so that two wishes at once are counted one after the other.
                let Some(account) = account_row::lock(tx, id).await? else { return Ok(SecretMade::UnknownAccount) };
                let is_own = account.email.is_some_and(|email| email.key() == new.email.key());
                let is_proven = is_own && account.email_verified_at.is_some();
                if is_proven || !(is_own || is_asked_for(tx, id, &new.email, now).await?) {
                    return Ok(SecretMade::NoAddress);
                }
                if has_had_enough(tx, id, &new.email, now).await? {
                    return Ok(SecretMade::TooMany);
                }
                insert(tx, id, &new, now).await?;
                audit::write(tx, &audit.about(id, None), now).await?;
                Ok(SecretMade::Queued)
            })
            .await
    }

    /// The address that takes the place of an account's own when its mail is answered: the last that was asked for, while
    /// its secret is good.
    pub async fn pending_email(&self, id: AccountId, now: Timestamp) -> Result<Option<Email>> {
        let pending = self.db.get(PENDING, params![id, now]).await?;
        Ok(pending.map(|(text, key)| Email::stored(text, key)))
    }

    /// Takes a secret that came back: its address is now the account's, and proven. Another account's mere claim on
    /// the address is void. `notice` goes to the address that is replaced, proven or not, in the same transaction.
    pub async fn verify_email(
        &self,
        digest: [u8; 32],
        notice: Notice,
        now: Timestamp,
        audit: NewAudit,
    ) -> Result<Verified> {
        self.db.write(async move |tx| verify(tx, digest, &notice, now, &audit).await).await
    }
}

/// Whether an account waits for the proof of an address.
async fn is_asked_for(tx: &mut Tx<'_>, id: AccountId, email: &Email, now: Timestamp) -> Result<bool> {
    let waits = sql!(
        "SELECT account_id FROM verification WHERE account_id = $1 AND email_key = $2 AND verified_at IS NULL \
         AND superseded_at IS NULL AND expires_at > $3 LIMIT 1"
    );
    Ok(tx.get::<(AccountId,)>(waits, params![id, email.key(), now]).await?.is_some())
}

/// Keeps a secret and queues its mail.
pub(crate) async fn insert(tx: &mut Tx<'_>, id: AccountId, new: &NewVerification, now: Timestamp) -> Result<()> {
    let insert = sql!(
        "INSERT INTO verification (digest, account_id, email, email_key, created_at, expires_at, verified_at) \
         VALUES ($1, $2, $3, $4, $5, $6, NULL)"
    );
    tx.run(insert, params![new.digest, id, new.email.as_str(), new.email.key(), now, new.expires_at]).await?;
    mail::queue(tx, &new.mail, Some(id), now).await
}

/// Voids the unused secrets of an account's other addresses: what was asked for last is what is meant. Their rows
/// stay, because their mails [count](has_had_enough).
pub(crate) async fn supersede(tx: &mut Tx<'_>, id: AccountId, email: &Email, now: Timestamp) -> Result<()> {
    let void_others = sql!(
        "UPDATE verification SET superseded_at = $3 \
         WHERE account_id = $1 AND email_key <> $2 AND verified_at IS NULL AND superseded_at IS NULL"
    );
    tx.run(void_others, params![id, email.key(), now]).await?;
    Ok(())
}

/// Whether an account that is [held](account_row::lock) has had as many mails with a secret as it gets: one to an address in
/// a quarter of an hour, five to all of them in a day. A secret that came back counts for the day only: whoever read
/// that mail wanted it.
pub(crate) async fn has_had_enough(tx: &mut Tx<'_>, id: AccountId, email: &Email, now: Timestamp) -> Result<bool> {
    let count = sql!(
        "SELECT COUNT(*), COUNT(CASE WHEN created_at > $3 AND email_key = $4 AND verified_at IS NULL THEN 1 END) \
         FROM verification WHERE account_id = $1 AND created_at > $2"
    );
    let counts: Option<(i64, i64)> = tx.get(count, params![id, now - DAY, now - QUARTER_HOUR, email.key()]).await?;
    Ok(counts.is_some_and(|(day, quarter_hour)| day >= MOST_A_DAY || quarter_hour >= MOST_A_QUARTER_HOUR))
}

/// A secret that is kept.
struct Secret {
    account_id: AccountId,
    email: Email,
    expires_at: Timestamp,
    verified_at: Option<Timestamp>,
}

async fn verify(
    tx: &mut Tx<'_>,
    digest: [u8; 32],
    notice: &Notice,
    now: Timestamp,
    audit: &NewAudit,
) -> Result<Verified> {
    let hold = sql!(
        "UPDATE verification SET verified_at = verified_at WHERE digest = $1 AND superseded_at IS NULL \
         RETURNING account_id, email, email_key, expires_at, verified_at"
    );
    let Some(secret): Option<Secret> = tx.get(hold, params![digest]).await? else {
        return Ok(Verified::Unknown);
    };
    if secret.expires_at <= now {
        return Ok(Verified::Expired);
    }
    let Some(account) = account_row::lock(tx, secret.account_id).await? else { return Ok(Verified::Unknown) };
    let replaced = account.email.as_ref().filter(|email| email.key() != secret.email.key());
    if secret.verified_at.is_some() {
        let is_proven = account.email_verified_at.is_some() && account.email.is_some() && replaced.is_none();
        return Ok(if is_proven { Verified::Again } else { Verified::Unknown });
    }
    let holder = name::email_holder(tx, &secret.email).await?;
    if holder.is_some_and(|holder| holder.id != account.id && holder.verified_at.is_some()) {
        return Ok(Verified::Unknown);
    }
    let lost_claim = name::drop_others_claim(tx, &secret.email, account.id).await?;
    prove(tx, digest, &secret, now).await?;
    if account.email.as_ref().map(Email::key) != Some(secret.email.key()) {
        void::resets(tx, account.id, now).await?;
    }
    if let Some(old) = replaced {
        mail::queue(tx, &notice.to(old), None, now).await?;
    }
    audit::write(tx, &audit.about(account.id, None), now).await?;
    let changed: Vec<i64> = [Some(account.id), lost_claim].into_iter().flatten().map(|id| id.0).collect();
    announce(tx, ControlKind::AccountChanged, &changed, now).await?;
    Ok(Verified::Done { account_id: account.id, lost_claim })
}

/// Makes the secret's address the account's.
async fn prove(tx: &mut Tx<'_>, digest: [u8; 32], secret: &Secret, now: Timestamp) -> Result<()> {
    let used = sql!("UPDATE verification SET verified_at = $2 WHERE digest = $1");
    tx.run(used, params![digest, now]).await?;
    let set = sql!("UPDATE account SET email = $2, email_key = $3, email_verified_at = $4 WHERE id = $1");
    tx.run(set, params![secret.account_id, secret.email.as_str(), secret.email.key(), now]).await?;
    supersede(tx, secret.account_id, &secret.email, now).await
}

impl FromRow for Secret {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            account_id: row.take()?,
            email: Email::stored(row.take()?, row.take()?),
            expires_at: row.take()?,
            verified_at: row.take()?,
        })
    }
}
