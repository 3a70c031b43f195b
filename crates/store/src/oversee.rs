//! What an administrator does to others, and sees of all.

use parlour_model::{Account, AccountId, AdminLevel, Email, RoomId, Timestamp, Visibility};

use crate::account_row::lock;
use crate::control::{ControlKind, announce};
use crate::database::{FromRow, Row, Tx};
use crate::people::end_of;
use crate::{NewAudit, Result, Store, audit, params, session, sql};

/// A change of an account by an administrator.
#[derive(Clone, Debug)]
pub struct Oversight {
    /// Who does it.
    pub by: AccountId,
    /// To whom.
    pub of: AccountId,
    /// Whether they are kept out from now on, with the audit's line; `None` leaves that as it is.
    pub disabled: Option<(bool, NewAudit)>,
    /// Their new level, with the audit's line.
    pub level: Option<(AdminLevel, NewAudit)>,
    /// The time now.
    pub now: Timestamp,
}

/// How such a change ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "made once a call and taken apart at once: a box would only cost")]
pub enum Overseen {
    /// The account as it is now.
    Done(Account),
    /// Whoever does it is no administrator now. Nothing was changed.
    NotAdmin,
    /// There is no such account.
    Unknown,
}

/// A room as an administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverseenRoom {
    /// Its number.
    pub id: RoomId,
    /// Its name as first written.
    pub name: String,
    /// What is compared of it.
    pub key: String,
    /// Who may read it.
    pub visibility: Visibility,
    /// What it is about.
    pub topic: String,
    /// How many members it has; the lobby's are not counted.
    pub members: i64,
    /// How far its log has come.
    pub last_seq: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sums {
    /// Accounts.
    pub accounts: i64,
    /// Sessions that were not ended, some of which may have expired.
    pub sessions: i64,
    /// Rooms that are not gone.
    pub rooms: i64,
    /// Events that were ever written into them, of which a retention or a deletion may have taken some.
    pub events: i64,
    /// Letters that wait to be sent.
    pub mails: i64,
}

impl Store {
    /// Changes somebody else's account. Both accounts are held, so that of two administrators who demote each other at
    /// once one stays.
    pub async fn oversee(&self, change: Oversight) -> Result<Overseen> {
        self.db.write(async move |tx| oversee(tx, &change).await).await
    }

    /// Up to `limit` rooms but direct ones whose names begin so, after the key of a name, by their names' keys.
    pub async fn overseen_rooms(&self, prefix: &str, after: &str, limit: i64) -> Result<Vec<OverseenRoom>> {
        let rooms = sql!(
            "SELECT id, name, name_key, visibility, topic, \
             (SELECT COUNT(*) FROM member WHERE member.room_id = room.id), last_seq, created_at FROM room \
             WHERE visibility <> 'direct' AND deleted_at IS NULL AND name_key >= $1 AND name_key < $2 \
             AND name_key > $3 ORDER BY name_key LIMIT $4"
        );
        self.db.all(rooms, params![prefix, end_of(prefix), after, limit]).await
    }

    /// How much there is. No log is counted: a room knows how far its own has come.
    pub async fn sums(&self) -> Result<Sums> {
        let sums = sql!(
            "SELECT (SELECT COUNT(*) FROM account), (SELECT COUNT(*) FROM session WHERE ended_at IS NULL), \
             (SELECT COUNT(*) FROM room WHERE deleted_at IS NULL), \
             (SELECT CAST(COALESCE(SUM(last_seq), 0) AS BIGINT) FROM room WHERE deleted_at IS NULL), \
             (SELECT COUNT(*) FROM mail WHERE sent_at IS NULL AND given_up_at IS NULL)"
        );
        let sums = self.db.all(sums, params![]).await?;
        sums.into_iter().next().ok_or_else(|| crate::Error::failed("nothing was counted"))
    }

    /// The addresses that wait to take the place of accounts' own, in the order of the accounts; see
    /// [`Store::pending_email`].
    pub async fn pending_emails(&self, ids: &[AccountId], now: Timestamp) -> Result<Vec<Option<Email>>> {
        let each = ids.iter().map(|id| params![*id, now]).collect();
        let pending = self.db.get_each(crate::verification::PENDING, each).await?;
        Ok(pending.into_iter().map(|one| one.map(|(text, key)| Email::stored(text, key))).collect())
    }
}

async fn oversee(tx: &mut Tx<'_>, change: &Oversight) -> Result<Overseen> {
    // The lower number first, the same for everybody, so that no two wait for each other.
    let (first, second) = (change.by.min(change.of), change.by.max(change.of));
    let (first, second) = (lock(tx, first).await?, lock(tx, second).await?);
    let (by, of) = if change.by <= change.of { (first, second) } else { (second, first) };
    let is_admin = |account: &Account| account.admin_level == AdminLevel::Admin && account.disabled_at.is_none();
    if !by.is_some_and(|by| is_admin(&by)) {
        return Ok(Overseen::NotAdmin);
    }
    let Some(mut of) = of else { return Ok(Overseen::Unknown) };
    let now = change.now;
    if let Some((level, entry)) = &change.level {
        tx.run(sql!("UPDATE account SET admin_level = $1 WHERE id = $2"), params![level.number(), of.id]).await?;
        audit::write(tx, &entry.about(of.id, None), now).await?;
        of.admin_level = *level;
    }
    if let Some((disabled, entry)) = &change.disabled {
        // Since when it is so stays: only a change sets the time anew.
        of.disabled_at = disabled.then(|| of.disabled_at.unwrap_or(now));
        tx.run(sql!("UPDATE account SET disabled_at = $1 WHERE id = $2"), params![of.disabled_at, of.id]).await?;
        audit::write(tx, &entry.about(of.id, None), now).await?;
        if *disabled {
            session::end_all(tx, of.id, None, now).await?;
            announce(tx, ControlKind::AccountEnded, &[of.id.0], now).await?;
        }
    }
    announce(tx, ControlKind::AccountChanged, &[of.id.0], now).await?;
    Ok(Overseen::Done(of))
}

impl FromRow for OverseenRoom {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            name: row.take()?,
            key: row.take()?,
            visibility: row.take()?,
            topic: row.take()?,
            members: row.take()?,
            last_seq: row.take()?,
            created_at: row.take()?,
        })
    }
}

impl FromRow for Sums {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            accounts: row.take()?,
            sessions: row.take()?,
            rooms: row.take()?,
            events: row.take()?,
            mails: row.take()?,
        })
    }
}
