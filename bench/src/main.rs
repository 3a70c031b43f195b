//! Measures the server beside a floor: the least that any server would need for the same work.
//!
//! Machines are noisy and differ, so that a bare number says little. Every case therefore runs floor and server by
//! turns, in several short rounds of the same run, and what counts is the median of the rounds' ratios.
//!
//! To add a case, write a file in `case/` and add a line to [`case::ALL`]; what it is measured against belongs in
//! `floor/`, what puts the load on in `load/`.

mod case;
mod cluster;
mod cores;
mod floor;
mod folder;
mod load;
mod machine;
mod measure;
mod peer;
mod people;
mod plan;
mod process;
mod report;
mod stage;
mod tour;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use case::{Case, Section};
use floor::chat::Way;
use floor::store::Log;
use plan::Plan;
use report::Outcome;

/// What a batch of the server may hold.
const BATCH: usize = 64;

/// Why a measurement could not be made.
pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// What a measurement gives, if it could be made.
pub(crate) type Result<T> = std::result::Result<T, Fault>;

/// Measures the server beside a floor, prints one table, and rewrites the figures in bench/RESULTS.md of every section that ran as a whole.
#[derive(Parser)]
#[command(name = "parlour-bench")]
struct Arguments {
    /// Runs only this case; may be given several times.
    #[arg(long, value_name = "NAME", value_parser = case::ALL.map(|case| case.name))]
    only: Vec<String>,
    /// Runs only this section.
    #[arg(long, value_name = "NAME", value_parser = Section::ALL.map(Section::name))]
    section: Option<String>,
    /// Measures other servers of live messages too, as far as they are installed or npm has them.
    #[arg(long)]
    peers: bool,
    /// Runs fewer and shorter rounds: enough to see that everything works, too few for a figure to keep.
    #[arg(long)]
    quick: bool,
    /// The server's binary; otherwise the one that was built beside this program.
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
    #[command(subcommand)]
    role: Option<Role>,
}

/// What else this program can be: it starts itself as the floor, so that both have a process of their own.
#[derive(Subcommand)]
enum Role {
    /// Serves a bare axum answer until it is stopped.
    #[command(hide = true)]
    Hello {
        /// Length of the answer's body.
        bytes: usize,
    },
    /// Serves rooms, one write for each message and seat, until it is stopped.
    #[command(hide = true)]
    Send1(Pings),
    /// Serves rooms, one write for each seat and whatever is pending, until it is stopped.
    #[command(hide = true)]
    Batch(Pings),
    /// Measures how many durable messages a second one hot room takes on a PostgreSQL, in batches of 64, as many as the server's have.
    Postgres {
        /// The database, which is filled: <postgres://user:password@host/name>.
        database: String,
        /// For how many seconds.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// Serves rooms, one write for each message and seat, after the server's own store has committed the message.
    #[command(hide = true)]
    Logged {
        /// Its database, which is made.
        database: PathBuf,
    },
}

/// Whether a floor pings.
#[derive(Args)]
struct Pings {
    /// Seconds between the pings of a connection; without it, there are none.
    #[arg(long)]
    ping_seconds: Option<u64>,
}

impl Pings {
    fn every(&self) -> Option<Duration> {
        self.ping_seconds.map(Duration::from_secs)
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.role {
        Some(Role::Hello { bytes }) => floor::hello::serve(*bytes).map(|()| true),
        Some(Role::Send1(pings)) => floor::chat::serve(Way::Send1, None, pings.every()).map(|()| true),
        Some(Role::Batch(pings)) => floor::chat::serve(Way::Batch, None, pings.every()).map(|()| true),
        Some(Role::Logged { database }) => serve_logged(database).map(|()| true),
        Some(Role::Postgres { database, seconds }) => measure_postgres(database, *seconds).map(|()| true),
        None => measure_all(&arguments),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("parlour-bench: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn serve_logged(database: &Path) -> Result<()> {
    floor::chat::serve(Way::Logged, Some(Log::open(database)?), None)
}

fn measure_postgres(database: &str, seconds: u64) -> Result<()> {
    let window = Duration::from_secs(seconds);
    let rate = floor::store::hot_on_postgres(database, BATCH, window)?;
    println!("one hot room on PostgreSQL, batches of {BATCH}: {rate:.0} durable messages/s");
    Ok(())
}

/// Runs the chosen cases; tells whether every goal was met.
fn measure_all(arguments: &Arguments) -> Result<bool> {
    let plan = Plan::new(arguments.server.clone(), arguments.quick)?;
    let mut met = true;
    for section in Section::ALL {
        let outcomes = measure(&plan, section, arguments);
        if outcomes.is_empty() {
            continue;
        }
        println!("{}", report::table(&outcomes));
        if arguments.only.is_empty() && !arguments.quick {
            keep(section, &outcomes)?;
        }
        met &= outcomes.iter().all(Outcome::met);
    }
    Ok(met)
}

/// Runs the chosen cases of a section.
fn measure(plan: &Plan, section: Section, arguments: &Arguments) -> Vec<Outcome> {
    let chosen = case::ALL.iter().filter(|case| case.section == section && arguments.choose(case));
    chosen
        .map(|case| {
            eprintln!("{}: {} …", case.name, case.about);
            // What the others found is worth having all the same.
            (case.run)(plan).unwrap_or_else(|fault| Outcome::broken(case.name, &fault))
        })
        .collect()
}

/// Rewrites the kept figures: only a section that ran as a whole does, so that all of it is from one machine and one day.
fn keep(section: Section, outcomes: &[Outcome]) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md");
    let document = std::fs::read_to_string(&path)?;
    let text = report::section(&[&machine::describe()?, section.settings()].concat(), outcomes);
    std::fs::write(&path, report::replace_section(&document, section.heading(), &text))?;
    Ok(())
}

impl Arguments {
    fn choose(&self, case: &Case) -> bool {
        let asked = self.peers || case.section != Section::Peers;
        let named = self.only.is_empty() || self.only.iter().any(|name| name == case.name);
        asked && named && self.section.as_ref().is_none_or(|section| section == case.section.name())
    }
}
