//! What only PostgreSQL's many writers have to promise.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parlour_model::AccountId;
use parlour_store::database::{Sql, Tx};
use parlour_store::{Error, PostgresSettings, Result, Store, params, sql};
use tokio::sync::Barrier;

use crate::harness::{Home, START, connect, member, until_answered};

/// Two writes that meet in the middle of their first attempt, and how often each was attempted.
struct Meeting {
    barrier: Barrier,
    attempts: AtomicU32,
}

impl Meeting {
    fn of_two() -> Arc<Self> {
        Arc::new(Self { barrier: Barrier::new(2), attempts: AtomicU32::new(0) })
    }

    /// Waits for the other, once: the first two attempts are the first of each.
    async fn meet(&self) {
        if self.attempts.fetch_add(1, Ordering::SeqCst) < 2 {
            self.barrier.wait().await;
        }
    }
}

const ADD: Sql = sql!("UPDATE account SET bio = bio || $2 WHERE id = $1");

/// Writes to one account, waits until the other has written to the other account, and goes on to that one.
async fn cross(store: Store, meeting: Arc<Meeting>, first: AccountId, second: AccountId) -> Result<()> {
    let work = async move |tx: &mut Tx<'_>| {
        tx.run(ADD, params![first, "x"]).await?;
        meeting.meet().await;
        tx.run(ADD, params![second, "x"]).await.map(drop)
    };
    store.database().write(work).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_is_run_again() {
    let home = Home::postgres().await;
    let (ada, grace) = (member(&home.store, "Ada").await, member(&home.store, "Grace").await);
    let meeting = Meeting::of_two();
    let one = tokio::spawn(cross(home.store.clone(), Arc::clone(&meeting), ada.id, grace.id));
    let other = tokio::spawn(cross(home.store.clone(), Arc::clone(&meeting), grace.id, ada.id));
    one.await.unwrap().unwrap();
    other.await.unwrap().unwrap();
    assert!(meeting.attempts.load(Ordering::SeqCst) >= 3, "they never stood in each other's way");
    for person in [ada, grace] {
        assert_eq!(home.store.account(person.id).await.unwrap().unwrap().profile.bio, "xx");
    }
    home.end().await;
}

/// Reads, waits until the other has read too, and writes what follows from what it read.
async fn read_and_write(store: Store, meeting: Arc<Meeting>, id: AccountId) -> Result<()> {
    let work = async move |tx: &mut Tx<'_>| {
        tx.run(sql!("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"), params![]).await?;
        let bio: Option<(String,)> = tx.get(sql!("SELECT bio FROM account WHERE id = $1"), params![id]).await?;
        meeting.meet().await;
        let bio = format!("{}x", bio.expect("an account").0);
        tx.run(sql!("UPDATE account SET bio = $2 WHERE id = $1"), params![id, bio]).await.map(drop)
    };
    store.database().write(work).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serialization_failure_is_run_again() {
    let home = Home::postgres().await;
    let ada = member(&home.store, "Ada").await;
    let meeting = Meeting::of_two();
    let start = || tokio::spawn(read_and_write(home.store.clone(), Arc::clone(&meeting), ada.id));
    let (one, other) = (start(), start());
    one.await.unwrap().unwrap();
    other.await.unwrap().unwrap();
    assert_eq!(meeting.attempts.load(Ordering::SeqCst), 3);
    assert_eq!(home.store.account(ada.id).await.unwrap().unwrap().profile.bio, "xx");
    home.end().await;
}

#[tokio::test]
async fn a_failing_commit_is_a_failure_and_leaves_nothing() {
    let home = Home::postgres().await;
    let ada = member(&home.store, "Ada").await;
    home.script("ALTER TABLE session ALTER CONSTRAINT session_account_id_fkey DEFERRABLE INITIALLY DEFERRED").await;
    let id = ada.id;
    let outcome = home
        .store
        .database()
        .write(async move |tx| {
            tx.run(ADD, params![id, "x"]).await?;
            let orphan = sql!(
                "INSERT INTO session (account_id, contract, device, address, refresh_counter, created_at, \
                 last_used_at, expires_at, idle_expires_at) VALUES (424242, '', '', '', 1, 0, 0, 0, 0)"
            );
            tx.run(orphan, params![]).await
        })
        .await;
    assert!(matches!(outcome, Err(Error::Failed(_))), "{outcome:?}");
    assert_eq!(home.store.account(id).await.unwrap().unwrap().profile.bio, "");
    home.store.set_disabled(id, true, START, crate::harness::audit("disable")).await.unwrap();
    home.end().await;
}

#[tokio::test]
async fn a_write_that_says_nothing_leaves_nothing_open() {
    let home = Home::postgres().await;
    let ada = member(&home.store, "Ada").await;
    let crate::harness::Place::Server(server) = &home.place else { unreachable!() };
    let mut settings = server.settings.clone();
    settings.connections = 1;
    let store = Store::open_postgres(&settings, START).await.unwrap();
    let open = "SELECT COUNT(*) FROM pg_stat_activity \
        WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    store.database().write(async |_: &mut Tx<'_>| Ok(())).await.unwrap();
    let wrong: Result<Option<(i64,)>> =
        store.database().get(sql!("SELECT 1 / (id - id) FROM account"), params![]).await;
    assert!(matches!(wrong, Err(Error::Failed(_))), "{wrong:?}");
    assert_eq!(home.number(open).await, 0, "after a read that fails");
    assert_eq!(store.account(ada.id).await.unwrap().as_ref(), Some(&ada));
    assert_eq!(home.number(open).await, 0, "after a read that works");
    store.close().await;
    home.end().await;
}

#[tokio::test]
async fn a_broken_line_is_busy_and_heals() {
    let home = Home::postgres().await;
    let ada = member(&home.store, "Ada").await;
    let crate::harness::Place::Server(server) = &home.place else { unreachable!() };
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    connect(&server.url).await.execute(kill, &[]).await.unwrap();
    let after = until_answered!(home.store.account(ada.id).await);
    assert_eq!(after, Some(ada));
    home.end().await;
}

/// A commit that takes longer than anybody waits; it is never cancelled.
const SLOW_COMMIT: &str = "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS \
    'BEGIN PERFORM pg_sleep(600); RETURN NULL; END'; \
    CREATE CONSTRAINT TRIGGER linger AFTER UPDATE ON account DEFERRABLE INITIALLY DEFERRED \
    FOR EACH ROW EXECUTE FUNCTION linger()";

#[tokio::test]
async fn a_line_that_does_not_answer_gives_its_place_back_at_once() {
    let home = Home::postgres().await;
    let ada = member(&home.store, "Ada").await;
    home.script(SLOW_COMMIT).await;
    let crate::harness::Place::Server(server) = &home.place else { unreachable!() };
    let mut settings = server.settings.clone();
    (settings.connections, settings.statement_timeout) = (1, Duration::from_secs(1));
    let store = Store::open_postgres(&settings, START).await.unwrap();
    let id = ada.id;
    let outcome = store
        .database()
        .write(async move |tx| {
            // The server does not give up; this side has to.
            tx.run(sql!("SET LOCAL statement_timeout = 0"), params![]).await?;
            tx.run(ADD, params![id, "x"]).await
        })
        .await;
    assert!(matches!(outcome, Err(Error::Busy)), "{outcome:?}");
    assert_eq!(store.account(id).await.unwrap(), Some(ada), "the only place is free");
    store.close().await;
    home.end().await;
}

#[tokio::test]
async fn a_server_that_is_away_is_busy() {
    // Port 1 of this machine: nobody listens there.
    let away =
        Store::open_postgres(&PostgresSettings::new("postgres://parlour@127.0.0.1:1/parlour"), START).await.err();
    assert!(matches!(away, Some(Error::Busy)), "{away:?}");
}

#[tokio::test]
async fn a_backup_is_left_to_pg_dump() {
    let home = Home::postgres().await;
    let refused = home.store.backup(std::path::Path::new("copy.db")).await.unwrap_err();
    assert!(refused.to_string().contains("pg_dump"), "{refused}");
    home.end().await;
}
