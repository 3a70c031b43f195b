//! Pruning: what has served its time goes, a few rows at a time, so that no writer waits long.

use std::time::Duration;

use parlour_model::{RoomId, Timestamp};

use crate::database::{Params, Sql};
use crate::{Result, Store, params, sql};

const DAY: Duration = Duration::from_hours(24);

/// How long things are kept after their end.
const KEEP_SESSION: Duration = DAY.saturating_mul(30);
const KEEP_VERIFICATION: Duration = DAY.saturating_mul(7);
const KEEP_MAIL: Duration = DAY.saturating_mul(7);
const KEEP_AUDIT: Duration = DAY.saturating_mul(400);
pub(crate) const KEEP_ANSWER: Duration = DAY;
const KEEP_SKELETON: Duration = DAY.saturating_mul(60);

/// Rows a step; each statement takes it as its second parameter.
const STEP: i64 = 500;

impl Store {
    /// Deletes what has served its time: sessions 30 days after their end, secrets and mail after seven days, answers to
    /// requests that named themselves after one, names that have rested, audit lines after 400 days, control lines after
    /// one, expired signing keys, and events older than their room's retention. Returns how many rows that were.
    pub async fn prune(&self, now: Timestamp) -> Result<u64> {
        let mut pruned = 0;
        for (sql, before) in steps(now).into_iter().chain(lifted(now)) {
            pruned += self.prune_by(sql, params![before, STEP]).await?;
        }
        let rooms = sql!("SELECT id, retention_seconds FROM room WHERE retention_seconds IS NOT NULL");
        let rooms: Vec<(RoomId, i64)> = self.db.all(rooms, params![]).await?;
        for (room, seconds) in rooms {
            let keep = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
            // The oldest rows only: a log is in the order of its seqs, and its last event stays as their anchor.
            let old = sql!(
                "DELETE FROM event WHERE room_id = $3 AND seq IN (SELECT seq FROM \
                 (SELECT seq, at FROM event WHERE room_id = $3 ORDER BY seq LIMIT $2) AS oldest WHERE at < $1)"
            );
            pruned += self.prune_by(old, params![now - keep, STEP, room]).await?;
        }
        Ok(pruned)
    }

    /// Repeats a step until it finds less than it may take.
    async fn prune_by(&self, step: Sql, params: Params) -> Result<u64> {
        let mut pruned = 0;
        loop {
            let rows = self.db.run(step, params.clone()).await?;
            pruned += rows;
            if rows < STEP.unsigned_abs() {
                return Ok(pruned);
            }
        }
    }
}

/// What goes when it is older than a time.
fn steps(now: Timestamp) -> [(Sql, Timestamp); 12] {
    [
        (
            sql!("DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires_at < $1 LIMIT $2)"),
            now - KEEP_SESSION,
        ),
        (
            sql!("DELETE FROM session WHERE id IN (SELECT id FROM session WHERE ended_at < $1 LIMIT $2)"),
            now - KEEP_SESSION,
        ),
        (
            sql!(
                "DELETE FROM verification WHERE digest IN \
                 (SELECT digest FROM verification WHERE expires_at < $1 LIMIT $2)"
            ),
            now - KEEP_VERIFICATION,
        ),
        (
            sql!(
                "DELETE FROM password_reset WHERE digest IN \
                 (SELECT digest FROM password_reset WHERE expires_at < $1 LIMIT $2)"
            ),
            now - KEEP_VERIFICATION,
        ),
        (
            // Again, whether it is still so: a key that has lapsed may be taken anew between the look and the deed.
            sql!(
                "DELETE FROM idempotency WHERE at <= $1 AND (scope, key) IN \
                 (SELECT scope, key FROM idempotency WHERE at <= $1 LIMIT $2)"
            ),
            now - KEEP_ANSWER,
        ),
        (sql!("DELETE FROM mail WHERE id IN (SELECT id FROM mail WHERE sent_at < $1 LIMIT $2)"), now - KEEP_MAIL),
        (sql!("DELETE FROM mail WHERE id IN (SELECT id FROM mail WHERE given_up_at < $1 LIMIT $2)"), now - KEEP_MAIL),
        (
            // The condition stands twice: the name may be taken again between the look and the deed.
            sql!(
                "DELETE FROM username WHERE rests_until <= $1 AND key IN \
                 (SELECT key FROM username WHERE rests_until <= $1 LIMIT $2)"
            ),
            now,
        ),
        (
            sql!(
                "DELETE FROM skeleton WHERE skeleton IN (SELECT skeleton FROM skeleton WHERE taken_at < $1 \
                 AND NOT EXISTS (SELECT 1 FROM look WHERE look.skeleton = skeleton.skeleton) LIMIT $2)"
            ),
            now - KEEP_SKELETON,
        ),
        (sql!("DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 LIMIT $2)"), now - KEEP_AUDIT),
        (sql!("DELETE FROM control WHERE seq IN (SELECT seq FROM control WHERE at < $1 LIMIT $2)"), now - DAY),
        (
            sql!("DELETE FROM signing_key WHERE kid IN (SELECT kid FROM signing_key WHERE expires_at <= $1 LIMIT $2)"),
            now,
        ),
    ]
}

/// Mutes and bans that are over.
fn lifted(now: Timestamp) -> [(Sql, Timestamp); 2] {
    [
        (
            sql!(
                "DELETE FROM mute WHERE (room_id, account_id) IN \
                 (SELECT room_id, account_id FROM mute WHERE until <= $1 LIMIT $2)"
            ),
            now,
        ),
        (
            sql!(
                "DELETE FROM ban WHERE (room_id, account_id) IN \
                 (SELECT room_id, account_id FROM ban WHERE until <= $1 LIMIT $2)"
            ),
            now,
        ),
    ]
}
