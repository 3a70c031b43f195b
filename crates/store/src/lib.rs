//! Where it is kept: one store on SQLite or PostgreSQL.
//!
//! There is one concrete [`Store`] and one text of every query. A file is a noun (`account`, `session`, `room`, …);
//! a method is one transaction or one read. To add a noun: its table in a new migration (see `migrate`), a file
//! here that starts with its inputs and answers and goes on with `impl Store`, and a call of each method in the
//! story of `tests/store`, which runs on both databases.
//!
//! What a caller may rely on:
//! - A write that answered is durable, and whole: whoever drops the future gets all of it or nothing.
//! - What is not there is `None` or `false`; what is refused is a value; an [`Error`] is neither.
//! - Time is the caller's: nothing here reads a clock.
//! - Secrets come as digests. Text is kept as given, but U+0000 becomes U+FFFD, since PostgreSQL has none.

pub mod account;
mod account_row;
pub mod append;
pub mod audit;
pub mod avatar;
pub mod change;
pub mod control;
pub mod credential;
#[doc(hidden)] // Public for the tests of failing commits and forced deadlocks only.
pub mod database;
pub mod doorbell;
pub mod error;
pub mod event;
pub mod export;
pub mod farewell;
pub mod idempotency;
pub mod invitation;
pub mod key;
pub mod mail;
pub mod member;
pub mod message_change;
mod migrate;
pub mod moderation;
pub mod moving;
mod name;
pub mod node;
pub mod oversee;
pub mod people;
mod prune;
pub mod reset;
pub mod room;
pub mod room_life;
pub mod room_list;
pub mod search;
pub mod session;
pub mod setup;
pub mod verification;
mod void;
pub mod writer;

use std::path::Path;

use parlour_model::Timestamp;

pub use account::{Edit, Edited, NewAccount, SignUp, SignedUp};
pub use append::{Appended, NewMessage};
pub use audit::{AuditLine, NewAudit};
pub use change::{Actor, Logged, Refused, Ruled};
pub use control::{ControlKind, ControlLine};
pub use credential::{LogIn, LoginName, LoginRecord, PasswordChange};
pub use database::postgres::PostgresSettings;
pub use doorbell::{Doorbell, Ears, Heard, Rung};
pub use error::{Error, Result};
pub use event::Span;
pub use farewell::Left;
pub use idempotency::{Claimed, NamedRequest};
pub use invitation::InvitationRow;
pub use key::SigningKeyRow;
pub use mail::{NewMail, Notice, QueuedMail};
pub use member::MemberRow;
pub use message_change::NewReaction;
pub use moderation::BanRow;
pub use moving::{Moved, NotMoved};
pub use node::{NewNode, NodeRow};
pub use parlour_model::Field;
pub use reset::{NewReset, Reset, ResetFor, ResetMade, UseReset};
pub use room::{RoomHead, RoomRules, Standing};
pub use room_life::NewRoom;
pub use room_list::RoomView;
pub use search::{Hit, Search};
pub use session::{NewSession, RefreshUse, Refreshed};
pub use setup::AdminSignedUp;
pub use verification::{NewVerification, SecretMade, Verified};
pub use writer::Barred;

use database::Database;
use database::postgres::Postgres;
use database::sqlite::Sqlite;

/// The store. Cheap to clone; all clones are one database.
#[derive(Clone)]
pub struct Store {
    db: Database,
}

/// What a program that opens a SQLite file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The server: one at a time on a file.
    Server,
    /// A command that runs beside the server.
    Command,
}

impl Store {
    /// Opens a SQLite file, made with its folder when missing, and brings its schema up to date.
    ///
    /// # Errors
    /// [`Error::AlreadyRunning`] when another server has the file open, [`Error::NewerSchema`] after a newer program.
    pub async fn open_sqlite(path: &Path, role: Role, now: Timestamp) -> Result<Self> {
        let path = path.to_owned();
        let open = move || Sqlite::open(&path, role == Role::Server);
        let sqlite = tokio::task::spawn_blocking(open).await.map_err(Error::failed)??;
        Self::migrated(Database::Sqlite(sqlite), now).await
    }

    /// Connects to a PostgreSQL database and brings its schema up to date.
    ///
    /// # Errors
    /// [`Error::Busy`] while the server is away, [`Error::NewerSchema`] after a newer program, [`Error::HalfMoved`] while
    /// another database is being moved there.
    pub async fn open_postgres(settings: &PostgresSettings, now: Timestamp) -> Result<Self> {
        let store = Self::open_postgres_to_move_there(settings, now).await?;
        if store.awaits_more().await? { Err(Error::HalfMoved) } else { Ok(store) }
    }

    /// Connects as [`Store::open_postgres`] does, for whoever moves another database there.
    pub async fn open_postgres_to_move_there(settings: &PostgresSettings, now: Timestamp) -> Result<Self> {
        Self::migrated(Database::Postgres(Postgres::open(settings)?), now).await
    }

    async fn migrated(db: Database, now: Timestamp) -> Result<Self> {
        migrate::migrate(&db, now).await?;
        Ok(Self { db })
    }

    /// Whether several servers may run on this database at once.
    pub const fn is_shared(&self) -> bool {
        matches!(self.db, Database::Postgres(_))
    }

    /// Whether a write would be durable now: commits one that changes nothing.
    pub async fn ready(&self) -> Result<()> {
        self.db.write(async |tx| control::touch(tx).await).await
    }

    /// Copies a SQLite database into the new file `to` (mode 0600) while it is being written.
    ///
    /// # Errors
    /// [`Error::Failed`] when `to` exists, and on PostgreSQL, whose own `pg_dump` does this.
    pub async fn backup(&self, to: &Path) -> Result<()> {
        match &self.db {
            Database::Sqlite(sqlite) => sqlite.backup(to).await,
            Database::Postgres(_) => Err(Error::failed("a PostgreSQL database is backed up with pg_dump")),
        }
    }

    /// Finishes the writes that wait and lets go of the database. Later writes, on any clone, are [`Error::Busy`].
    pub async fn close(self) {
        self.db.close().await;
    }

    /// The database below, for tests that make it fail.
    #[doc(hidden)]
    pub fn database(&self) -> &Database {
        &self.db
    }
}
