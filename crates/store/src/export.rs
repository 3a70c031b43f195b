//! Everything that is kept about a person, a page at a time.
//!
//! What has a page of its own is asked for with where the last one ended; what is few by its nature comes whole.

use parlour_model::{AccountId, RoomId, Seq, Session, Timestamp};

use crate::database::{FromRow, Row};
use crate::session::SESSION_COLUMNS;
use crate::{Result, Store, params, sql};

/// A room by its number and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRoom {
    /// Its number.
    pub id: RoomId,
    /// Its name.
    pub name: String,
}

/// A session, whether it stands or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSession {
    /// It.
    pub session: Session,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

/// A message of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptMessage {
    /// Its place in the room's log.
    pub seq: Seq,
    /// When it was taken.
    pub at: Timestamp,
    /// As it reads now.
    pub text: String,
    /// The client's own name for it.
    pub key: Option<String>,
    /// What it answers.
    pub reply_to: Option<Seq>,
    /// When it got this text.
    pub edited_at: Option<Timestamp>,
}

/// What somebody is, may or must in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptInRoom {
    /// Where.
    pub room: NamedRoom,
    /// A word about it: a role, a reason, a username.
    pub word: String,
    /// A number about it.
    pub seq: Option<Seq>,
    /// Since when.
    pub at: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
}

/// What is kept about somebody in rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InRooms {
    /// Rooms they are a member of, with their role.
    Member,
    /// Rooms they are kept out of, with the reason.
    Ban,
    /// Rooms they may not write in.
    Mute,
    /// Rooms they are invited to, with who invited them.
    Invited,
    /// How far they have read.
    Read,
}

impl Store {
    /// The addresses that somebody has asked to be proven, with when that was, and when they were.
    pub async fn kept_addresses(&self, id: AccountId) -> Result<Vec<(String, Timestamp, Option<Timestamp>)>> {
        let addresses =
            sql!("SELECT email, created_at, verified_at FROM verification WHERE account_id = $1 ORDER BY created_at");
        self.db.all(addresses, params![id]).await
    }

    /// The names that are somebody's, with until when those rest that they gave up.
    pub async fn kept_names(&self, id: AccountId) -> Result<Vec<(String, Option<Timestamp>)>> {
        let names = sql!("SELECT text, rests_until FROM username WHERE account_id = $1 ORDER BY key");
        self.db.all(names, params![id]).await
    }

    /// The sources that somebody is known to come from, with when that was last.
    pub async fn kept_sources(&self, id: AccountId) -> Result<Vec<(String, Timestamp)>> {
        let sources = sql!("SELECT source, used_at FROM known_source WHERE account_id = $1 ORDER BY used_at");
        self.db.all(sources, params![id]).await
    }

    /// When somebody was mailed resets of their password, and when those were used or void.
    pub async fn kept_resets(&self, id: AccountId) -> Result<Vec<(Timestamp, Option<Timestamp>)>> {
        let resets = sql!("SELECT created_at, used_at FROM password_reset WHERE account_id = $1 ORDER BY created_at");
        self.db.all(resets, params![id]).await
    }

    /// Sessions of somebody with higher numbers than `after`.
    pub async fn kept_sessions(&self, id: AccountId, after: i64, limit: i64) -> Result<Vec<KeptSession>> {
        let sessions = sql!(
            "SELECT ",
            SESSION_COLUMNS,
            ", ended_at FROM session WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3"
        );
        self.db.all(sessions, params![id, after, limit]).await
    }

    /// What is kept about somebody in rooms with higher numbers than `after`.
    pub async fn kept_in_rooms(
        &self,
        kind: InRooms,
        id: AccountId,
        after: RoomId,
        limit: i64,
    ) -> Result<Vec<KeptInRoom>> {
        let page = match kind {
            InRooms::Member => sql!(
                "SELECT room.id, room.name, member.role, CAST(NULL AS BIGINT), member.joined_at, CAST(NULL AS BIGINT) \
                 FROM member JOIN room ON room.id = member.room_id \
                 WHERE member.account_id = $1 AND member.room_id > $2 ORDER BY member.room_id LIMIT $3"
            ),
            InRooms::Ban => sql!(
                "SELECT room.id, room.name, ban.reason, CAST(NULL AS BIGINT), ban.at, ban.until \
                 FROM ban JOIN room ON room.id = ban.room_id \
                 WHERE ban.account_id = $1 AND ban.room_id > $2 ORDER BY ban.room_id LIMIT $3"
            ),
            InRooms::Mute => sql!(
                "SELECT room.id, room.name, '', CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), mute.until FROM mute JOIN room ON room.id = mute.room_id \
                 WHERE mute.account_id = $1 AND mute.room_id > $2 ORDER BY mute.room_id LIMIT $3"
            ),
            InRooms::Invited => sql!(
                "SELECT room.id, room.name, COALESCE(inviter.username, ''), CAST(NULL AS BIGINT), invitation.at, CAST(NULL AS BIGINT) \
                 FROM invitation JOIN room ON room.id = invitation.room_id \
                 LEFT JOIN account AS inviter ON inviter.id = invitation.by_id \
                 WHERE invitation.account_id = $1 AND invitation.room_id > $2 ORDER BY invitation.room_id LIMIT $3"
            ),
            InRooms::Read => sql!(
                "SELECT room.id, room.name, '', read_position.seq, read_position.at, CAST(NULL AS BIGINT) \
                 FROM read_position JOIN room ON room.id = read_position.room_id \
                 WHERE read_position.account_id = $1 AND read_position.room_id > $2 \
                 ORDER BY read_position.room_id LIMIT $3"
            ),
        };
        self.db.all(page, params![id, after, limit]).await
    }

    /// Rooms with higher numbers than `after` in which somebody has written or reacted.
    pub async fn kept_rooms(&self, id: AccountId, after: RoomId, limit: i64) -> Result<Vec<NamedRoom>> {
        let rooms = sql!(
            "SELECT id, name FROM room WHERE id > $2 AND (EXISTS (SELECT 1 FROM event \
             WHERE event.author_id = $1 AND event.room_id = room.id) OR EXISTS (SELECT 1 FROM reaction \
             WHERE reaction.account_id = $1 AND reaction.room_id = room.id)) ORDER BY id LIMIT $3"
        );
        self.db.all(rooms, params![id, after, limit]).await
    }

    /// Messages of somebody in a room after `after`, as they read now.
    pub async fn kept_messages(&self, id: AccountId, room: RoomId, after: Seq, limit: i64) -> Result<Vec<KeptMessage>> {
        let messages = sql!(
            "SELECT seq, at, text, client_key, reply_to, edited_at FROM event \
             WHERE author_id = $1 AND room_id = $2 AND seq > $3 AND kind = 'message' AND erased_at IS NULL \
             ORDER BY seq LIMIT $4"
        );
        self.db.all(messages, params![id, room, after, limit]).await
    }

    /// Reactions of somebody in a room after one to this message with this emoji: message, emoji, time.
    pub async fn kept_reactions(
        &self,
        id: AccountId,
        room: RoomId,
        (seq, emoji): (Seq, String),
        limit: i64,
    ) -> Result<Vec<(Seq, String, Timestamp)>> {
        let reactions = sql!(
            "SELECT seq, emoji, at FROM reaction WHERE account_id = $1 AND room_id = $2 \
             AND (seq > $3 OR (seq = $3 AND emoji > $4)) ORDER BY seq, emoji LIMIT $5"
        );
        self.db.all(reactions, params![id, room, seq, emoji, limit]).await
    }
}

impl FromRow for NamedRoom {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self { id: row.take()?, name: row.take()? })
    }
}

impl FromRow for KeptSession {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self { session: Session::from_row(row)?, ended_at: row.take()? })
    }
}

impl FromRow for KeptMessage {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            seq: row.take()?,
            at: row.take()?,
            text: row.take()?,
            key: row.take()?,
            reply_to: row.take()?,
            edited_at: row.take()?,
        })
    }
}

impl FromRow for KeptInRoom {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            room: NamedRoom::from_row(row)?,
            word: row.take()?,
            seq: row.take()?,
            at: row.take()?,
            until: row.take()?,
        })
    }
}
