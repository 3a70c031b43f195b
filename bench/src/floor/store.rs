//! What the log costs by itself: the store alone, and bare durable transactions.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use parlour_model::{
    AccountId, AdminLevel, Contract, Profile, RoomName, SourcePrefix, Timestamp, Username, UsernamePolicy,
};
use parlour_store::NewMessage;
use parlour_store::account::{NewAccount, SignUp};
use parlour_store::audit::NewAudit;
use parlour_store::{PostgresSettings, Role, SignedUp, Store};
use rusqlite::Connection;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::Result;
use crate::load::crowd;
use crate::measure::{percentile, real};

/// The time of every message and transaction: the store reads no clock.
const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

/// Who talks in the hot room.
const PEOPLE: usize = 100;

/// How messages come to the store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batches {
    /// Rooms that are written to at the same time, each by one batch after the other, as the server does it.
    pub(crate) rooms: usize,
    /// Messages of a batch.
    pub(crate) messages: usize,
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// Seconds that the store of the server alone takes for a message. Nobody else may have the database open; somebody has
/// signed up in it.
pub(crate) fn seconds_a_message(database: &Path, batches: Batches, window: Duration) -> Result<f64> {
    runtime()?.block_on(async {
        let store = Store::open_sqlite(database, Role::Server, NOW).await?;
        let start = Instant::now();
        let mut rooms = JoinSet::new();
        for room in 0..batches.rooms {
            rooms.spawn(fill(store.clone(), alone(room)?, batches.messages, start + window));
        }
        let mut all = 0;
        while let Some(messages) = rooms.join_next().await {
            all += messages??;
        }
        let seconds = start.elapsed().as_secs_f64();
        store.close().await;
        Ok(seconds / real(all))
    })
}

/// Durable messages a second of one hot room on PostgreSQL: one batch after the other, as the server commits them, each
/// message under a key of its own and by one of a hundred people. The database is one that may be filled.
pub(crate) fn hot_on_postgres(url: &str, batch: usize, window: Duration) -> Result<f64> {
    runtime()?.block_on(async {
        let store = Store::open_postgres(&PostgresSettings::new(url), NOW).await?;
        let mut people = Vec::new();
        for number in 0..PEOPLE {
            people.extend(match store.sign_up(somebody_called(&format!("hot-{number}"))?).await? {
                SignedUp::Done { account, .. } => Some(account.id),
                SignedUp::Taken(_) => None,
            });
        }
        if people.is_empty() {
            return Err("this database has been filled before: make a new one".into());
        }
        let (room, start, mut all) = (alone(0)?, Instant::now(), 0_usize);
        while start.elapsed() < window {
            let messages = (all..all + batch).map(|number| NewMessage {
                author: people[number % people.len()],
                key: Some(number.to_string()),
                ..message()
            });
            let messages: Vec<NewMessage> = messages.collect();
            store.append(&room, move || messages).await?;
            all += batch;
        }
        let rate = real(u64::try_from(all)?) / start.elapsed().as_secs_f64();
        store.close().await;
        Ok(rate)
    })
}

/// Writes to one room until the time is up. How many messages.
async fn fill(store: Store, room: RoomName, batch: usize, until: Instant) -> Result<u64> {
    let mut all = 0;
    while Instant::now() < until {
        store.append(&room, move || vec![message(); batch]).await?;
        all += u64::try_from(batch)?;
    }
    Ok(all)
}

/// How long durable transactions take, milliseconds.
pub(crate) struct Times {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Times {
    fn of(each: &[f64]) -> Self {
        Self { p50: percentile(each, 50), p99: percentile(each, 99) }
    }
}

/// How long the store of the server alone takes for a message that comes alone, in one of `rooms` after the other. As in
/// [`seconds_a_message`], nobody else may have the database open.
pub(crate) fn one_message(database: &Path, rooms: usize, window: Duration) -> Result<Times> {
    runtime()?.block_on(async {
        let store = Store::open_sqlite(database, Role::Server, NOW).await?;
        let names: Vec<RoomName> = (0..rooms).map(alone).collect::<Result<_>>()?;
        let (start, mut each) = (Instant::now(), Vec::new());
        for room in names.iter().cycle() {
            let before = Instant::now();
            store.append(room, || vec![message()]).await?;
            each.push(before.elapsed().as_secs_f64() * 1e3);
            if start.elapsed() > window {
                break;
            }
        }
        store.close().await;
        Ok(Times::of(&each))
    })
}

/// The server's own store as a floor uses it: one message, one transaction.
pub(crate) struct Log {
    runtime: Runtime,
    store: Store,
}

impl Log {
    /// Opens a new database, in which somebody signs up.
    pub(crate) fn open(database: &Path) -> Result<Self> {
        let runtime = runtime()?;
        let store = runtime.block_on(async {
            let store = Store::open_sqlite(database, Role::Server, NOW).await?;
            store.sign_up(somebody()?).await?;
            Result::Ok(store)
        })?;
        Ok(Self { runtime, store })
    }

    /// Returns when a message in the `room`th room is durable.
    pub(crate) fn append(&self, room: usize) -> Result<()> {
        let room = alone(room)?;
        self.runtime.block_on(self.store.append(&room, || vec![message()]))?;
        Ok(())
    }
}

fn somebody() -> Result<SignUp> {
    somebody_called("somebody")
}

fn somebody_called(name: &str) -> Result<SignUp> {
    let account = NewAccount {
        username: Username::parse(name, UsernamePolicy::Strict).map_err(|_violation| "a name was refused")?,
        email: None,
        profile: Profile::default(),
        admin_level: AdminLevel::Public,
        phc: None,
        source: SourcePrefix::of(IpAddr::from([127, 0, 0, 1])),
    };
    let audit = NewAudit {
        action: "sign_up",
        actor: None,
        target: None,
        address: String::new(),
        session: None,
        contract: Contract::Rooms,
        detail: String::new(),
    };
    Ok(SignUp { account, session: None, verification: None, audit, now: NOW })
}

/// A room that only these measurements write to.
fn alone(room: usize) -> Result<RoomName> {
    Ok(RoomName::parse(&format!("alone-{room}")).map_err(|_violation| "a room's name was refused")?)
}

fn message() -> NewMessage {
    NewMessage { author: AccountId(1), text: ".".repeat(crowd::TEXT_LENGTH), key: None, reply_to: None, at: NOW }
}

/// How many messages the log of a floor has in its first rooms.
#[cfg(test)]
pub(crate) fn committed(database: &Path, rooms: usize) -> Result<parlour_model::Seq> {
    runtime()?.block_on(async {
        let store = Store::open_sqlite(database, Role::Command, NOW).await?;
        let mut all = 0;
        for room in 0..rooms {
            all += store.room(&alone(room)?).await?.map_or(0, |head| head.last_seq);
        }
        Ok(all)
    })
}

/// Commits one transaction after the other to a new database in `folder`. Each changes a number in the database's head,
/// which is one page, as a transaction of one row is: only the store writes SQL.
pub(crate) fn commit(folder: &Path, window: Duration) -> Result<Times> {
    let connection = Connection::open(folder.join("commit.db"))?;
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let (start, mut each) = (Instant::now(), Vec::new());
    while start.elapsed() < window {
        let before = Instant::now();
        connection.pragma_update(None, "user_version", u32::try_from(each.len())? + 1)?;
        each.push(before.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Times::of(&each))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::Folder;

    #[test]
    fn every_transaction_is_in_the_log() {
        let folder = Folder::new().expect("a folder");
        let commit = commit(folder.path(), Duration::from_millis(20)).expect("commits");
        assert!(commit.p50 > 0.0 && commit.p99 >= commit.p50);
        let connection = Connection::open(folder.path().join("commit.db")).expect("the database");
        let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a number");
        assert!(version > 0, "{version}");
    }

    #[test]
    fn the_store_alone_takes_its_time() {
        let folder = Folder::new().expect("a folder");
        let batches = Batches { rooms: 2, messages: 8 };
        let seconds = seconds_a_message(&folder.path().join("parlour.db"), batches, Duration::from_millis(20));
        assert!(seconds.expect("a time") > 0.0);
        let one = one_message(&folder.path().join("parlour.db"), 2, Duration::from_millis(20)).expect("times");
        assert!(one.p50 > 0.0 && one.p99 >= one.p50);
    }
}
