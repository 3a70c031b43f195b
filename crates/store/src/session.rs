//! Sessions: beginning, using and ending logins, and the families of refresh tokens.

use std::time::Duration;

use parlour_model::{AccountId, Contract, Session, SessionId, Timestamp};

use crate::control::{ControlKind, announce};
use crate::database::{FromRow, Row, Sql, Tx};
use crate::{NewAudit, Result, Store, audit, params, sql};

/// A session that begins.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The contract that makes it.
    pub contract: Contract,
    /// What the client calls itself.
    pub device: String,
    /// The address it comes from.
    pub address: String,
    /// SHA-256 of its cookie, if it has one.
    pub cookie_digest: Option<[u8; 32]>,
    /// SHA-256 of the secret of its refresh tokens, if it has any. The first token's counter is 1.
    pub refresh_digest: Option<[u8; 32]>,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// When it ends unless it is used before.
    pub idle_expires_at: Timestamp,
}

/// A refresh token that was presented.
#[derive(Clone, Copy, Debug)]
pub struct RefreshUse {
    /// The session it names.
    pub session_id: SessionId,
    /// SHA-256 of the family's secret that it carries.
    pub digest: [u8; 32],
    /// Its place in the family, from 1.
    pub counter: i64,
    /// Whether its bearer wants a new one.
    pub rotate: bool,
    /// When the session ends unless it is used again.
    pub idle_expires_at: Timestamp,
    /// The time now.
    pub now: Timestamp,
}

/// How a refresh ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The session goes on.
    Granted {
        /// It, as it is now.
        session: Session,
        /// The place of the family's newest token: what is handed out, when a token is.
        counter: i64,
    },
    /// The token had been replaced: somebody has a copy (RFC 9700 §4.14.2). The session was ended for it.
    Reused {
        /// The session that was ended.
        session_id: SessionId,
        /// Whose it was.
        account_id: AccountId,
    },
    /// No such session, one that has ended, or another secret.
    Unknown,
}

pub(crate) const SESSION_COLUMNS: &str =
    "id, account_id, contract, device, address, created_at, last_used_at, expires_at, idle_expires_at";

const BY_ID: Sql = sql!("SELECT ", SESSION_COLUMNS, " FROM session WHERE id = $1 AND ended_at IS NULL");

impl Store {
    /// A session that has not been ended. Whether it has expired is for the caller's clock to say.
    pub async fn session(&self, id: SessionId) -> Result<Option<Session>> {
        self.db.get(BY_ID, params![id]).await
    }

    /// Many sessions, each as [`Store::session`] has it, in the order asked for.
    pub async fn sessions(&self, ids: &[SessionId]) -> Result<Vec<Option<Session>>> {
        self.db.get_each(BY_ID, ids.iter().map(|id| params![*id]).collect()).await
    }

    /// The session of a cookie; as [`Store::session`].
    pub async fn session_by_cookie(&self, digest: [u8; 32]) -> Result<Option<Session>> {
        let by_cookie = sql!("SELECT ", SESSION_COLUMNS, " FROM session WHERE cookie_digest = $1 AND ended_at IS NULL");
        self.db.get(by_cookie, params![digest]).await
    }

    /// Up to `limit` sessions of an account that stand at `now`, the last used first, after that use and number.
    pub async fn sessions_of(
        &self,
        id: AccountId,
        now: Timestamp,
        after: Option<(Timestamp, SessionId)>,
        limit: i64,
    ) -> Result<Vec<Session>> {
        let (used, number) = after.unwrap_or((Timestamp(i64::MAX), SessionId(i64::MAX)));
        let standing = sql!(
            "SELECT ",
            SESSION_COLUMNS,
            " FROM session WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2 AND idle_expires_at > $2 \
             AND (last_used_at < $3 OR (last_used_at = $3 AND id < $4)) \
             ORDER BY last_used_at DESC, id DESC LIMIT $5"
        );
        self.db.all(standing, params![id, now, used, number, limit]).await
    }

    /// Notes that sessions were used: when last, and when they end unless used again. An older use changes nothing.
    pub async fn touch_sessions(&self, mut touched: Vec<(SessionId, Timestamp, Timestamp)>) -> Result<()> {
        // In one order for everybody, so that two of these cannot wait for each other.
        touched.sort_unstable();
        if touched.is_empty() {
            return Ok(());
        }
        self.db
            .write(async move |tx| {
                let touch = sql!(
                    "UPDATE session SET last_used_at = $2, idle_expires_at = $3 \
                     WHERE id = $1 AND ended_at IS NULL AND last_used_at < $2"
                );
                let each = touched.iter().map(|(id, used, idle)| (touch, params![*id, *used, *idle]));
                tx.run_all(each.collect()).await?;
                Ok(())
            })
            .await
    }

    /// Ends a session. False when it had ended, or never was.
    pub async fn end_session(&self, id: SessionId, now: Timestamp, audit: NewAudit) -> Result<bool> {
        self.db
            .write(async move |tx| {
                let Some(account) = end(tx, id, now).await? else { return Ok(false) };
                audit::write(tx, &audit.about(account, Some(id)), now).await?;
                announce(tx, ControlKind::SessionEnded, &[id.0], now).await?;
                Ok(true)
            })
            .await
    }

    /// Ends all sessions of an account, but not `except`; which they were.
    pub async fn end_sessions_of(
        &self,
        id: AccountId,
        except: Option<SessionId>,
        now: Timestamp,
        audit: NewAudit,
    ) -> Result<Vec<SessionId>> {
        self.db
            .write(async move |tx| {
                audit::write(tx, &audit.about(id, None), now).await?;
                end_all(tx, id, except, now).await
            })
            .await
    }

    /// Uses a refresh token.
    ///
    /// The newest token of a family is always good. With `rotate` a new one takes its place; the one before is good
    /// for another 30 seconds, until its successor is used, and gets that same successor again, so that lost answers
    /// and parallel tabs converge. Any other token of the family ends the session; `audit` is then written, as
    /// `refresh_reused`.
    pub async fn refresh(&self, used: RefreshUse, audit: NewAudit) -> Result<Refreshed> {
        self.db.write(async move |tx| use_token(tx, used, &audit).await).await
    }
}

/// Begins a session of an account that is held.
pub(crate) async fn insert(tx: &mut Tx<'_>, account: AccountId, new: &NewSession, now: Timestamp) -> Result<Session> {
    let insert = sql!(
        "INSERT INTO session (account_id, contract, device, address, created_at, last_used_at, expires_at, \
         idle_expires_at, cookie_digest, refresh_digest, refresh_counter) \
         VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, 1) RETURNING ",
        SESSION_COLUMNS
    );
    let params = params![
        account,
        new.contract,
        &new.device,
        &new.address,
        now,
        new.expires_at,
        new.idle_expires_at,
        new.cookie_digest,
        new.refresh_digest
    ];
    let session = tx.get(insert, params).await?;
    session.ok_or_else(|| crate::Error::failed("a new session was not returned"))
}

/// Ends all sessions of an account, but not `except`, and announces it.
pub(crate) async fn end_all(
    tx: &mut Tx<'_>,
    account: AccountId,
    except: Option<SessionId>,
    now: Timestamp,
) -> Result<Vec<SessionId>> {
    let end =
        sql!("UPDATE session SET ended_at = $1 WHERE account_id = $2 AND ended_at IS NULL AND id <> $3 RETURNING id");
    // No session has the number 0.
    let except = except.unwrap_or(SessionId(0));
    let ended: Vec<(SessionId,)> = tx.all(end, params![now, account, except]).await?;
    let mut ended: Vec<SessionId> = ended.into_iter().map(|(id,)| id).collect();
    ended.sort_unstable();
    let subjects: Vec<i64> = ended.iter().map(|id| id.0).collect();
    announce(tx, ControlKind::SessionEnded, &subjects, now).await?;
    Ok(ended)
}

/// Ends one session; whose it was, if it had not ended before.
async fn end(tx: &mut Tx<'_>, id: SessionId, now: Timestamp) -> Result<Option<AccountId>> {
    let end = sql!("UPDATE session SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL RETURNING account_id");
    let account = tx.get(end, params![now, id]).await?;
    Ok(account.map(|(account,)| account))
}

/// How long a replaced refresh token is still good, while its successor is unused.
const GRACE: Duration = Duration::from_secs(30);

/// The state of a session's refresh tokens.
struct Family {
    session: Session,
    digest: Option<[u8; 32]>,
    /// The place of the newest token.
    newest: i64,
    /// When the newest was made; `None` for the first.
    rotated_at: Option<Timestamp>,
    /// When the newest was first used.
    used_at: Option<Timestamp>,
}

/// What a presented token is.
enum Verdict {
    /// Good, and the newest stays the newest.
    Stay,
    /// Good, and a new one takes its place.
    Advance,
    /// Good once more: its successor has not been used.
    Again,
    /// A copy.
    Reused,
    /// Not of this family.
    Foreign,
}

impl Family {
    fn judge(&self, used: RefreshUse) -> Verdict {
        if self.digest != Some(used.digest) || !self.session.stands_at(used.now) {
            return Verdict::Foreign;
        }
        if used.counter == self.newest {
            return if used.rotate { Verdict::Advance } else { Verdict::Stay };
        }
        let within_grace = self.rotated_at.is_some_and(|at| used.now.since(at) <= GRACE);
        if used.counter == self.newest - 1 && within_grace && self.used_at.is_none() {
            return Verdict::Again;
        }
        Verdict::Reused
    }
}

async fn use_token(tx: &mut Tx<'_>, used: RefreshUse, audit: &NewAudit) -> Result<Refreshed> {
    let hold = sql!(
        "UPDATE session SET refresh_counter = refresh_counter WHERE id = $1 AND ended_at IS NULL RETURNING ",
        SESSION_COLUMNS,
        ", refresh_digest, refresh_counter, refresh_rotated_at, refresh_used_at"
    );
    let Some(family): Option<Family> = tx.get(hold, params![used.session_id]).await? else {
        return Ok(Refreshed::Unknown);
    };
    match family.judge(used) {
        Verdict::Foreign => Ok(Refreshed::Unknown),
        Verdict::Reused => end_reused(tx, &family.session, used, audit).await,
        Verdict::Stay => {
            let used_at = family.used_at.or(Some(used.now));
            let family = Family { used_at, ..family };
            keep(tx, family, used).await
        }
        Verdict::Advance => {
            let newest = family.newest + 1;
            let family = Family { newest, rotated_at: Some(used.now), used_at: None, ..family };
            keep(tx, family, used).await
        }
        Verdict::Again => keep(tx, family, used).await,
    }
}

async fn keep(tx: &mut Tx<'_>, family: Family, used: RefreshUse) -> Result<Refreshed> {
    let keep = sql!(
        "UPDATE session SET refresh_counter = $2, refresh_rotated_at = $3, refresh_used_at = $4, last_used_at = $5, \
         idle_expires_at = $6 WHERE id = $1"
    );
    let params =
        params![used.session_id, family.newest, family.rotated_at, family.used_at, used.now, used.idle_expires_at];
    tx.run(keep, params).await?;
    let session = Session { last_used_at: used.now, idle_expires_at: used.idle_expires_at, ..family.session };
    Ok(Refreshed::Granted { session, counter: family.newest })
}

async fn end_reused(tx: &mut Tx<'_>, session: &Session, used: RefreshUse, audit: &NewAudit) -> Result<Refreshed> {
    let (session_id, account_id) = (session.id, session.account_id);
    end(tx, session_id, used.now).await?;
    let audit = NewAudit { action: "refresh_reused", ..audit.about(account_id, Some(session_id)) };
    audit::write(tx, &audit, used.now).await?;
    announce(tx, ControlKind::SessionEnded, &[session_id.0], used.now).await?;
    Ok(Refreshed::Reused { session_id, account_id })
}

impl FromRow for Session {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            account_id: row.take()?,
            contract: row.take()?,
            device: row.take()?,
            address: row.take()?,
            created_at: row.take()?,
            last_used_at: row.take()?,
            expires_at: row.take()?,
            idle_expires_at: row.take()?,
        })
    }
}

impl FromRow for Family {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            session: Session::from_row(row)?,
            digest: row.take()?,
            newest: row.take()?,
            rotated_at: row.take()?,
            used_at: row.take()?,
        })
    }
}
