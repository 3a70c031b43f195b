//! Rooms: how far their logs have come, and who may do what there.

use parlour_model::{AccountId, Epoch, Power, Role, RoomId, RoomName, Seq, Timestamp, Visibility};

use crate::database::{FromRow, Row, Sql};
use crate::{Result, Store, params, sql};

/// A room and how far its log has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomHead {
    /// The room's number.
    pub id: RoomId,
    /// Its name as first written.
    pub name: String,
    /// Which life of the log the numbers belong to.
    pub epoch: Epoch,
    /// The last event's place; 0 while there is none.
    pub last_seq: Seq,
    /// How many seconds events are kept; `None` for good.
    pub retention_seconds: Option<i64>,
}

/// What decides who may read a room and write there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomRules {
    /// The room's number.
    pub id: RoomId,
    /// Who may read it.
    pub visibility: Visibility,
    /// Seconds between two messages of one person; 0 for none.
    pub slow_mode: i64,
    /// Whether it is gone, and only its name rests.
    pub is_gone: bool,
    /// Whether anybody is banned or muted there.
    pub is_moderated: bool,
}

/// How somebody stands in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Their role; `None` for who is no member.
    pub role: Option<Role>,
    /// Until when they may not write.
    pub muted_until: Option<Timestamp>,
    /// Until when they are kept out; the end of time for good.
    pub banned_until: Option<Timestamp>,
}

impl Standing {
    /// Whether they are kept out now.
    pub fn is_banned(&self, now: Timestamp) -> bool {
        self.banned_until.is_some_and(|until| until > now)
    }

    /// Until when they may not write, if that is so now.
    pub fn muted(&self, now: Timestamp) -> Option<Timestamp> {
        self.muted_until.filter(|until| *until > now)
    }

    /// How much they may do.
    pub fn power(&self, is_admin: bool, visibility: Visibility) -> Power {
        Power::of(self.role, is_admin, visibility)
    }
}

pub(crate) const ROOM_COLUMNS: &str = "id, name, epoch, last_seq, retention_seconds";

const BY_NAME: Sql = sql!("SELECT ", ROOM_COLUMNS, " FROM room WHERE name_key = $1 AND deleted_at IS NULL");

pub(crate) const STANDING: Sql = sql!(
    "SELECT member.role, mute.until, ban.at, ban.until FROM account \
     LEFT JOIN member ON member.room_id = $1 AND member.account_id = account.id \
     LEFT JOIN mute ON mute.room_id = $1 AND mute.account_id = account.id \
     LEFT JOIN ban ON ban.room_id = $1 AND ban.account_id = account.id WHERE account.id = $2"
);

impl Store {
    /// A room that has a log. A room where nobody has written yet has none, and one that is gone has none any more.
    pub async fn room(&self, name: &RoomName) -> Result<Option<RoomHead>> {
        self.db.get(BY_NAME, params![name.key()]).await
    }

    /// As [`Store::room`], with the time of its last event, unless that is not kept any more.
    pub async fn room_end(&self, name: &RoomName) -> Result<Option<(RoomHead, Option<Timestamp>)>> {
        let end = sql!(
            "SELECT ",
            ROOM_COLUMNS,
            ", (SELECT event.at FROM event WHERE event.room_id = room.id AND event.seq = room.last_seq) \
             FROM room WHERE name_key = $1 AND deleted_at IS NULL"
        );
        let end: Option<RoomEnd> = self.db.get(end, params![name.key()]).await?;
        Ok(end.map(|RoomEnd(head, at)| (head, at)))
    }

    /// Many rooms, each as [`Store::room`] has it, in the order asked for.
    pub async fn rooms(&self, names: &[RoomName]) -> Result<Vec<Option<RoomHead>>> {
        self.db.get_each(BY_NAME, names.iter().map(|name| params![name.key()]).collect()).await
    }

    /// What decides who may do what in a room; `None` while it has no row, because nobody has written there.
    pub async fn room_rules(&self, name: &RoomName) -> Result<Option<RoomRules>> {
        let rules = sql!(
            "SELECT id, visibility, slow_mode_seconds, deleted_at, \
             (SELECT COUNT(*) FROM (SELECT 1 FROM ban WHERE ban.room_id = room.id LIMIT 1) AS banned), \
             (SELECT COUNT(*) FROM (SELECT 1 FROM mute WHERE mute.room_id = room.id LIMIT 1) AS muted) \
             FROM room WHERE name_key = $1"
        );
        self.db.get(rules, params![name.key()]).await
    }

    /// How somebody stands in a room.
    pub async fn standing(&self, room: RoomId, account: AccountId) -> Result<Standing> {
        Ok(self.db.get(STANDING, params![room, account]).await?.unwrap_or_default())
    }
}

impl FromRow for RoomHead {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            name: row.take()?,
            epoch: row.take()?,
            last_seq: row.take()?,
            retention_seconds: row.take()?,
        })
    }
}

struct RoomEnd(RoomHead, Option<Timestamp>);

impl FromRow for RoomEnd {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self(RoomHead::from_row(row)?, row.take()?))
    }
}

impl FromRow for RoomRules {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        let (id, visibility, slow_mode) = (row.take()?, row.take()?, row.take()?);
        let is_gone = row.take::<Option<Timestamp>>()?.is_some();
        let is_moderated = row.take::<i64>()? + row.take::<i64>()? > 0;
        Ok(Self { id, visibility, slow_mode, is_gone, is_moderated })
    }
}

impl FromRow for Standing {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        let (role, muted_until) = (row.take()?, row.take()?);
        let banned_at: Option<Timestamp> = row.take()?;
        let until: Option<Timestamp> = row.take()?;
        let banned_until = banned_at.map(|_| until.unwrap_or(Timestamp(i64::MAX)));
        Ok(Self { role, muted_until, banned_until })
    }
}
