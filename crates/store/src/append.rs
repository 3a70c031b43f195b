//! Appending messages to a room's log: in one order for everybody, and once however often they are sent.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use parlour_model::{AccountId, RoomId, RoomName, Seq, Timestamp, Visibility};

use crate::database::{FromRow, Params, Row, Sql, Tx, storable};
use crate::event::IS_MESSAGE;
use crate::room::{ROOM_COLUMNS, RoomHead};
use crate::writer::{Barred, Writers, writers};
use crate::{Result, Store, params, sql};

/// A message to be appended.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Who wrote it. A message of an account that was deleted meanwhile takes its place without author and text.
    pub author: AccountId,
    /// What.
    pub text: String,
    /// The client's own key, by which a retry is known.
    pub key: Option<String>,
    /// The message that it answers.
    pub reply_to: Option<Seq>,
    /// When the server took it.
    pub at: Timestamp,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is in the log.
    New {
        /// Its place.
        seq: Seq,
        /// Its time.
        at: Timestamp,
    },
    /// Its author had sent the same text under the same key before, or has changed or taken away since what they sent.
    Repeat {
        /// The first one's place.
        seq: Seq,
        /// The first one's time.
        at: Timestamp,
    },
    /// Its author had sent another text under the same key.
    KeyConflict,
    /// There is no message that it could answer.
    NoSuchTarget,
    /// Its author may not write there.
    Barred(Barred),
}

impl Store {
    /// Appends messages in their order, all in one transaction, and makes the room when these are its first. Up to
    /// 64 at a time, and at least one, are meant. Returns the room as it is afterwards, and what became of each message;
    /// `None` when the room is gone.
    ///
    /// `messages` is asked once, when the transaction has its turn: whatever has gathered until then goes with it.
    /// Places are contiguous from 1, and whoever reads a place finds all before it. Whether their authors may write is
    /// looked at with the room held, so that nobody's message comes after the event that keeps them from writing.
    pub async fn append<F>(&self, room: &RoomName, messages: F) -> Result<Option<(RoomHead, Vec<Appended>)>>
    where
        F: FnOnce() -> Vec<NewMessage> + Send + 'static,
    {
        let (room, messages) = (room.clone(), LazyLock::new(messages));
        self.db.write(async move |tx| append_all(tx, &room, &messages).await).await
    }
}

async fn append_all(
    tx: &mut Tx<'_>,
    name: &RoomName,
    messages: &[NewMessage],
) -> Result<Option<(RoomHead, Vec<Appended>)>> {
    let Some(Claimed { mut room, visibility }) = claim(tx, name, messages).await? else { return Ok(None) };
    let claimed = room.last_seq;
    let known = known_keys(tx, room.id, messages).await?;
    let answered = answered(tx, room.id, messages).await?;
    let authors = writers(tx, room.id, visibility, messages.iter().map(|message| message.author)).await?;
    let mut log = Log { known, answered, last_seq: claimed - places(messages) };
    let texts: Vec<String> = messages.iter().map(|message| storable(&message.text)).collect();
    let place = |(message, text): (&NewMessage, &String)| log.place(message, text, &authors);
    let outcomes: Vec<Appended> = messages.iter().zip(&texts).map(place).collect();
    room.last_seq = log.last_seq;
    if room.last_seq < claimed {
        tx.run(sql!("UPDATE room SET last_seq = $2 WHERE id = $1"), params![room.id, room.last_seq]).await?;
    }
    tx.run_of(INSERT, rows(room.id, messages, &authors, &outcomes)).await?;
    Ok(Some((room, outcomes)))
}

/// How many places messages take at most.
const fn places(messages: &[NewMessage]) -> Seq {
    messages.len().cast_signed() as Seq
}

/// A room that is held, and who may read it.
struct Claimed {
    room: RoomHead,
    visibility: Visibility,
}

impl FromRow for Claimed {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self { room: RoomHead::from_row(row)?, visibility: row.take()? })
    }
}

/// The room with a place for each message, held so that nobody else appends to it before this transaction ends; made
/// when it is missing, and `None` when it is gone. What is not needed is given back in the same transaction: that is
/// rare, and this is one statement less for all others.
async fn claim(tx: &mut Tx<'_>, name: &RoomName, messages: &[NewMessage]) -> Result<Option<Claimed>> {
    let claim = sql!(
        "UPDATE room SET last_seq = last_seq + $2 WHERE name_key = $1 AND deleted_at IS NULL RETURNING ",
        ROOM_COLUMNS,
        ", visibility"
    );
    if let Some(room) = tx.get(claim, params![name.key(), places(messages)]).await? {
        return Ok(Some(room));
    }
    make(tx, name, messages.first().map_or(Timestamp(0), |message| message.at)).await?;
    tx.get(claim, params![name.key(), places(messages)]).await
}

/// Makes a room that its first message makes: everybody's, or that of two people when the name is reserved for them.
pub(crate) async fn make(tx: &mut Tx<'_>, name: &RoomName, now: Timestamp) -> Result<()> {
    // Its beginning tells this life of the log from that of a room of the same name in a lost future.
    let insert = sql!(
        "INSERT INTO room (name, name_key, visibility, epoch, last_seq, retention_seconds, created_at) \
         VALUES ($1, $2, $3, $4, 0, NULL, $4) ON CONFLICT (name_key) DO NOTHING"
    );
    let pair = name.pair();
    let visibility = if name.is_direct() { Visibility::Direct } else { Visibility::Public };
    tx.run(insert, params![name.as_str(), name.key(), visibility, now]).await?;
    if let Some((low, high)) = pair {
        let both = sql!(
            "INSERT INTO member (room_id, account_id, role, joined_at) \
             SELECT room.id, account.id, 'member', room.created_at FROM room CROSS JOIN account \
             WHERE room.name_key = $1 AND account.id IN ($2, $3) ON CONFLICT (room_id, account_id) DO NOTHING"
        );
        tx.run(both, params![name.key(), low, high]).await?;
    }
    Ok(())
}

type Key = (AccountId, String);

/// What was sent under a key.
struct Known {
    text: String,
    /// Whether it was changed or taken away: then nobody knows any more what was sent.
    changed: bool,
    seq: Seq,
    at: Timestamp,
}

/// The end of a log, as a batch grows it.
struct Log {
    known: HashMap<Key, Known>,
    /// The messages that can be answered, of those that are.
    answered: HashSet<Seq>,
    last_seq: Seq,
}

impl Log {
    fn place(&mut self, message: &NewMessage, text: &str, authors: &Writers) -> Appended {
        let key = key_of(message);
        if let Some(known) = key.as_ref().and_then(|key| self.known.get(key)) {
            return if known.changed || known.text == text {
                Appended::Repeat { seq: known.seq, at: known.at }
            } else {
                Appended::KeyConflict
            };
        }
        if let Some(barred) = authors.get(&message.author).and_then(|author| author.barred(message.at)) {
            return Appended::Barred(barred);
        }
        if message.reply_to.is_some_and(|target| !self.answered.contains(&target)) {
            return Appended::NoSuchTarget;
        }
        self.last_seq += 1;
        let (seq, at) = (self.last_seq, message.at);
        if let Some(key) = key {
            // The same key may come again in this batch.
            self.known.insert(key, Known { text: text.to_owned(), changed: false, seq, at });
        }
        Appended::New { seq, at }
    }
}

fn key_of(message: &NewMessage) -> Option<Key> {
    message.key.as_ref().map(|key| (message.author, storable(key)))
}

/// Whose and which key, the text, when it was changed or taken away, the place and the time.
type KnownRow = (AccountId, String, String, Option<Timestamp>, Seq, Timestamp);

const KNOWN: Sql = Sql::each(
    sql!(
        "SELECT event.author_id, event.client_key, event.text, COALESCE(event.edited_at, event.erased_at), event.seq, event.at \
         FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS BIGINT[]), CAST($3 AS TEXT[])) AS asked (room_id, author_id, client_key) \
         JOIN event ON event.room_id = asked.room_id AND event.author_id = asked.author_id \
         AND event.client_key = asked.client_key"
    ),
    sql!(
        "SELECT author_id, client_key, text, COALESCE(edited_at, erased_at), seq, at FROM event \
         WHERE room_id = $1 AND author_id = $2 AND client_key = $3"
    ),
);

/// What the room's log holds under the keys of a batch.
async fn known_keys(tx: &mut Tx<'_>, room: RoomId, messages: &[NewMessage]) -> Result<HashMap<Key, Known>> {
    let keys = messages.iter().filter_map(key_of);
    let each = keys.map(|(author, key)| params![room, author, key]).collect();
    let found: Vec<KnownRow> = tx.all_of(KNOWN, each).await?;
    let known = found.into_iter().map(|(author, key, text, changed, seq, at)| {
        ((author, key), Known { text, changed: changed.is_some(), seq, at })
    });
    Ok(known.collect())
}

/// Those messages that a batch answers and that can be answered. Most batches answer none and ask nothing.
async fn answered(tx: &mut Tx<'_>, room: RoomId, messages: &[NewMessage]) -> Result<HashSet<Seq>> {
    let targets: Vec<Params> =
        messages.iter().filter_map(|message| message.reply_to).map(|target| params![room, target]).collect();
    if targets.is_empty() {
        return Ok(HashSet::new());
    }
    let find = sql!("SELECT seq FROM event WHERE room_id = $1 AND seq = $2 AND ", IS_MESSAGE);
    let found: Vec<Option<(Seq,)>> = tx.get_each(find, targets).await?;
    Ok(found.into_iter().flatten().map(|(seq,)| seq).collect())
}

const INSERT: Sql = Sql::each(
    sql!(
        "INSERT INTO event (room_id, seq, kind, author_id, text, client_key, at, reply_to) \
         SELECT room_id, seq, 'message', author_id, text, client_key, at, reply_to FROM \
         unnest(CAST($1 AS BIGINT[]), CAST($2 AS BIGINT[]), CAST($3 AS BIGINT[]), CAST($4 AS TEXT[]), CAST($5 AS TEXT[]), \
         CAST($6 AS BIGINT[]), CAST($7 AS BIGINT[])) AS new (room_id, seq, author_id, text, client_key, at, reply_to)"
    ),
    sql!(
        "INSERT INTO event (room_id, seq, kind, author_id, text, client_key, at, reply_to) \
         VALUES ($1, $2, 'message', $3, $4, $5, $6, $7)"
    ),
);

/// What [`INSERT`] takes of those messages that are new.
fn rows(room: RoomId, messages: &[NewMessage], authors: &Writers, outcomes: &[Appended]) -> Vec<Params> {
    let row = |message: &NewMessage, seq: Seq| -> Params {
        if authors.contains_key(&message.author) {
            params![room, seq, message.author, &message.text, message.key.as_ref(), message.at, message.reply_to]
        } else {
            params![room, seq, None::<AccountId>, "", None::<&str>, message.at, None::<Seq>]
        }
    };
    let placed = messages.iter().zip(outcomes);
    placed
        .filter_map(|(message, outcome)| match outcome {
            Appended::New { seq, .. } => Some(row(message, *seq)),
            Appended::Repeat { .. } | Appended::KeyConflict | Appended::NoSuchTarget | Appended::Barred(_) => None,
        })
        .collect()
}
