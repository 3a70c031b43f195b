//! Searching what was said. The log is the truth; the words are derived from it, room by room, behind its end.

use std::collections::BTreeSet;

use parlour_model::{AccountId, RoomId, Seq, Timestamp, words};

use crate::database::{Database, Params, Sql, Tx};
use crate::{Result, Store, params, sql};

/// The most events whose words are written in one transaction.
const STEP: i64 = 64;

/// What makes the word that every message of a room has: no text that anybody writes has this character in a word.
const ROOM_MARK: char = '\u{e000}';

/// What is searched for, and by whom.
#[derive(Clone, Debug)]
pub struct Search {
    /// The beginnings of words that all must be there, as [`words`] has them; at least one.
    pub words: Vec<String>,
    /// In this room only.
    pub room: Option<RoomId>,
    /// Who asks. Nothing is found that they may not read.
    pub viewer: AccountId,
    /// Whether they may read private rooms that they are no member of.
    pub sees_private: bool,
    /// Only what became known before this number.
    pub before: i64,
    /// How many are wanted at most.
    pub limit: i64,
    /// When.
    pub now: Timestamp,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its number among those that are known to the search; the newest has the highest.
    pub id: i64,
    /// Its room.
    pub room: RoomId,
    /// The room's name.
    pub name: String,
    /// Its place in the log.
    pub seq: Seq,
}

const FOUND: &str = "SELECT search_entry.id, room.id, room.name, search_entry.seq FROM event_text ";

/// What the viewer may read. What was taken away is not found, even before its words are forgotten.
const READABLE: &str = "room.deleted_at IS NULL AND event.kind = 'message' AND event.erased_at IS NULL \
     AND event.author_id IS NOT NULL AND (CAST($4 AS BIGINT) = 0 OR room.id = $4) \
     AND ((room.visibility = 'public' AND NOT EXISTS (SELECT 1 FROM ban WHERE ban.room_id = room.id \
     AND ban.account_id = $5 AND (ban.until IS NULL OR ban.until > $7))) \
     OR (room.visibility = 'private' AND CAST($6 AS BIGINT) = 1) \
     OR EXISTS (SELECT 1 FROM member WHERE member.room_id = room.id AND member.account_id = $5)) ";

/// The order of the joins is said to SQLite: it begins with the words, and stops when it has enough.
const SEARCH: Sql = Sql::each(
    sql!(
        FOUND,
        "JOIN search_entry ON search_entry.id = event_text.id JOIN room ON room.id = search_entry.room_id \
         JOIN event ON event.room_id = search_entry.room_id AND event.seq = search_entry.seq \
         WHERE event_text.words @@ CAST(CAST($1 AS TEXT) AS TSQUERY) AND event_text.id < $2 AND ",
        READABLE,
        "ORDER BY event_text.id DESC LIMIT $3"
    ),
    sql!(
        FOUND,
        "CROSS JOIN search_entry ON search_entry.id = event_text.rowid \
         CROSS JOIN room ON room.id = search_entry.room_id \
         CROSS JOIN event ON event.room_id = search_entry.room_id AND event.seq = search_entry.seq \
         WHERE event_text MATCH $1 AND event_text.rowid < $2 AND ",
        READABLE,
        "ORDER BY event_text.rowid DESC LIMIT $3"
    ),
);

const WRITE: Sql = Sql::each(
    sql!(
        "INSERT INTO event_text (id, words) \
         VALUES ($1, array_to_tsvector(string_to_array(CAST($2 AS TEXT), ' '))) ON CONFLICT (id) DO NOTHING"
    ),
    sql!("INSERT INTO event_text (rowid, words) VALUES ($1, $2)"),
);

impl Store {
    /// What was said with these words, the newest first.
    pub async fn search(&self, search: Search) -> Result<Vec<Hit>> {
        let pattern = match &self.db {
            Database::Sqlite(_) => pattern(&search, |word| format!("\"{word}\""), "*", " "),
            Database::Postgres(_) => pattern(&search, |word| format!("'{word}'"), ":*", " & "),
        };
        let params = params![
            pattern,
            search.before,
            search.limit,
            search.room.unwrap_or(RoomId(0)),
            search.viewer,
            i64::from(search.sees_private),
            search.now
        ];
        let rows: Vec<(i64, RoomId, String, Seq)> = self.db.all(SEARCH, params).await?;
        Ok(rows.into_iter().map(|(id, room, name, seq)| Hit { id, room, name, seq }).collect())
    }

    /// Rooms with events whose words are not known.
    pub async fn rooms_to_index(&self) -> Result<Vec<RoomId>> {
        let behind = sql!("SELECT id FROM room WHERE indexed_seq < last_seq AND deleted_at IS NULL");
        let rows: Vec<(RoomId,)> = self.db.all(behind, params![]).await?;
        Ok(rows.into_iter().map(|(room,)| room).collect())
    }

    /// Makes the words of a room's next events known, some at a time; whether there are more. Edits and deletions are
    /// events, too: what they are about is made known anew, or forgotten.
    pub async fn index_room(&self, room: RoomId) -> Result<bool> {
        self.db.write(async move |tx| index(tx, room).await).await
    }
}

fn pattern(search: &Search, quoted: impl Fn(&str) -> String, beginning: &str, and: &str) -> String {
    let words = search.words.iter().map(|word| quoted(word) + beginning);
    let room = search.room.map(|room| quoted(&mark(room)));
    room.into_iter().chain(words).collect::<Vec<_>>().join(and)
}

/// The word that every message of a room has.
fn mark(room: RoomId) -> String {
    format!("{ROOM_MARK}{}", room.0)
}

/// An event of the log as far as the search is concerned: its place, its kind, and the message that it is about.
type Entry = (Seq, String, Option<Seq>);

/// The room itself is held last, for its new number alone: whoever writes there does not wait for the words of others.
async fn index(tx: &mut Tx<'_>, room: RoomId) -> Result<bool> {
    tx.lock_words(room.0).await?;
    let known = sql!("SELECT indexed_seq FROM room WHERE id = $1 AND deleted_at IS NULL");
    let Some((known,)) = tx.get::<(Seq,)>(known, params![room]).await? else { return Ok(false) };
    let next = sql!("SELECT seq, kind, target_seq FROM event WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3");
    let entries: Vec<Entry> = tx.all(next, params![room, known, STEP]).await?;
    let Some((last, _, _)) = entries.last() else { return Ok(false) };
    let mut forgotten = Vec::new();
    // In the order of the log, and each message once.
    let mut messages = BTreeSet::new();
    for (seq, kind, target) in &entries {
        match (kind.as_str(), target) {
            ("message", _) => {
                messages.insert(*seq);
            }
            ("edited" | "deleted", Some(target)) => {
                forgotten.push(params![room, *target]);
                messages.insert(*target);
            }
            _ => {}
        }
    }
    let forget = sql!("DELETE FROM search_entry WHERE room_id = $1 AND seq = $2");
    tx.run_all(forgotten.into_iter().map(|params| (forget, params)).collect()).await?;
    let places: Vec<Params> = messages.into_iter().map(|seq| params![room, seq]).collect();
    know(tx, room, places).await?;
    tx.run(sql!("UPDATE room SET indexed_seq = $2 WHERE id = $1"), params![room, *last]).await?;
    Ok(i64::try_from(entries.len()).is_ok_and(|count| count == STEP))
}

/// Makes the words known of those messages that can be shown.
async fn know(tx: &mut Tx<'_>, room: RoomId, places: Vec<Params>) -> Result<()> {
    let read = sql!(
        "SELECT seq, text FROM event WHERE room_id = $1 AND seq = $2 AND kind = 'message' AND erased_at IS NULL \
         AND author_id IS NOT NULL"
    );
    let texts: Vec<Option<(Seq, String)>> = tx.get_each(read, places).await?;
    let texts: Vec<(Seq, String)> = texts.into_iter().flatten().collect();
    let enter = sql!(
        "INSERT INTO search_entry (room_id, seq) VALUES ($1, $2) ON CONFLICT (room_id, seq) DO NOTHING RETURNING id"
    );
    let each = texts.iter().map(|(seq, _)| params![room, *seq]).collect();
    let ids: Vec<Option<(i64,)>> = tx.get_each(enter, each).await?;
    let written = ids.into_iter().zip(texts).filter_map(|(id, (_, text))| {
        let words = [vec![mark(room)], words(&text)].concat().join(" ");
        id.map(|(id,)| (WRITE, params![id, words]))
    });
    tx.run_all(written.collect()).await?;
    Ok(())
}
