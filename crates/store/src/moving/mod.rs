//! Moving everything from a SQLite file to PostgreSQL: table by table, in transactions that also note how far they came.
//!
//! Interrupted, it goes on where it was. At the end the rows of both sides are counted and digested; until that has come
//! out right, no server starts on the target.

mod table;

use parlour_model::Timestamp;

use crate::database::{Database, Sql, Statement, Tx};
use crate::{Error, Result, Store, params, sql};
use table::Table;

/// How many rows are copied in one transaction.
const CHUNK: i64 = 500;

/// Every table that is moved, in the order of their references. What is left out: the schema's own tables, nodes, which
/// run elsewhere, and what the search knows, which it learns anew.
pub const TABLES: [&str; 25] = [
    "account",
    "username",
    "look",
    "skeleton",
    "credential",
    "known_source",
    "session",
    "verification",
    "mail",
    "audit",
    "signing_key",
    "setup_link",
    "control",
    "control_head",
    "room",
    "event",
    "read_position",
    "reaction",
    "member",
    "mute",
    "ban",
    "invitation",
    "avatar",
    "password_reset",
    "idempotency",
];

/// How far a move has come: so many rows of so many in a table are there, or have been compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Which table.
    pub table: &'static str,
    /// Rows so far.
    pub rows: u64,
    /// Rows in all.
    pub of: u64,
    /// Whether they are being compared, which comes after all have been copied.
    pub compared: bool,
}

/// Why a database was not moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotMoved {
    /// The target holds something that did not come from a move which waits to be finished.
    NotEmpty(&'static str),
    /// A table does not hold the same rows on both sides: the source has changed since the move began.
    Differs(&'static str),
    /// Somebody else is moving into the same target.
    NotAlone,
}

/// How a move went.
pub type Outcome = std::result::Result<(), NotMoved>;

impl Store {
    /// Copies everything that this SQLite database keeps into an empty PostgreSQL database, or goes on with that. Nobody may
    /// write here meanwhile: open it as the server. `tell` hears how far it has come.
    pub async fn move_to(&self, to: &Self, now: Timestamp, mut tell: impl FnMut(Moved)) -> Result<Outcome> {
        if let Err(not_moved) = to.begin_arrival().await? {
            return Ok(Err(not_moved));
        }
        let mut tables = Vec::with_capacity(TABLES.len());
        for name in TABLES {
            let table = Table::read(&self.db, name).await?;
            if !self.copy(&table, to, &mut tell).await? {
                return Ok(Err(NotMoved::NotAlone));
            }
            tables.push(table);
        }
        self.go_on_counting(to).await?;
        for table in &tables {
            let here = table.digest(&self.db, &mut tell).await?;
            if here != table.digest(&to.db, &mut |_| {}).await? {
                return Ok(Err(NotMoved::Differs(table.name)));
            }
        }
        to.db.run(sql!("UPDATE arrival SET finished_at = $1"), params![now]).await?;
        Ok(Ok(()))
    }

    /// Whether something that is moved here has not all come.
    pub(crate) async fn awaits_more(&self) -> Result<bool> {
        let waiting = sql!("SELECT table_name FROM arrival WHERE finished_at IS NULL LIMIT 1");
        Ok(self.db.get::<(String,)>(waiting, params![]).await?.is_some())
    }

    /// Makes sure that nothing else is here, and keeps servers out from now on.
    async fn begin_arrival(&self) -> Result<Outcome> {
        if self.awaits_more().await? {
            return Ok(Ok(()));
        }
        for name in TABLES {
            if name != "control_head" && Table::count(&self.db, name).await? > 0 {
                return Ok(Err(NotMoved::NotEmpty(name)));
            }
        }
        self.db.write(async |tx| begin(tx).await).await?;
        Ok(Ok(()))
    }

    /// Copies what is left of a table. `false` when somebody else does, too.
    async fn copy(&self, table: &Table, to: &Self, tell: &mut impl FnMut(Moved)) -> Result<bool> {
        let of = Table::count(&self.db, table.name).await?;
        let mut copied = to.arrived(table.name).await?;
        let mut last = table.last_of(&self.db, copied).await?;
        loop {
            tell(Moved { table: table.name, rows: copied.cast_unsigned(), of: of.cast_unsigned(), compared: false });
            let rows = table.page(&self.db, last.as_deref(), CHUNK).await?;
            let Some(newest) = rows.last() else { return Ok(true) };
            last = Some(table.key_of(newest));
            let (before, count) = (copied, rows.len().cast_signed() as i64);
            let work: Vec<Statement> = rows.into_iter().map(|row| (table.insert, row)).collect();
            let name = table.name;
            let is_alone = to.db.write(async move |tx| arrive(tx, name, before, count, &work).await).await?;
            if !is_alone {
                return Ok(false);
            }
            copied += count;
        }
    }

    async fn arrived(&self, table: &str) -> Result<i64> {
        let arrived = self.db.get(sql!("SELECT copied FROM arrival WHERE table_name = $1"), params![table]).await?;
        Ok(arrived.map_or(0, |(copied,): (i64,)| copied))
    }

    /// Has the target give numbers that the source never gave, not even to what is gone.
    async fn go_on_counting(&self, to: &Self) -> Result<()> {
        let given = Sql::made("SELECT name, seq FROM sqlite_sequence WHERE seq > 0 ORDER BY name".to_owned());
        let given: Vec<(String, i64)> = self.db.all(given, params![]).await?;
        let go_on = Sql::made("SELECT setval(pg_get_serial_sequence($1, 'id')::regclass, $2)".to_owned());
        for (table, last) in given {
            if TABLES.contains(&table.as_str()) {
                to.db.write(async move |tx| tx.get::<(i64,)>(go_on, params![&table, last]).await).await?;
            }
        }
        Ok(())
    }
}

async fn begin(tx: &mut Tx<'_>) -> Result<()> {
    // The source's own takes its place.
    tx.run(sql!("DELETE FROM control_head"), params![]).await?;
    tx.run(sql!("DELETE FROM arrival"), params![]).await?;
    let wait = sql!("INSERT INTO arrival (table_name, copied, finished_at) VALUES ($1, 0, NULL)");
    tx.run_all(TABLES.iter().map(|name| (wait, params![*name])).collect()).await?;
    Ok(())
}

/// Takes rows in and notes how many there are now. `false` when there are not as many as were thought.
async fn arrive(tx: &mut Tx<'_>, table: &str, before: i64, count: i64, work: &[Statement]) -> Result<bool> {
    let note = sql!("UPDATE arrival SET copied = copied + $3 WHERE table_name = $1 AND copied = $2");
    if tx.run(note, params![table, before, count]).await? == 0 {
        return Ok(false);
    }
    tx.run_all(work.to_vec()).await?;
    Ok(true)
}

/// Only a file of SQLite's tells what its tables are like, and only it is moved.
fn is_source(db: &Database) -> Result<()> {
    match db {
        Database::Sqlite(_) => Ok(()),
        Database::Postgres(_) => Err(Error::failed("only a SQLite database can be moved")),
    }
}
