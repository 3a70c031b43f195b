//! Moderation: who may not write for a while, and who is kept out.

use parlour_model::{AccountId, MemberChange, RoomId, Timestamp};

use crate::change::{Actor, Held, Logged, Refused, Ruled, Subject, hold};
use crate::control::{ControlKind, announce};
use crate::database::{FromRow, Row, Sql, Tx};
use crate::member::{moderated, put_out};
use crate::{Result, Store, params, sql};

/// Somebody who is kept out of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BanRow {
    /// Who.
    pub account: AccountId,
    /// By whom; `None` when that account is gone.
    pub by: Option<AccountId>,
    /// Why; may be empty.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
    /// Until when; `None` for good.
    pub until: Option<Timestamp>,
}

impl Store {
    /// Has somebody read and not write until a time, whether they are a member or not.
    ///
    /// Refused: [`Refused::Room`], [`Refused::Account`], [`Refused::NotAllowed`], [`Refused::Conflict`] with oneself.
    pub async fn mute(
        &self,
        room: RoomId,
        account: AccountId,
        until: Timestamp,
        actor: Actor,
    ) -> Result<Ruled<Logged>> {
        self.db
            .write(async move |tx| {
                let (held, subject) = match begin(tx, room, account, &actor).await? {
                    Ok(begun) => begun,
                    Err(refused) => return Ok(Err(refused)),
                };
                let mute = sql!(
                    "INSERT INTO mute (room_id, account_id, until) VALUES ($1, $2, $3) \
                     ON CONFLICT (room_id, account_id) DO UPDATE SET until = excluded.until"
                );
                tx.run(mute, params![room, account, until]).await?;
                finish(tx, held, subject, MemberChange::Muted { until }, &actor).await.map(Ok)
            })
            .await
    }

    /// Lets somebody write again; `None` when they could.
    ///
    /// Refused: as [`Store::mute`].
    pub async fn unmute(&self, room: RoomId, account: AccountId, actor: Actor) -> Result<Ruled<Option<Logged>>> {
        let lift = sql!("DELETE FROM mute WHERE room_id = $1 AND account_id = $2");
        self.db.write(async move |tx| lifted(tx, room, account, &actor, lift, MemberChange::Unmuted).await).await
    }

    /// Puts somebody out and keeps them out, until a time or for good.
    ///
    /// Refused: as [`Store::mute`].
    pub async fn ban(
        &self,
        room: RoomId,
        account: AccountId,
        reason: String,
        until: Option<Timestamp>,
        actor: Actor,
    ) -> Result<Ruled<Logged>> {
        self.db
            .write(async move |tx| {
                let (mut held, subject) = match begin(tx, room, account, &actor).await? {
                    Ok(begun) => begun,
                    Err(refused) => return Ok(Err(refused)),
                };
                let ban = sql!(
                    "INSERT INTO ban (room_id, account_id, by_id, reason, at, until) VALUES ($1, $2, $3, $4, $5, $6) \
                     ON CONFLICT (room_id, account_id) DO UPDATE SET by_id = excluded.by_id, \
                     reason = excluded.reason, at = excluded.at, until = excluded.until"
                );
                tx.run(ban, params![room, account, actor.author.id, &reason, actor.at, until]).await?;
                put_out(tx, &mut held, account, actor.at).await?;
                finish(tx, held, subject, MemberChange::Banned { until }, &actor).await.map(Ok)
            })
            .await
    }

    /// Lets somebody come back; `None` when they could.
    ///
    /// Refused: as [`Store::mute`].
    pub async fn unban(&self, room: RoomId, account: AccountId, actor: Actor) -> Result<Ruled<Option<Logged>>> {
        let lift = sql!("DELETE FROM ban WHERE room_id = $1 AND account_id = $2");
        self.db.write(async move |tx| lifted(tx, room, account, &actor, lift, MemberChange::Unbanned).await).await
    }

    /// Up to `limit` of those who are kept out now, after `after`, by their numbers.
    pub async fn bans(&self, room: RoomId, after: AccountId, limit: i64, now: Timestamp) -> Result<Vec<BanRow>> {
        let all = sql!(
            "SELECT account_id, by_id, reason, at, until FROM ban \
             WHERE room_id = $1 AND account_id > $2 AND (until IS NULL OR until > $4) ORDER BY account_id LIMIT $3"
        );
        self.db.all(all, params![room, after, limit, now]).await
    }
}

/// Holds the room, if the actor may moderate somebody there.
async fn begin(tx: &mut Tx<'_>, room: RoomId, account: AccountId, actor: &Actor) -> Result<Ruled<(Held, Subject)>> {
    let Some(held) = hold(tx, room).await? else { return Ok(Err(Refused::Room)) };
    let subject = moderated(tx, &held, account, actor).await?;
    Ok(subject.map(|subject| (held, subject)))
}

async fn finish(tx: &mut Tx<'_>, held: Held, subject: Subject, change: MemberChange, actor: &Actor) -> Result<Logged> {
    let (room, account) = (held.head.id, subject.author.id);
    let logged = held.record(tx, actor.at, actor.changes(subject.author, change)).await?;
    actor.audited(tx, Some(account)).await?;
    announce(tx, ControlKind::RoomChanged, &[room.0], actor.at).await?;
    Ok(logged)
}

async fn lifted(
    tx: &mut Tx<'_>,
    room: RoomId,
    account: AccountId,
    actor: &Actor,
    lift: Sql,
    change: MemberChange,
) -> Result<Ruled<Option<Logged>>> {
    let (held, subject) = match begin(tx, room, account, actor).await? {
        Ok(begun) => begun,
        Err(refused) => return Ok(Err(refused)),
    };
    if tx.run(lift, params![room, account]).await? == 0 {
        return Ok(Ok(None));
    }
    finish(tx, held, subject, change, actor).await.map(|logged| Ok(Some(logged)))
}

impl FromRow for BanRow {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self { account: row.take()?, by: row.take()?, reason: row.take()?, at: row.take()?, until: row.take()? })
    }
}
