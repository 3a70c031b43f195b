//! `parlour backup`: the whole database in a new file, while the server runs.

use std::path::Path;

use parlour_service::App;

use super::Outcome;

/// What to do where everything is kept on PostgreSQL.
pub(super) const ELSEWHERE: &str = "a PostgreSQL database is backed up with PostgreSQL's own programs, such as \
    `pg_dump --format=custom`; the master key is not in it: keep a copy of it elsewhere";

pub(super) async fn run(file: &Path, app: &App) -> Outcome {
    app.store.backup(file).await.map_err(parlour_service::Error::from)?;
    println!("wrote {}; the master key is not in it: keep a copy of master.key elsewhere", file.display());
    Ok(())
}
