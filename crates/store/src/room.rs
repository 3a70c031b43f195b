//! Rooms and their logs: appending in one order for everybody, reading back.

use std::collections::HashMap;
use std::sync::LazyLock;

use parlour_model::{AccountId, Author, Epoch, Event, EventBody, RoomId, RoomName, Seq, Timestamp};

use crate::database::{FromRow, Params, Row, Sql, Statement, Tx, storable};
use crate::{Error, Result, Store, params, sql};

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

/// A message to be appended.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Who wrote it. A message of an account that was deleted meanwhile takes its place without author and text.
    pub author: AccountId,
    /// What.
    pub text: String,
    /// The client's own key, by which a retry is known.
    pub key: Option<String>,
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
    /// Its author had sent the same text under the same key before.
    Repeat {
        /// The first one's place.
        seq: Seq,
        /// The first one's time.
        at: Timestamp,
    },
    /// Its author had sent another text under the same key.
    KeyConflict,
}

const ROOM_COLUMNS: &str = "id, name, epoch, last_seq, retention_seconds";

const BY_NAME: Sql = sql!("SELECT ", ROOM_COLUMNS, " FROM room WHERE name_key = $1");

impl Store {
    /// A room that has a log. A room where nobody has written yet has none.
    pub async fn room(&self, name: &RoomName) -> Result<Option<RoomHead>> {
        self.db.get(BY_NAME, params![name.key()]).await
    }

    /// Many rooms, each as [`Store::room`] has it, in the order asked for.
    pub async fn rooms(&self, names: &[RoomName]) -> Result<Vec<Option<RoomHead>>> {
        self.db.get_each(BY_NAME, names.iter().map(|name| params![name.key()]).collect()).await
    }

    /// Appends messages in their order, all in one transaction, and makes the room when these are its first. Up to
    /// 64 at a time, and at least one, are meant. Returns the room as it is afterwards, and what became of each message.
    ///
    /// `messages` is asked once, when the transaction has its turn: whatever has gathered until then goes with it.
    /// Places are contiguous from 1, and whoever reads a place finds all before it.
    pub async fn append<F>(&self, room: &RoomName, messages: F) -> Result<(RoomHead, Vec<Appended>)>
    where
        F: FnOnce() -> Vec<NewMessage> + Send + 'static,
    {
        let (room, messages) = (room.clone(), LazyLock::new(messages));
        self.db.write(async move |tx| append_all(tx, &room, &messages).await).await
    }

    /// Up to `limit` events after `after`, in order, their authors under the names they have now.
    pub async fn history(&self, room: RoomId, after: Seq, limit: i64) -> Result<Vec<Event>> {
        let page = sql!(
            "SELECT event.seq, event.at, event.text, event.client_key, account.id, account.username \
             FROM event LEFT JOIN account ON account.id = event.author_id \
             WHERE event.room_id = $1 AND event.seq > $2 ORDER BY event.seq LIMIT $3"
        );
        self.db.all(page, params![room, after, limit]).await
    }
}

async fn append_all(tx: &mut Tx<'_>, name: &RoomName, messages: &[NewMessage]) -> Result<(RoomHead, Vec<Appended>)> {
    let mut room = claim(tx, name, messages).await?;
    let claimed = room.last_seq;
    let mut log = Log { known: known_keys(tx, room.id, messages).await?, last_seq: claimed - places(messages) };
    let texts: Vec<String> = messages.iter().map(|message| storable(&message.text)).collect();
    let outcomes: Vec<Appended> = messages.iter().zip(&texts).map(|(message, text)| log.place(message, text)).collect();
    room.last_seq = log.last_seq;
    let authors = living(tx, messages).await?;
    let mut work = inserts(room.id, messages, &authors, &outcomes);
    if room.last_seq < claimed {
        let give_back = sql!("UPDATE room SET last_seq = $2 WHERE id = $1");
        work.push((give_back, params![room.id, room.last_seq]));
    }
    tx.run_all(work).await?;
    Ok((room, outcomes))
}

/// How many places messages take at most.
const fn places(messages: &[NewMessage]) -> Seq {
    messages.len().cast_signed() as Seq
}

/// The room with a place for each message, held so that nobody else appends to it before this transaction ends; made
/// when it is missing. What is not needed is given back in the same transaction: that is rare, and this is one
/// statement less for all others.
async fn claim(tx: &mut Tx<'_>, name: &RoomName, messages: &[NewMessage]) -> Result<RoomHead> {
    let claim = sql!("UPDATE room SET last_seq = last_seq + $2 WHERE name_key = $1 RETURNING ", ROOM_COLUMNS);
    if let Some(room) = tx.get(claim, params![name.key(), places(messages)]).await? {
        return Ok(room);
    }
    // Its beginning tells this life of the log from that of a room of the same name in a lost future.
    let insert = sql!(
        "INSERT INTO room (name, name_key, visibility, epoch, last_seq, retention_seconds, created_at) \
         VALUES ($1, $2, 'public', $3, 0, NULL, $3) ON CONFLICT (name_key) DO NOTHING"
    );
    let now = messages.first().map_or(Timestamp(0), |message| message.at);
    tx.run(insert, params![name.as_str(), name.key(), now]).await?;
    let room = tx.get(claim, params![name.key(), places(messages)]).await?;
    room.ok_or_else(|| Error::failed("a room that was just made is gone"))
}

type Key = (AccountId, String);

/// What was sent under a key.
struct Known {
    text: String,
    seq: Seq,
    at: Timestamp,
}

/// The end of a log, as a batch grows it.
struct Log {
    known: HashMap<Key, Known>,
    last_seq: Seq,
}

impl Log {
    fn place(&mut self, message: &NewMessage, text: &str) -> Appended {
        let key = key_of(message);
        if let Some(known) = key.as_ref().and_then(|key| self.known.get(key)) {
            return if known.text == text {
                Appended::Repeat { seq: known.seq, at: known.at }
            } else {
                Appended::KeyConflict
            };
        }
        self.last_seq += 1;
        let (seq, at) = (self.last_seq, message.at);
        if let Some(key) = key {
            // The same key may come again in this batch.
            self.known.insert(key, Known { text: text.to_owned(), seq, at });
        }
        Appended::New { seq, at }
    }
}

fn key_of(message: &NewMessage) -> Option<Key> {
    message.key.as_ref().map(|key| (message.author, storable(key)))
}

/// What the room's log holds under the keys of a batch.
async fn known_keys(tx: &mut Tx<'_>, room: RoomId, messages: &[NewMessage]) -> Result<HashMap<Key, Known>> {
    let keys: Vec<Key> = messages.iter().filter_map(key_of).collect();
    let find = sql!("SELECT text, seq, at FROM event WHERE room_id = $1 AND author_id = $2 AND client_key = $3");
    let each = keys.iter().map(|(author, key)| params![room, *author, key]).collect();
    let found: Vec<Option<(String, Seq, Timestamp)>> = tx.get_each(find, each).await?;
    let known = keys.into_iter().zip(found);
    Ok(known.filter_map(|(key, found)| found.map(|(text, seq, at)| (key, Known { text, seq, at }))).collect())
}

/// Those authors of a batch that still exist.
async fn living(tx: &mut Tx<'_>, messages: &[NewMessage]) -> Result<Vec<AccountId>> {
    let mut authors: Vec<AccountId> = messages.iter().map(|message| message.author).collect();
    authors.sort_unstable();
    authors.dedup();
    let each = authors.into_iter().map(|author| params![author]).collect();
    let found: Vec<Option<(AccountId,)>> = tx.get_each(sql!("SELECT id FROM account WHERE id = $1"), each).await?;
    Ok(found.into_iter().flatten().map(|(author,)| author).collect())
}

fn inserts(room: RoomId, messages: &[NewMessage], living: &[AccountId], outcomes: &[Appended]) -> Vec<Statement> {
    let insert = sql!(
        "INSERT INTO event (room_id, seq, kind, author_id, text, client_key, at) \
         VALUES ($1, $2, 'message', $3, $4, $5, $6)"
    );
    let row = |message: &NewMessage, seq: Seq| -> Params {
        if living.contains(&message.author) {
            params![room, seq, message.author, &message.text, message.key.as_ref(), message.at]
        } else {
            params![room, seq, None::<AccountId>, "", None::<&str>, message.at]
        }
    };
    let placed = messages.iter().zip(outcomes);
    placed
        .filter_map(|(message, outcome)| match outcome {
            Appended::New { seq, .. } => Some((insert, row(message, *seq))),
            Appended::Repeat { .. } | Appended::KeyConflict => None,
        })
        .collect()
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

impl FromRow for Event {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        let (seq, at, text, key) = (row.take()?, row.take()?, row.take()?, row.take()?);
        let id: Option<AccountId> = row.take()?;
        let username: Option<String> = row.take()?;
        let author = id.zip(username).map(|(id, username)| Author { id, username });
        let body = author.map_or(EventBody::Erased, |author| EventBody::message(author, text, key));
        Ok(Self { seq, at, body })
    }
}
