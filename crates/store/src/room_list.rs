//! Rooms as somebody sees them: with their own place in them, and what is new.

use parlour_model::{AccountId, Epoch, Role, RoomId, RoomName, Seq, Timestamp, Visibility};

use crate::database::{FromRow, Params, Row, Sql};
use crate::people::end_of;
use crate::{Result, Store, params, sql};

/// A room as somebody sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomView {
    /// Its number.
    pub id: RoomId,
    /// Its name as first written.
    pub name: String,
    /// Who may read it.
    pub visibility: Visibility,
    /// What it is about.
    pub topic: String,
    /// Seconds between two messages of one person; 0 for none.
    pub slow_mode: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Which life of its log this is.
    pub epoch: Epoch,
    /// How far its log has come.
    pub last_seq: Seq,
    /// How many members it has.
    pub members: i64,
    /// The viewer's role; `None` for who is no member.
    pub role: Option<Role>,
    /// Until when the viewer may not write, if that was ever said.
    pub muted_until: Option<Timestamp>,
    /// How far the viewer has read.
    pub read_seq: Option<Seq>,
    /// How many messages of others came after that; 100 stands for more.
    pub unread: i64,
    /// The last message that can be shown to the viewer.
    pub last_message: Option<Seq>,
}

const VIEW: Sql = sql!(
    "SELECT room.id, room.name, room.visibility, room.topic, room.slow_mode_seconds, room.created_at, room.epoch, \
     room.last_seq, (SELECT COUNT(*) FROM member WHERE member.room_id = room.id), me.role, mute.until, read.seq, \
     (SELECT COUNT(*) FROM (SELECT 1 FROM event WHERE event.room_id = room.id AND event.seq > COALESCE(read.seq, 0) \
     AND event.kind = 'message' AND event.erased_at IS NULL AND event.author_id <> $2 LIMIT 100) AS unread), \
     (SELECT event.seq FROM event WHERE event.room_id = room.id AND event.kind = 'message' \
     AND event.erased_at IS NULL AND event.author_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ban \
     WHERE ban.room_id = room.id AND ban.account_id = $2 AND (ban.until IS NULL OR ban.until > $3)) \
     ORDER BY event.seq DESC LIMIT 1) \
     FROM room LEFT JOIN member AS me ON me.room_id = room.id AND me.account_id = $2 \
     LEFT JOIN mute ON mute.room_id = room.id AND mute.account_id = $2 \
     LEFT JOIN read_position AS read ON read.room_id = room.id AND read.account_id = $2 \
     WHERE room.id = $1 AND room.deleted_at IS NULL"
);

impl Store {
    /// Rooms as somebody sees them now, or a guest (`AccountId(0)`); those that are gone are left out. Whoever is kept out
    /// of a room is not shown what was said there.
    pub async fn room_views(&self, rooms: &[RoomId], viewer: AccountId, now: Timestamp) -> Result<Vec<RoomView>> {
        let each: Vec<Params> = rooms.iter().map(|room| params![*room, viewer, now]).collect();
        Ok(self.db.get_each(VIEW, each).await?.into_iter().flatten().collect())
    }

    /// Up to `limit` rooms of somebody and the time of what happened last in each, the last active first, after that
    /// time and room. The lobby is everybody's.
    pub async fn rooms_of(
        &self,
        account: AccountId,
        after: (Timestamp, RoomId),
        limit: i64,
    ) -> Result<Vec<(RoomId, Timestamp)>> {
        let mine = sql!(
            "SELECT mine.id, mine.active_at FROM (SELECT room.id, COALESCE(event.at, room.created_at) AS active_at \
             FROM (SELECT room_id FROM member WHERE account_id = $1 \
             UNION SELECT id FROM room WHERE name_key = 'lobby') AS place \
             JOIN room ON room.id = place.room_id \
             LEFT JOIN event ON event.room_id = room.id AND event.seq = room.last_seq \
             WHERE room.deleted_at IS NULL) AS mine \
             WHERE mine.active_at < $2 OR (mine.active_at = $2 AND mine.id < $3) \
             ORDER BY mine.active_at DESC, mine.id DESC LIMIT $4"
        );
        self.db.all(mine, params![account, after.0, after.1, limit]).await
    }

    /// Up to `limit` public rooms whose names begin so, after the key of a name, by their names' keys.
    pub async fn public_rooms(&self, prefix: &str, after: &str, limit: i64) -> Result<Vec<(RoomId, String)>> {
        let named = sql!(
            "SELECT id, name_key FROM room WHERE visibility = 'public' AND deleted_at IS NULL \
             AND name_key >= $1 AND name_key < $2 AND name_key > $3 ORDER BY name_key LIMIT $4"
        );
        self.db.all(named, params![prefix, end_of(prefix), after, limit]).await
    }

    /// How many accounts there are: the members of the lobby.
    pub async fn count_accounts(&self) -> Result<i64> {
        let count: Option<(i64,)> = self.db.all(sql!("SELECT COUNT(*) FROM account"), params![]).await?.pop();
        Ok(count.map_or(0, |(count,)| count))
    }

    /// The number of a room that is there.
    pub async fn room_number(&self, name: &RoomName) -> Result<Option<RoomId>> {
        let find = sql!("SELECT id FROM room WHERE name_key = $1 AND deleted_at IS NULL");
        let found: Option<(RoomId,)> = self.db.get(find, params![name.key()]).await?;
        Ok(found.map(|(id,)| id))
    }
}

impl FromRow for RoomView {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            name: row.take()?,
            visibility: row.take()?,
            topic: row.take()?,
            slow_mode: row.take()?,
            created_at: row.take()?,
            epoch: row.take()?,
            last_seq: row.take()?,
            members: row.take()?,
            role: row.take()?,
            muted_until: row.take()?,
            read_seq: row.take()?,
            unread: row.take()?,
            last_message: row.take()?,
        })
    }
}
