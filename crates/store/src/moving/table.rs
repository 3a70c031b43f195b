//! One table that is moved: its columns as the source has them, and the statements made of them.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{CHUNK, Moved, is_source};
use crate::database::{Database, Params, Sql, Value};
use crate::{Error, Result, params};

/// What differs on both sides and is not compared: what the search knows of a room is learnt anew.
const LEARNT_ANEW: (&str, &str) = ("room", "indexed_seq");

/// One table.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// Where the columns of its key are among all.
    key: Vec<usize>,
    /// The column that begins anew, if there is one.
    anew: Option<usize>,
    first: Sql,
    next: Sql,
    at: Sql,
    pub(super) insert: Sql,
}

/// How many rows there are, and what is in them, whatever their order. Nobody is expected to have made two databases that
/// differ and have the same.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Digest {
    rows: u64,
    sums: [u64; 2],
}

impl Table {
    /// Reads of the source what a table is like.
    pub(super) async fn read(db: &Database, name: &'static str) -> Result<Self> {
        is_source(db)?;
        let columns = Sql::made("SELECT name, pk FROM pragma_table_info($1) ORDER BY cid".to_owned());
        let columns: Vec<(String, i64)> = db.all(columns, params![name]).await?;
        let mut key: Vec<usize> = (0..columns.len()).filter(|at| columns[*at].1 > 0).collect();
        key.sort_by_key(|at| columns[*at].1);
        if key.is_empty() {
            return Err(Error::failed(format!("the table {name} has no key")));
        }
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let keys = key.iter().map(|at| names[*at]).collect::<Vec<_>>().join(", ");
        let all = names.join(", ");
        let (marks, after, limit) = (marks(names.len()), marks(key.len()), key.len() + 1);
        Ok(Self {
            name,
            anew: names.iter().position(|column| (name, *column) == LEARNT_ANEW),
            first: Sql::made(format!("SELECT {all} FROM {name} ORDER BY {keys} LIMIT $1")),
            next: Sql::made(format!(
                "SELECT {all} FROM {name} WHERE ({keys}) > ({after}) ORDER BY {keys} LIMIT ${limit}"
            )),
            at: Sql::made(format!("SELECT {all} FROM {name} ORDER BY {keys} LIMIT 1 OFFSET $1")),
            insert: Sql::made(format!("INSERT INTO {name} ({all}) VALUES ({marks})")),
            key,
        })
    }

    /// How many rows a table has.
    pub(super) async fn count(db: &Database, name: &str) -> Result<i64> {
        let count = db.get(Sql::made(format!("SELECT COUNT(*) FROM {name}")), params![]).await?;
        Ok(count.map_or(0, |(count,): (i64,)| count))
    }

    /// The key of the last of the first `count` rows.
    pub(super) async fn last_of(&self, db: &Database, count: i64) -> Result<Option<Params>> {
        if count == 0 {
            return Ok(None);
        }
        let row: Option<Params> = db.get(self.at, params![count - 1]).await?;
        Ok(row.map(|row| self.key_of(&row)))
    }

    /// At most `limit` rows behind a key, in the order of their keys.
    pub(super) async fn page(&self, db: &Database, after: Option<&[Value]>, limit: i64) -> Result<Vec<Params>> {
        let mut rows: Vec<Params> = match after {
            None => db.all(self.first, params![limit]).await?,
            Some(key) => db.all(self.next, [key, &[Value::Int(limit)]].concat()).await?,
        };
        if let Some(anew) = self.anew {
            for row in &mut rows {
                row[anew] = Value::Int(0);
            }
        }
        Ok(rows)
    }

    pub(super) fn key_of(&self, row: &[Value]) -> Params {
        self.key.iter().map(|at| row[*at].clone()).collect()
    }

    /// Reads all rows and says what they come to.
    pub(super) async fn digest(&self, db: &Database, tell: &mut impl FnMut(Moved)) -> Result<Digest> {
        let of = Self::count(db, self.name).await?.cast_unsigned();
        let (mut digest, mut last) = (Digest::default(), None);
        loop {
            let rows = self.page(db, last.as_deref(), CHUNK).await?;
            let Some(newest) = rows.last() else { return Ok(digest) };
            last = Some(self.key_of(newest));
            for row in &rows {
                digest.add(row);
            }
            tell(Moved { table: self.name, rows: digest.rows, of, compared: true });
        }
    }
}

impl Digest {
    fn add(&mut self, row: &[Value]) {
        self.rows += 1;
        for (seed, sum) in (0_u8..).zip(&mut self.sums) {
            let mut hasher = DefaultHasher::new();
            seed.hash(&mut hasher);
            row.hash(&mut hasher);
            *sum = sum.wrapping_add(hasher.finish());
        }
    }
}

/// `$1, $2, …`
fn marks(count: usize) -> String {
    (1..=count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}
