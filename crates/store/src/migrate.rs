//! The schema: every migration that a database has not seen yet, in one transaction.
//!
//! To add one: write `NNNN_name.sql` in both folders of `migrations`, with the same tables, columns and order, and
//! add its line to [`MIGRATIONS`]. A migration that was released is never changed.
//!
//! Nodes are upgraded one by one, so for a while older programs work on a newer schema. A migration therefore only
//! adds: tables, indexes, columns that may stay empty. What takes something away, or means that an older program
//! would do wrong, is `breaking`: programs that do not know it no longer start. It comes a release after the last program that
//! needed what goes.

use parlour_model::Timestamp;

use crate::database::{Database, Script, Tx};
use crate::{Error, Result, params, sql};

struct Migration {
    name: &'static str,
    script: Script,
    /// Whether a program that does not know it must stay away from the database.
    is_breaking: bool,
}

macro_rules! migration {
    ($name:literal) => {
        migration!($name, false)
    };
    ($name:literal, breaking) => {
        migration!($name, true)
    };
    ($name:literal, $is_breaking:literal) => {
        Migration {
            name: $name,
            is_breaking: $is_breaking,
            script: Script {
                sqlite: include_str!(concat!("migrations/sqlite/", $name, ".sql")),
                postgres: include_str!(concat!("migrations/postgres/", $name, ".sql")),
            },
        }
    };
}

/// All migrations in order; the first is number 1.
const MIGRATIONS: &[Migration] = &[
    migration!("0001_foundation", breaking),
    migration!("0002_native", breaking),
    migration!("0003_search"),
    migration!("0004_nodes"),
    migration!("0005_move"),
    migration!("0006_farewell"),
];

/// Brings the schema up to date. Several programs may do so at once: one works, the others wait.
///
/// # Errors
/// [`Error::NewerSchema`] when a newer program has been here whose schema this one cannot work with.
pub(crate) async fn migrate(db: &Database, now: Timestamp) -> Result<()> {
    db.write(async move |tx| {
        tx.lock_schema().await?;
        let found = schema(tx).await?;
        let known = i64::try_from(MIGRATIONS.len()).map_err(Error::failed)?;
        let least = least(tx).await?;
        if least > known {
            return Err(Error::NewerSchema { least, known });
        }
        if found > known {
            tracing::info!(found, known, "a newer program has been at the database; this one can still work with it");
        }
        for (version, migration) in (1..).zip(MIGRATIONS).skip_while(|(version, _)| *version <= found) {
            tx.script(migration.script).await?;
            let insert = sql!("INSERT INTO migration (version, name, applied_at) VALUES ($1, $2, $3)");
            tx.run(insert, params![version, migration.name, now]).await?;
            if migration.is_breaking {
                let raise = sql!(
                    "INSERT INTO compatibility (id, least) VALUES (1, $1) \
                     ON CONFLICT (id) DO UPDATE SET least = excluded.least"
                );
                tx.run(raise, params![version]).await?;
            }
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

/// The last migration that a program has to know to work with this database; 0 for a new one.
async fn least(tx: &mut Tx<'_>) -> Result<i64> {
    let table = sql!("CREATE TABLE IF NOT EXISTS compatibility (id BIGINT PRIMARY KEY, least BIGINT NOT NULL)");
    tx.run(table, params![]).await?;
    let least = tx.get(sql!("SELECT least FROM compatibility WHERE id = 1"), params![]).await?;
    Ok(least.map_or(0, |(least,): (i64,)| least))
}
