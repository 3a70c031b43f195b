//! The schema: every migration that a database has not seen yet, in one transaction.
//!
//! To add one: write `NNNN_name.sql` in both folders of `migrations`, with the same tables, columns and order, and
//! add its line to [`MIGRATIONS`]. A migration that was released is never changed.

use parlour_model::Timestamp;

use crate::database::{Database, Script, Tx};
use crate::{Error, Result, params, sql};

struct Migration {
    name: &'static str,
    script: Script,
}

macro_rules! migration {
    ($name:literal) => {
        Migration {
            name: $name,
            script: Script {
                sqlite: include_str!(concat!("migrations/sqlite/", $name, ".sql")),
                postgres: include_str!(concat!("migrations/postgres/", $name, ".sql")),
            },
        }
    };
}

/// All migrations in order; the first is number 1.
const MIGRATIONS: &[Migration] = &[migration!("0001_foundation"), migration!("0002_native"), migration!("0003_search")];

/// Brings the schema up to date. Several programs may do so at once: one works, the others wait.
///
/// # Errors
/// [`Error::NewerSchema`] when a newer program has been here.
pub(crate) async fn migrate(db: &Database, now: Timestamp) -> Result<()> {
    db.write(async move |tx| {
        tx.lock_schema().await?;
        let found = schema(tx).await?;
        let known = i64::try_from(MIGRATIONS.len()).map_err(Error::failed)?;
        if found > known {
            return Err(Error::NewerSchema { found, known });
        }
        for (version, migration) in (1..).zip(MIGRATIONS).skip_while(|(version, _)| *version <= found) {
            tx.script(migration.script).await?;
            let insert = sql!("INSERT INTO migration (version, name, applied_at) VALUES ($1, $2, $3)");
            tx.run(insert, params![version, migration.name, now]).await?;
        }
        Ok(())
    })
    .await
}

/// The number of the last migration that was applied; 0 for a new database.
async fn schema(tx: &mut Tx<'_>) -> Result<i64> {
    let table = sql!(
        "CREATE TABLE IF NOT EXISTS migration \
         (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)"
    );
    tx.run(table, params![]).await?;
    let last = tx.get(sql!("SELECT MAX(version) FROM migration"), params![]).await?;
    Ok(last.and_then(|(version,): (Option<i64>,)| version).unwrap_or(0))
}
