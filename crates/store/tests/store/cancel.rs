//! A caller who goes away: what they had begun is whole, or never was.

use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::join;
use parlour_store::database::Tx;
use parlour_store::{Store, params, sql};
use tokio::sync::{Barrier, Notify};
use tokio::time::timeout;

use crate::harness::{DAY, Home, MINUTE, Place, START, connect, member, on_both, sign_up, until_answered};

/// Every sign-up leaves one row in each of these.
const TABLES: [&str; 4] = ["username", "credential", "known_source", "audit"];

async fn is_whole(home: &Home) {
    let accounts = home.number("SELECT COUNT(*) FROM account").await;
    for table in TABLES {
        assert_eq!(home.number(&format!("SELECT COUNT(*) FROM {table}")).await, accounts, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_write_is_whole_or_nothing() {
    on_both(async |home| {
        for number in 0..200 {
            let store = home.store.clone();
            let task = tokio::spawn(async move { store.sign_up(sign_up(&format!("member {number}"))).await });
            // A little further each time, from before the first statement to after the commit.
            for _ in 0..number {
                tokio::task::yield_now().await;
            }
            task.abort();
            let _ = task.await;
        }
        // Behind everything that was queued or is being rolled back.
        until_answered!(home.store.ready().await);
        member(&home.store, "the last").await;
        is_whole(home).await;
    })
    .await;
}

#[tokio::test]
async fn a_write_dropped_between_two_statements_leaves_nothing_and_holds_nothing() {
    let home = Home::postgres().await;
    let ada = member(&home.store, "Ada").await;
    let half = Arc::new(Notify::new());
    {
        let (id, reached) = (ada.id, Arc::clone(&half));
        let write = home.store.database().write(async move |tx| {
            tx.run(sql!("UPDATE account SET bio = 'half' WHERE id = $1"), params![id]).await?;
            reached.notify_one();
            std::future::pending().await
        });
        let write: &mut (dyn Future<Output = Result<(), _>> + Unpin) = &mut pin!(write);
        tokio::select! {
            _ = write => panic!("it waits for ever"),
            () = half.notified() => {}
        }
    }
    // The row would still be locked if the transaction were.
    assert!(home.store.set_disabled(ada.id, true, START, crate::harness::audit("disable")).await.unwrap());
    assert_eq!(home.store.account(ada.id).await.unwrap().unwrap().profile.bio, "");
    home.end().await;
}

#[tokio::test]
async fn a_statement_that_nobody_waits_for_is_cancelled_and_delays_nobody() {
    let home = Home::postgres().await;
    let Place::Server(server) = &home.place else { unreachable!() };
    let mut settings = server.settings.clone();
    // Nothing but a cancellation ends a statement.
    (settings.connections, settings.statement_timeout) = (2, DAY);
    let store = Store::open_postgres(&settings, START).await.unwrap();
    let ada = member(&store, "Ada").await;
    let lock = connect(&server.url).await;
    lock.batch_execute("BEGIN; SELECT 1 FROM account FOR UPDATE").await.unwrap();
    for _ in 0..6 {
        {
            let mut write = pin!(store.set_disabled(ada.id, true, START, crate::harness::audit("disable")));
            tokio::select! {
                _ = write.as_mut() => panic!("the row is locked"),
                () = until_waiting(&home, 1) => {}
            }
        }
        let next = timeout(MINUTE, store.account(ada.id)).await.expect("it does not wait behind what was dropped");
        assert_eq!(next.unwrap().as_ref(), Some(&ada));
        until_waiting(&home, 0).await;
    }
    // Every place in the pool is to be had again: these two meet while both are open.
    let barrier = Arc::new(Barrier::new(2));
    let meet = || {
        let barrier = Arc::clone(&barrier);
        store.database().write(async move |tx: &mut Tx<'_>| {
            let one: Option<(i64,)> = tx.get(sql!("SELECT COUNT(*) FROM room"), params![]).await?;
            barrier.wait().await;
            Ok(one)
        })
    };
    let (one, other) = timeout(MINUTE, join(meet(), meet())).await.expect("both places are free");
    assert_eq!((one.unwrap(), other.unwrap()), (Some((0,)), Some((0,))));
    store.close().await;
    home.end().await;
}

/// Waits until so many statements of this database wait for a lock.
async fn until_waiting(home: &Home, wanted: i64) {
    let waiting =
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while home.number(waiting).await != wanted {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_write_dropped_in_the_queue_leaves_nothing() {
    let home = Home::sqlite().await;
    let Place::Folder(folder) = &home.place else { unreachable!() };
    let other = folder.connection();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for number in 0..20 {
        queued_and_dropped(&home.store, &format!("member {number}"));
    }
    other.execute_batch("COMMIT").unwrap();
    member(&home.store, "the last").await;
    is_whole(&home).await;
    // All but perhaps the one that the writer had in hand.
    assert!(home.number("SELECT COUNT(*) FROM account").await <= 2);
    home.end().await;
}

fn queued_and_dropped(store: &Store, name: &str) {
    let mut sign_up = pin!(store.sign_up(sign_up(name)));
    assert!(sign_up.as_mut().now_or_never().is_none());
}
