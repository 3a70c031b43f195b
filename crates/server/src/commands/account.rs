//! `parlour account`: accounts, from the command line, while the server runs or not.

use std::io::{self, BufRead, IsTerminal};

use clap::{Subcommand, ValueEnum};
use parlour_model::{Account, AccountId, AdminLevel, Client, Email, Profile};
use parlour_service::App;
use parlour_service::sign_up::{NewName, SignUp};

use super::{Failure, Outcome};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Makes an account. The password is read from standard input.
    Add {
        /// Its username.
        username: String,
        /// Its e-mail address.
        #[arg(long)]
        email: Option<String>,
        /// What it may do.
        #[arg(long, default_value = "public")]
        level: Level,
    },
    /// Lists accounts: number, level, state, username, e-mail.
    List,
    /// Makes an account an administrator, or what --level says.
    Promote {
        /// Whose.
        username: String,
        /// What it may do from now on.
        #[arg(long, default_value = "admin")]
        level: Level,
    },
    /// Keeps an account out and ends its sessions.
    Disable {
        /// Whose.
        username: String,
        /// Lets it in again.
        #[arg(long)]
        undo: bool,
    },
    /// Ends all sessions of an account.
    EndSessions {
        /// Whose.
        username: String,
    },
    /// Gives an account a new password, read from standard input, and ends its sessions.
    SetPassword {
        /// Whose.
        username: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Level {
    Public,
    Family,
    Admin,
}

/// Accounts read at a time.
const PAGE: i64 = 500;

pub(super) async fn run(command: Command, app: &App) -> Outcome {
    let client = Client::console();
    match command {
        Command::Add { username, email, level } => add(app, username, email, level.into(), &client).await,
        Command::List => list(app).await,
        Command::Promote { username, level } => {
            let account = app.find_account(&username).await?;
            app.promote(account.id, level.into(), &client).await?;
            done("changed", &account)
        }
        Command::Disable { username, undo } => {
            let account = app.find_account(&username).await?;
            app.set_disabled(account.id, !undo, &client).await?;
            done(if undo { "enabled" } else { "disabled" }, &account)
        }
        Command::EndSessions { username } => {
            let account = app.find_account(&username).await?;
            let ended = app.end_sessions(account.id, None, &client).await?;
            println!("ended {ended} sessions of {}", account.username);
            Ok(())
        }
        Command::SetPassword { username } => {
            let account = app.find_account(&username).await?;
            app.set_password(&account, password()?, None, &client).await?;
            done("gave a new password to", &account)
        }
    }
}

async fn add(app: &App, username: String, email: Option<String>, level: AdminLevel, client: &Client) -> Outcome {
    let password = password()?;
    let sign_up = SignUp { name: NewName::Chosen(username), email, password, profile: Profile::default(), wants: None };
    let account = app.sign_up(sign_up, client).await?.account;
    if level != AdminLevel::Public {
        app.promote(account.id, level, client).await?;
    }
    done("added", &account)
}

async fn list(app: &App) -> Outcome {
    let mut after = AccountId(0);
    loop {
        let page = app.list_accounts(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        for account in &page {
            let state = if account.disabled_at.is_some() { "disabled" } else { "active" };
            let email = account.email.as_ref().map_or("", Email::as_str);
            println!("{}\t{}\t{state}\t{}\t{email}", account.id, account.admin_level.number(), account.username);
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the last step of every command")]
fn done(what: &str, account: &Account) -> Outcome {
    println!("{what} {} (account {})", account.username, account.id);
    Ok(())
}

/// One line of standard input. It never stands on the command line, where every process on the machine reads it.
fn password() -> Result<String, Failure> {
    if io::stdin().is_terminal() {
        eprint!("Password: ");
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let end = line.trim_end_matches(['\n', '\r']).len();
    line.truncate(end);
    Ok(line)
}

impl From<Level> for AdminLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Public => Self::Public,
            Level::Family => Self::Family,
            Level::Admin => Self::Admin,
        }
    }
}
