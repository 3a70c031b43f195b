//! The control log: what other processes must hear of, in a sequence without holes.

use crate::database::{Cell, Database, FromCell, FromRow, Row, Sql, Tx};
use crate::{Result, Store, params, sql};
use futures_util::future::BoxFuture;
use parlour_model::Timestamp;

/// The most lines that are read at once.
pub const LINES_AT_ONCE: i64 = 1_000;

/// What happened, and what [`ControlLine::subject`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlKind {
    /// A session was ended; the subject is its number.
    SessionEnded,
    /// An account was deleted or disabled, and all its sessions with it; the subject is its number.
    AccountEnded,
    /// An account's name, address, level or profile changed; the subject is its number.
    AccountChanged,
    /// The signing keys changed; the subject is 0.
    KeysChanged,
    /// Who may do what in a room changed, or the room is new or gone; the subject is its number.
    RoomChanged,
    /// Something that this program does not know, written by a newer one. Whatever it is, nothing that is remembered can be
    /// relied on.
    Unknown,
}

/// One line of the control log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlLine {
    /// Its place, contiguous from 1. Whoever has seen a place has seen all before it.
    pub seq: i64,
    /// What happened.
    pub kind: ControlKind,
    /// To whom; see [`ControlKind`].
    pub subject: i64,
}

/// Where the control log stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlHead {
    /// Its last place; 0 while it is empty.
    pub seq: i64,
    /// Which start of which server answers, from which database and from which table of it. While all are the same, what was
    /// committed is still there; after that the database may be an earlier one, which has been going on otherwise since.
    pub life: (i64, i64, i64),
}

impl Store {
    /// Hangs in what is awaited when a write has announced something on the control log: after the commit, before the
    /// write answers, with the log's last place. It is hung in once; on SQLite, where there is one node, it is never rung.
    pub fn on_announce(&self, bell: impl Fn(i64) -> BoxFuture<'static, ()> + Send + Sync + 'static) {
        if let Database::Postgres(postgres) = &self.db {
            postgres.on_announce(Box::new(bell));
        }
    }

    /// Where the control log stands.
    pub async fn control_head(&self) -> Result<ControlHead> {
        // A copy made from a template has its tables under the numbers of the original; its own number is new.
        // A file is never put back under the process that has it open.
        let head = Sql::each(
            sql!(
                "SELECT last_seq, CAST(EXTRACT(EPOCH FROM pg_postmaster_start_time()) * 1000000 AS BIGINT), \
                 (SELECT CAST(oid AS BIGINT) FROM pg_database WHERE datname = current_database()), \
                 CAST(tableoid AS BIGINT) FROM control_head WHERE id = 1"
            ),
            sql!("SELECT last_seq, 0, 0, 0 FROM control_head WHERE id = 1"),
        );
        let (seq, start, database, table) = self.db.get(head, params![]).await?.unwrap_or_default();
        Ok(ControlHead { seq, life: (start, database, table) })
    }

    /// The lines after `seq`, in order, and at most [`LINES_AT_ONCE`]. Lines are kept for a day: when the first is not
    /// `seq + 1`, some are gone, and the reader must forget all it remembers.
    pub async fn control_since(&self, seq: i64) -> Result<Vec<ControlLine>> {
        let lines = sql!("SELECT seq, kind, subject FROM control WHERE seq > $1 ORDER BY seq LIMIT $2");
        self.db.all(lines, params![seq, LINES_AT_ONCE]).await
    }
}

/// Keeps every other writer of the log out until this transaction ends.
pub(crate) async fn lock(tx: &mut Tx<'_>) -> Result<()> {
    tx.run(sql!("UPDATE control_head SET last_seq = last_seq WHERE id = 1"), params![]).await?;
    Ok(())
}

/// Writes something that changes nothing. There and back, because SQLite does not write a row that stays as it was.
pub(crate) async fn touch(tx: &mut Tx<'_>) -> Result<()> {
    tx.run(sql!("UPDATE control_head SET last_seq = last_seq + 1 WHERE id = 1"), params![]).await?;
    tx.run(sql!("UPDATE control_head SET last_seq = last_seq - 1 WHERE id = 1"), params![]).await?;
    Ok(())
}

/// Writes one line for each subject. It comes last in its transaction, because everybody waits for the head row.
pub(crate) async fn announce(tx: &mut Tx<'_>, kind: ControlKind, subjects: &[i64], now: Timestamp) -> Result<()> {
    let Ok(count @ 1..) = i64::try_from(subjects.len()) else { return Ok(()) };
    let advance = sql!("UPDATE control_head SET last_seq = last_seq + $1 WHERE id = 1 RETURNING last_seq");
    let Some((last,)): Option<(i64,)> = tx.get(advance, params![count]).await? else { return Ok(()) };
    let insert = sql!("INSERT INTO control (seq, kind, subject, at) VALUES ($1, $2, $3, $4)");
    let lines = (last - count + 1..).zip(subjects);
    tx.run_all(lines.map(|(seq, subject)| (insert, params![seq, kind.name(), *subject, now])).collect()).await?;
    tx.announced(last);
    Ok(())
}

impl ControlKind {
    const ALL: [Self; 5] =
        [Self::SessionEnded, Self::AccountEnded, Self::AccountChanged, Self::KeysChanged, Self::RoomChanged];

    const fn name(self) -> &'static str {
        match self {
            Self::SessionEnded => "session_ended",
            Self::AccountEnded => "account_ended",
            Self::AccountChanged => "account_changed",
            Self::KeysChanged => "keys_changed",
            Self::RoomChanged => "room_changed",
            Self::Unknown => "unknown",
        }
    }
}

impl FromCell for ControlKind {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        let Cell::Text(name) = cell else { return None };
        Some(Self::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(Self::Unknown))
    }
}

impl FromRow for ControlLine {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self { seq: row.take()?, kind: row.take()?, subject: row.take()? })
    }
}
