//! `parlour migrate`: everything from the embedded SQLite to PostgreSQL.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use parlour_model::Clock;
use parlour_store::{Error, Moved, NotMoved, Role, Store};

use super::{Failure, Outcome};
use crate::clock::SystemClock;
use crate::config::{ConfigError, Loaded};
use crate::data_folder;

/// Where from and where to.
#[derive(Args)]
pub(super) struct Migrate {
    /// The SQLite file, such as sqlite:data/parlour.db. Without it, the one in the data folder.
    #[arg(long, value_name = "sqlite:FILE")]
    from: Option<String>,
    /// The PostgreSQL database, empty: <postgres://user@host/name>. Without it, `database.url`: a password is better in the environment
    /// than on a command line.
    #[arg(long, value_name = "postgres://…")]
    to: Option<String>,
}

pub(super) async fn run(migrate: Migrate, loaded: &Loaded) -> Outcome {
    let mut config = loaded.config.clone();
    config.database.url = migrate.to.or(config.database.url);
    let to = config.postgres()?.ok_or_else(|| usage("say where to: --to postgres://…, or `database.url`"))?;
    let from = source(migrate.from.as_deref(), &config.server.data)?;
    if !from.exists() {
        return Err(Failure::new(format!("{}: there is no database here", from.display())));
    }
    let now = SystemClock.now();
    // As the server, so that none runs on it meanwhile.
    let from = Store::open_sqlite(&from, Role::Server, now).await.map_err(of("the source"))?;
    let to = Store::open_postgres_to_move_there(&to, now).await.map_err(of("the target"))?;
    let mut bar = Bar::default();
    let moved = from.move_to(&to, now, |moved| bar.show(moved)).await;
    bar.end();
    let moved = moved.map_err(of("moving"));
    to.close().await;
    from.close().await;
    moved?.map_err(|not_moved| Failure::new(sentence(not_moved)))?;
    println!(
        "Everything is there and the same on both sides. The servers need the same master key as before: {}. The old database was not touched.",
        config.master_key().display()
    );
    Ok(())
}

fn source(from: Option<&str>, data: &Path) -> Result<PathBuf, Failure> {
    let Some(from) = from else { return Ok(data_folder::database(data)) };
    let path = from.strip_prefix("sqlite:").ok_or_else(|| usage("write it as --from sqlite:FILE"))?;
    Ok(path.strip_prefix("//").unwrap_or(path).into())
}

fn usage(sentence: &str) -> Failure {
    ConfigError(sentence.to_owned()).into()
}

fn of(what: &'static str) -> impl Fn(Error) -> Failure {
    move |error| Failure::new(format!("{what}: {error}"))
}

fn sentence(not_moved: NotMoved) -> String {
    match not_moved {
        NotMoved::NotEmpty(table) => format!("the target is not empty: there is something in its table `{table}`"),
        NotMoved::Differs(table) => format!(
            "the table `{table}` is not the same on both sides: the source has changed since the move began. \
             Begin again with an empty target"
        ),
        NotMoved::NotAlone => "somebody else is moving a database to the same target".to_owned(),
    }
}

/// What is shown on standard error of how far it has come.
#[derive(Default)]
struct Bar {
    table: &'static str,
    compared: bool,
    shown_at: Option<Instant>,
}

/// How often a line is drawn anew.
const EVERY: Duration = Duration::from_millis(100);

/// The bar's characters.
const WIDTH: u64 = 30;

impl Bar {
    fn show(&mut self, moved: Moved) {
        let is_new = (self.table, self.compared) != (moved.table, moved.compared);
        let is_whole = moved.rows == moved.of;
        if !is_new && !is_whole && self.shown_at.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        if is_new {
            self.end();
        }
        (self.table, self.compared, self.shown_at) = (moved.table, moved.compared, Some(Instant::now()));
        let mut out = std::io::stderr().lock();
        // Whoever cannot see it misses nothing that is kept.
        let _ = if out.is_terminal() {
            write!(out, "\r{}", line(moved)).and_then(|()| out.flush())
        } else if is_whole {
            writeln!(out, "{}", line(moved))
        } else {
            Ok(())
        };
    }

    /// Leaves the line that stands.
    fn end(&mut self) {
        if self.shown_at.take().is_some() && std::io::stderr().is_terminal() {
            eprintln!();
        }
    }
}

fn line(moved: Moved) -> String {
    let Moved { table, rows, of, compared } = moved;
    // A table without rows has come as a whole.
    let done = (WIDTH * rows.min(of)).checked_div(of).unwrap_or(WIDTH);
    let bar: String = (0..WIDTH).map(|at| if at < done { '#' } else { '.' }).collect();
    let doing = if compared { "compares" } else { "copies  " };
    format!("{doing} {table:<15} [{bar}] {rows} of {of}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_has_come() {
        let moved = Moved { table: "event", rows: 500, of: 1_000, compared: false };
        assert_eq!(line(moved), "copies   event           [###############...............] 500 of 1000");
        assert_eq!(line(Moved { rows: 0, of: 0, compared: true, ..moved }).matches('#').count(), 30);
    }

    #[test]
    fn a_source_is_a_file() {
        let data = Path::new("data");
        assert_eq!(source(None, data).ok(), Some(PathBuf::from("data/parlour.db")));
        assert_eq!(source(Some("sqlite:a/b.db"), data).ok(), Some(PathBuf::from("a/b.db")));
        assert_eq!(source(Some("sqlite:///a/b.db"), data).ok(), Some(PathBuf::from("/a/b.db")));
        assert!(source(Some("postgres://db"), data).is_err());
    }
}
