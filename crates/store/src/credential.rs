//! Passwords' hashes, consecutive failures, and the sources that an account is known to come from.

use parlour_model::{Account, AccountId, Session, SessionId, SourcePrefix, Timestamp};

use crate::account_row::{self, ACCOUNT_COLUMNS};
use crate::database::{FromRow, Row, Tx};
use crate::session::NewSession;
use crate::{NewAudit, Result, Store, audit, params, session, sql, void};

/// The name that somebody logs in by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginName {
    /// The key of a username.
    Username(String),
    /// The key of an e-mail address.
    Email(String),
}

/// What is needed to judge a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRecord {
    /// Whose login it would be.
    pub account: Account,
    /// The hash to check against; `None` when the account has no password.
    pub phc: Option<String>,
    /// When the password was set; `None` without one.
    pub password_changed_at: Option<Timestamp>,
    /// Consecutive failures: of this source when it is known, of all strangers together when it is not.
    pub failures: i64,
    /// Whether the account has been used from this source before.
    pub known_source: bool,
}

/// A login whose password was right.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// Whose.
    pub account_id: AccountId,
    /// From where.
    pub source: SourcePrefix,
    /// The [`LoginRecord::password_changed_at`] of the password that was checked. A login with a password that was
    /// replaced while it was being checked must not outlive the change, which ends all sessions.
    pub password_changed_at: Option<Timestamp>,
    /// The session to begin.
    pub session: NewSession,
    /// The same password hashed anew, when the stored hash was weaker than it should be.
    pub rehashed: Option<String>,
    /// The audit's line.
    pub audit: NewAudit,
    /// The time now.
    pub now: Timestamp,
}

/// Another password, set by the account's owner.
#[derive(Clone, Debug)]
pub struct PasswordChange {
    /// Whose.
    pub account_id: AccountId,
    /// The session that asks.
    pub session_id: SessionId,
    /// The [`LoginRecord::password_changed_at`] of the password that was checked.
    pub password_changed_at: Option<Timestamp>,
    /// The hash of the new password in PHC form.
    pub phc: String,
    /// The session that takes the place of the one that asks.
    pub session: NewSession,
    /// The audit's line.
    pub audit: NewAudit,
    /// The time now.
    pub now: Timestamp,
}

/// The most sources that are known of one account.
const MOST_SOURCES: i64 = 20;

impl Store {
    /// What is needed to judge a login by that name from that source. An address that is only claimed matches
    /// as long as nobody else takes it.
    pub async fn login_record(&self, name: &LoginName, source: SourcePrefix) -> Result<Option<LoginRecord>> {
        match name {
            LoginName::Username(key) => {
                let by_name = sql!(
                    "SELECT ",
                    ACCOUNT_COLUMNS,
                    LOGIN_COLUMNS,
                    " FROM username JOIN account ON account.id = username.account_id ",
                    LOGIN_JOINS,
                    " WHERE username.key = $1 AND username.rests_until IS NULL"
                );
                self.db.get(by_name, params![key, source]).await
            }
            LoginName::Email(key) => {
                let by_email = sql!(
                    "SELECT ",
                    ACCOUNT_COLUMNS,
                    LOGIN_COLUMNS,
                    " FROM account ",
                    LOGIN_JOINS,
                    " WHERE account.email_key = $1"
                );
                self.db.get(by_email, params![key, source]).await
            }
        }
    }

    /// Counts a wrong password: against the source when it is known, against all strangers when it is not.
    pub async fn record_failed_login(
        &self,
        id: AccountId,
        source: SourcePrefix,
        audit: NewAudit,
        now: Timestamp,
    ) -> Result<()> {
        self.db
            .write(async move |tx| {
                let known =
                    sql!("UPDATE known_source SET failures = failures + 1 WHERE account_id = $1 AND source = $2");
                if tx.run(known, params![id, source]).await? == 0 {
                    let stranger = sql!("UPDATE credential SET failures = failures + 1 WHERE account_id = $1");
                    tx.run(stranger, params![id]).await?;
                }
                audit::write(tx, &audit.about(id, None), now).await
            })
            .await
    }

    /// Sets a password, forgets all failures, and ends every session but `keep`. False when there is no such account.
    pub async fn set_password(
        &self,
        id: AccountId,
        phc: String,
        keep: Option<SessionId>,
        now: Timestamp,
        audit: NewAudit,
    ) -> Result<bool> {
        self.db
            .write(async move |tx| {
                if account_row::lock(tx, id).await?.is_none() {
                    return Ok(false);
                }
                replace(tx, id, &phc, now).await?;
                audit::write(tx, &audit.about(id, None), now).await?;
                session::end_all(tx, id, keep, now).await?;
                Ok(true)
            })
            .await
    }

    /// Sets another password by whoever is in a session and knew the old one: all sessions end, and a new one begins
    /// in the place of theirs. `None` when the account was deleted or disabled meanwhile, the session ended, or the password
    /// replaced.
    pub async fn change_password(&self, change: PasswordChange) -> Result<Option<Session>> {
        self.db.write(async move |tx| change_by_owner(tx, &change).await).await
    }

    /// Begins a session, forgets the failures of the source and of all strangers together, and remembers the source:
    /// were the strangers' kept, nobody could ever log in from a new place again. `None` when the
    /// account was deleted or disabled meanwhile, or its password replaced.
    pub async fn log_in(&self, log_in: LogIn) -> Result<Option<Session>> {
        self.db.write(async move |tx| begin(tx, &log_in).await).await
    }
}

const LOGIN_COLUMNS: &str = ", credential.phc, credential.changed_at, COALESCE(known_source.failures, credential.failures, 0), \
    known_source.used_at";

const LOGIN_JOINS: &str = "LEFT JOIN credential ON credential.account_id = account.id \
    LEFT JOIN known_source ON known_source.account_id = account.id AND known_source.source = $2";

async fn begin(tx: &mut Tx<'_>, log_in: &LogIn) -> Result<Option<Session>> {
    let (id, now) = (log_in.account_id, log_in.now);
    let usable = account_row::lock(tx, id).await?.is_some_and(|account| account.disabled_at.is_none());
    if !usable || password_changed_at(tx, id).await? != log_in.password_changed_at {
        return Ok(None);
    }
    tx.run(sql!("UPDATE credential SET failures = 0 WHERE account_id = $1"), params![id]).await?;
    if !know_source(tx, id, log_in.source, now).await? {
        forget_oldest_source(tx, id).await?;
    }
    if let Some(phc) = &log_in.rehashed {
        // The password is the same, so its age stays.
        tx.run(sql!("UPDATE credential SET phc = $1 WHERE account_id = $2"), params![phc, id]).await?;
    }
    let session = session::insert(tx, id, &log_in.session, now).await?;
    audit::write(tx, &log_in.audit.about(id, Some(session.id)), now).await?;
    Ok(Some(session))
}

async fn change_by_owner(tx: &mut Tx<'_>, change: &PasswordChange) -> Result<Option<Session>> {
    let (id, now) = (change.account_id, change.now);
    let usable = account_row::lock(tx, id).await?.is_some_and(|account| account.disabled_at.is_none());
    if !usable || password_changed_at(tx, id).await? != change.password_changed_at {
        return Ok(None);
    }
    let stands = sql!("SELECT id FROM session WHERE id = $1 AND account_id = $2 AND ended_at IS NULL");
    if tx.get::<(SessionId,)>(stands, params![change.session_id, id]).await?.is_none() {
        return Ok(None);
    }
    replace(tx, id, &change.phc, now).await?;
    let session = session::insert(tx, id, &change.session, now).await?;
    audit::write(tx, &change.audit.about(id, Some(session.id)), now).await?;
    session::end_all(tx, id, Some(session.id), now).await?;
    Ok(Some(session))
}

/// Sets another password, forgets all failures, and voids what was mailed to reset the old one.
pub(crate) async fn replace(tx: &mut Tx<'_>, id: AccountId, phc: &str, now: Timestamp) -> Result<()> {
    put(tx, id, phc, now).await?;
    tx.run(sql!("UPDATE known_source SET failures = 0 WHERE account_id = $1"), params![id]).await?;
    void::resets(tx, id, now).await
}

/// When an account's password was set. A rehash of the same password does not count.
async fn password_changed_at(tx: &mut Tx<'_>, id: AccountId) -> Result<Option<Timestamp>> {
    let set = tx.get(sql!("SELECT changed_at FROM credential WHERE account_id = $1"), params![id]).await?;
    Ok(set.map(|(at,)| at))
}

/// Sets the hash of an account's password.
pub(crate) async fn put(tx: &mut Tx<'_>, id: AccountId, phc: &str, now: Timestamp) -> Result<()> {
    let put = sql!(
        "INSERT INTO credential (account_id, phc, failures, changed_at) VALUES ($1, $2, 0, $3) \
         ON CONFLICT (account_id) DO UPDATE SET phc = excluded.phc, failures = 0, changed_at = excluded.changed_at"
    );
    tx.run(put, params![id, phc, now]).await?;
    Ok(())
}

/// Remembers that an account was used from a source, and forgets the source's failures; whether it was known.
pub(crate) async fn know_source(tx: &mut Tx<'_>, id: AccountId, source: SourcePrefix, now: Timestamp) -> Result<bool> {
    let used = sql!("UPDATE known_source SET failures = 0, used_at = $3 WHERE account_id = $1 AND source = $2");
    if tx.run(used, params![id, source, now]).await? > 0 {
        return Ok(true);
    }
    let insert = sql!("INSERT INTO known_source (account_id, source, failures, used_at) VALUES ($1, $2, 0, $3)");
    tx.run(insert, params![id, source, now]).await?;
    Ok(false)
}

async fn forget_oldest_source(tx: &mut Tx<'_>, id: AccountId) -> Result<()> {
    let forget = sql!(
        "DELETE FROM known_source WHERE account_id = $1 AND source NOT IN \
         (SELECT source FROM known_source WHERE account_id = $1 ORDER BY used_at DESC, source LIMIT $2)"
    );
    tx.run(forget, params![id, MOST_SOURCES]).await?;
    Ok(())
}

impl FromRow for LoginRecord {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        let account = Account::from_row(row)?;
        let (phc, password_changed_at, failures) = (row.take()?, row.take()?, row.take()?);
        let used_at: Option<Timestamp> = row.take()?;
        Ok(Self { account, phc, password_changed_at, failures, known_source: used_at.is_some() })
    }
}
