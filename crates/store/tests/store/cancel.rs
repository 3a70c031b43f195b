//! A caller who goes away: what they had begun is whole, or never was.

use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt;
use parlour_store::{Store, params, sql};
use tokio::sync::Notify;

use crate::harness::{Home, START, member, on_both, sign_up, until_answered};

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
async fn a_write_dropped_in_the_queue_leaves_nothing() {
    let home = Home::sqlite().await;
    let crate::harness::Place::Folder(folder) = &home.place else { unreachable!() };
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
