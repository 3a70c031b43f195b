//! Whoever writes, as they stand in a room at the moment when their message takes its place there.

use std::collections::HashMap;

use parlour_model::{AccountId, AdminLevel, RoomId, Timestamp, Visibility};

use crate::database::{FromRow, Row, Sql, Tx};
use crate::room::Standing;
use crate::{Result, params, sql};

/// Why somebody may not write in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barred {
    /// They are kept out.
    Banned,
    /// They may read and not write, until then.
    Muted(Timestamp),
    /// It is private, and they are no member.
    Outsider,
}

/// Those who write, by their numbers. An account that is gone is not among them.
pub(crate) type Writers = HashMap<AccountId, Writer>;

/// Somebody who writes.
pub(crate) struct Writer {
    level: AdminLevel,
    standing: Standing,
    /// Whether only members may write.
    is_private: bool,
}

impl Writer {
    /// Why they may not, if that is so.
    pub(crate) fn barred(&self, at: Timestamp) -> Option<Barred> {
        let is_admin = self.level == AdminLevel::Admin;
        if self.is_private && !is_admin && self.standing.role.is_none() {
            return Some(Barred::Outsider);
        }
        if self.standing.is_banned(at) && !is_admin {
            return Some(Barred::Banned);
        }
        self.standing.muted(at).map(Barred::Muted)
    }
}

const ASKED: &str = "FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS BIGINT[])) AS asked (room_id, account_id) JOIN account ON account.id = asked.account_id ";

const ASKED_STANDING: &str = "LEFT JOIN mute ON mute.room_id = asked.room_id AND mute.account_id = account.id \
     LEFT JOIN ban ON ban.room_id = asked.room_id AND ban.account_id = account.id";

/// Nobody needs to be a member to write in a public room, and into a direct one only its two people come.
const OPEN: Sql = Sql::each(
    sql!(
        "SELECT account.id, account.admin_level, CAST(NULL AS TEXT), mute.until, ban.at, ban.until ",
        ASKED,
        ASKED_STANDING
    ),
    sql!(
        "SELECT account.id, account.admin_level, CAST(NULL AS TEXT), mute.until, ban.at, ban.until FROM account \
         LEFT JOIN mute ON mute.room_id = $1 AND mute.account_id = account.id \
         LEFT JOIN ban ON ban.room_id = $1 AND ban.account_id = account.id WHERE account.id = $2"
    ),
);

const PRIVATE: Sql = Sql::each(
    sql!(
        "SELECT account.id, account.admin_level, member.role, mute.until, ban.at, ban.until ",
        ASKED,
        "LEFT JOIN member ON member.room_id = asked.room_id AND member.account_id = account.id ",
        ASKED_STANDING
    ),
    sql!(
        "SELECT account.id, account.admin_level, member.role, mute.until, ban.at, ban.until FROM account \
         LEFT JOIN member ON member.room_id = $1 AND member.account_id = account.id \
         LEFT JOIN mute ON mute.room_id = $1 AND mute.account_id = account.id \
         LEFT JOIN ban ON ban.room_id = $1 AND ban.account_id = account.id WHERE account.id = $2"
    ),
);

/// Those of some accounts that still exist. The room is held, so that nobody's standing changes before what they write
/// has its place.
pub(crate) async fn writers(
    tx: &mut Tx<'_>,
    room: RoomId,
    visibility: Visibility,
    authors: impl Iterator<Item = AccountId>,
) -> Result<Writers> {
    let mut authors: Vec<AccountId> = authors.collect();
    authors.sort_unstable();
    authors.dedup();
    let is_private = visibility == Visibility::Private;
    let each = authors.into_iter().map(|author| params![room, author]).collect();
    let found: Vec<Found> = tx.all_of(if is_private { PRIVATE } else { OPEN }, each).await?;
    let writer = |Found { id, level, standing }| (id, Writer { level, standing, is_private });
    Ok(found.into_iter().map(writer).collect())
}

struct Found {
    id: AccountId,
    level: AdminLevel,
    standing: Standing,
}

impl FromRow for Found {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self { id: row.take()?, level: row.take()?, standing: Standing::from_row(row)? })
    }
}
