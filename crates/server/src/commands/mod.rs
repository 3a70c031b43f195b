//! The command line: `parlour` serves, and its other commands work beside a running server.

mod account;
mod backup;
mod config;
mod keys;
mod migrate;
mod serve;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use parlour_service::{App, Error};
use parlour_store::Role;

use crate::clock::SystemClock;
use crate::config::{ConfigError, Given, Loaded, load};
use crate::data_folder;
use crate::opening::open_app;
use crate::start_error::StartError;
use crate::telemetry;

/// Accounts, tokens and live chat behind one door.
#[derive(Parser)]
#[command(name = "parlour", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
struct Options {
    /// Address and port to listen on (`server.listen`).
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Folder of the database (`server.data`).
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Configuration file; without it `parlour.toml`, if there is one.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Sets any key, such as `--set tokens.access_minutes=5`. May be repeated.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server. This is what happens without a command, too.
    Serve,
    /// Shows or checks the configuration.
    #[command(subcommand)]
    Config(config::Command),
    /// Accounts: add, list, promote, disable, end-sessions, set-password.
    #[command(subcommand)]
    Account(account::Command),
    /// Signing keys: list, rotate.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Copies the whole database into a new file, while the server runs.
    Backup {
        /// The file to make.
        file: PathBuf,
    },
    /// Moves everything from the SQLite file to PostgreSQL, while no server runs.
    Migrate(migrate::Migrate),
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match execute(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { sentence, code }) => {
            eprintln!("parlour: {sentence}");
            ExitCode::from(code)
        }
    }
}

/// A command that failed: a sentence, and an exit code that means something.
struct Failure {
    sentence: String,
    code: u8,
}

/// The configuration or the command line is wrong: mend it and try again.
const USAGE: u8 = 2;
/// Something outside is in the way.
const UNAVAILABLE: u8 = 1;

type Outcome = Result<(), Failure>;

impl Failure {
    fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: UNAVAILABLE }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self { sentence: error.0, code: USAGE }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let sentence = match &error {
            Error::Invalid(violations) => {
                let broken: Vec<_> = violations.iter().map(words::violation).collect();
                broken.join("; ")
            }
            Error::Taken(field) => format!("this {} is taken", words::field(*field)),
            Error::UnknownAccount => "there is no such account".to_owned(),
            Error::Busy(_) => "the database is busy; try again".to_owned(),
            Error::Internal(fault) => fault.to_string(),
            other => format!("{other:?}"),
        };
        Self::new(sentence)
    }
}

fn execute(cli: Cli) -> Outcome {
    let loaded = load(&given(cli.options))?;
    if let Some(Command::Config(command)) = cli.command {
        return config::run(&command, &loaded);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            None | Some(Command::Serve) => serve::run(&loaded.config).await,
            // The first account may come before the first start.
            Some(Command::Account(command @ account::Command::Add { .. })) => {
                account::run(command, &open(&loaded).await?).await
            }
            Some(Command::Account(command)) => account::run(command, &beside(&loaded).await?).await,
            Some(Command::Keys(command)) => keys::run(&command, &beside(&loaded).await?).await,
            Some(Command::Backup { .. }) if loaded.config.database.url.is_some() => {
                Err(Failure::new(backup::ELSEWHERE))
            }
            Some(Command::Backup { file }) => backup::run(&file, &beside(&loaded).await?).await,
            Some(Command::Migrate(migrate)) => migrate::run(migrate, &loaded).await,
            Some(Command::Config(_)) => Ok(()),
        }
    })
}

/// The use cases over the database that a server may be running on. A mistyped folder is not filled with a new one.
async fn beside(loaded: &Loaded) -> Result<App, Failure> {
    let data = &loaded.config.server.data;
    if loaded.config.database.url.is_none() && !data_folder::database(data).exists() {
        return Err(Failure::new(format!("{}: there is no database here; is --data right?", data.display())));
    }
    open(loaded).await
}

async fn open(loaded: &Loaded) -> Result<App, Failure> {
    let mut config = loaded.config.clone();
    // A command says what it did on standard output; the audit line is in the database.
    "warn".clone_into(&mut config.log.level);
    telemetry::start_log(&config)?;
    // One hash at most, so one thread.
    config.password.hash_threads = 1;
    let listen = config.server.listen.clone();
    Ok(open_app(&config, Role::Command, Arc::new(SystemClock), &listen).await?)
}

fn given(options: Options) -> Given {
    let mut flags = Vec::new();
    flags.extend(options.listen.map(|listen| ("server.listen".to_owned(), listen)));
    flags.extend(options.data.map(|data| ("server.data".to_owned(), data.display().to_string())));
    flags.extend(options.set);
    Given { file: options.config, environment: environment(), flags }
}

fn environment() -> Vec<(String, String)> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').ok_or("write it as key=value")?;
    Ok((pair.0.trim().to_owned(), pair.1.to_owned()))
}
