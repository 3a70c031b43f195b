//! What only SQLite's one writer has to promise.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use parlour_model::{RoomId, Seq};
use parlour_store::database::{Sql, Tx};
use parlour_store::{Error, NewMessage, Result, Role, Store, params, sql};

use crate::harness::{Folder, Home, Place, START, member, room, sign_up};

fn folder(home: &Home) -> &Folder {
    let Place::Folder(folder) = &home.place else { unreachable!() };
    folder
}

/// Adds one account past the rules, so that what was kept can be counted.
async fn add(tx: &mut Tx<'_>, name: &str) -> Result<()> {
    let insert = sql!(
        "INSERT INTO account (username, first_name, last_name, display_name, facility_id, profile_picture, bio, \
         admin_level, created_at) VALUES ($1, '', '', '', '', '', '', 0, 0)"
    );
    tx.run(insert, params![name]).await.map(drop)
}

/// Makes the commit fail: a session of nobody, noticed at the end.
async fn poison(tx: &mut Tx<'_>) -> Result<()> {
    tx.run(sql!("PRAGMA defer_foreign_keys = ON"), params![]).await?;
    let orphan = sql!(
        "INSERT INTO session (account_id, contract, device, address, refresh_counter, created_at, last_used_at, \
         expires_at, idle_expires_at) VALUES (424242, '', '', '', 1, 0, 0, 0, 0)"
    );
    tx.run(orphan, params![]).await.map(drop)
}

type Write<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// Puts the writes into one group: another program holds the file until all of them wait.
async fn in_one_group(home: &Home, mut writes: Vec<Write<'_>>) -> Vec<Result<()>> {
    let other = folder(home).connection();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for write in &mut writes {
        assert!(write.as_mut().now_or_never().is_none());
    }
    other.execute_batch("COMMIT").unwrap();
    futures_util::future::join_all(writes).await
}

async fn accounts(home: &Home) -> i64 {
    home.number("SELECT COUNT(*) FROM account").await
}

#[tokio::test]
async fn a_failing_write_hurts_no_other_of_its_group() {
    let home = Home::sqlite().await;
    let db = home.store.database();
    let answers = in_one_group(
        &home,
        vec![
            Box::pin(db.write(async |tx| add(tx, "before").await)),
            Box::pin(db.write(async |tx| {
                add(tx, "half").await?;
                tx.run(sql!("INSERT INTO control_head (id, last_seq) VALUES (1, 0)"), params![]).await.map(drop)
            })),
            Box::pin(db.write(async |tx| {
                add(tx, "half").await?;
                panic!("a bug")
            })),
            Box::pin(db.write(async |tx| {
                add(tx, "half").await?;
                std::future::pending().await
            })),
            Box::pin(db.write(async |tx| add(tx, "after").await)),
        ],
    )
    .await;
    assert!(matches!(
        answers.as_slice(),
        [Ok(()), Err(Error::Failed(_)), Err(Error::Failed(_)), Err(Error::Failed(_)), Ok(())]
    ));
    assert_eq!(accounts(&home).await, 2);
    assert_eq!(home.number("SELECT COUNT(*) FROM account WHERE username = 'half'").await, 0);
    home.end().await;
}

#[tokio::test]
async fn a_failing_commit_fails_the_whole_group_and_no_other() {
    let home = Home::sqlite().await;
    let db = home.store.database();
    let answers = in_one_group(
        &home,
        vec![
            Box::pin(db.write(async |tx| add(tx, "lost").await)),
            Box::pin(db.write(async |tx| poison(tx).await)),
            Box::pin(db.write(async |tx| add(tx, "lost").await)),
        ],
    )
    .await;
    assert!(answers.iter().all(|answer| matches!(answer, Err(Error::Failed(_)))), "{answers:?}");
    assert_eq!(accounts(&home).await, 0);
    member(&home.store, "Ada").await;
    assert_eq!(accounts(&home).await, 1);
    home.end().await;
}

#[tokio::test]
async fn a_full_disk_is_told_as_such_and_space_heals_it() {
    let home = Home::sqlite().await;
    let db = home.store.database();
    let limit = |set: Sql| async move {
        db.write(async move |tx| tx.get::<(i64,)>(set, params![]).await).await.unwrap();
    };
    // SQLite never limits a file to less than it has.
    limit(sql!("PRAGMA max_page_count = 1")).await;
    let mut kept = 0;
    let error = loop {
        let mut new = sign_up(&format!("member {kept}"));
        new.account.profile.bio = "long ".repeat(10_000);
        match home.store.sign_up(new).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Unwritable(_)), "{error}");
    assert_eq!(accounts(&home).await, kept);
    limit(sql!("PRAGMA max_page_count = 1000000")).await;
    member(&home.store, "Ada").await;
    assert_eq!(accounts(&home).await, kept + 1);
    home.end().await;
}

#[tokio::test]
async fn another_program_that_writes_is_waited_for() {
    let home = Home::sqlite().await;
    let other = folder(&home).connection();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut write = Box::pin(home.store.sign_up(sign_up("Ada")));
    // Longer than SQLite itself waits at a time, so that the writer has tried again. Reads go on meanwhile.
    let waiting = tokio::time::timeout(Duration::from_millis(700), write.as_mut()).await;
    assert!(waiting.is_err());
    assert_eq!(home.store.account_by_name("ada").await.unwrap(), None);
    other.execute_batch("COMMIT").unwrap();
    write.as_mut().await.unwrap();
    drop(write);
    assert_eq!(accounts(&home).await, 1);
    home.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_and_the_server_write_side_by_side() {
    let home = Home::sqlite().await;
    let command = home.again().await.unwrap();
    let sign_up_many = |store: Store, who: &'static str| async move {
        for number in 0..100 {
            store.sign_up(sign_up(&format!("{who} {number}"))).await.unwrap();
        }
    };
    let server = tokio::spawn(sign_up_many(home.store.clone(), "web"));
    sign_up_many(command.clone(), "console").await;
    server.await.unwrap();
    assert_eq!(accounts(&home).await, 200);
    command.close().await;
    home.end().await;
}

#[tokio::test]
async fn a_full_queue_is_busy_and_drains() {
    let home = Home::sqlite().await;
    let other = folder(&home).connection();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut waiting = Vec::new();
    let refused = loop {
        let mut ready = Box::pin(home.store.ready());
        match ready.as_mut().now_or_never() {
            None => waiting.push(ready),
            Some(answer) => break answer,
        }
    };
    assert!(matches!(refused, Err(Error::Busy)), "{refused:?}");
    other.execute_batch("COMMIT").unwrap();
    for write in waiting {
        write.await.unwrap();
    }
    home.store.ready().await.unwrap();
    home.end().await;
}

#[tokio::test]
async fn a_read_that_nobody_waits_for_holds_up_no_other() {
    let home = Home::sqlite().await;
    let read = || Box::pin(home.store.history(RoomId(1), 0, 1));
    // As many as may run at once, begun and then left alone; one that is done at once was not.
    let mut left = Vec::new();
    while left.len() < 4 {
        let mut begun = read();
        if (&mut begun).now_or_never().is_none() {
            left.push(begun);
        }
    }
    let other = tokio::time::timeout(Duration::from_secs(30), read()).await;
    assert_eq!(other.expect("its turn comes").unwrap(), []);
    drop(left);
}

/// How long the log beside the main file is, in pages.
fn log_pages(home: &Home) -> u64 {
    let log =
        folder(home).path().read_dir().unwrap().flatten().find(|file| file.path().to_string_lossy().ends_with("-wal"));
    log.map_or(0, |log| log.metadata().unwrap().len() / 4_096)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_moved_while_it_is_written_and_stays_short() {
    let home = Home::sqlite().await;
    let ada = member(&home.store, "Ada").await;
    // Some 20,000 pages in all.
    for _ in 0..1_000 {
        let line = NewMessage { author: ada.id, text: "line ".repeat(200), key: None, reply_to: None, at: START };
        home.store.append(&room("hall"), move || vec![line; 64]).await.unwrap();
    }
    let pages = log_pages(&home);
    assert!(pages < 10_000, "{pages} pages");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_while_writing_is_a_whole_database() {
    let home = Home::sqlite().await;
    let ada = member(&home.store, "Ada").await;
    let stop = Arc::new(AtomicBool::new(false));
    let writer = {
        let (store, stop) = (home.store.clone(), Arc::clone(&stop));
        tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let line =
                    NewMessage { author: ada.id, text: "line ".repeat(200), key: None, reply_to: None, at: START };
                store.append(&room("hall"), move || vec![line; 64]).await.unwrap();
            }
        })
    };
    while home.store.control_head().await.is_ok() && home.number("SELECT COUNT(*) FROM event").await < 2_000 {}
    let copies = folder(&home).path().join("copies");
    std::fs::create_dir(&copies).unwrap();
    for number in 0..3 {
        let to = copies.join(format!("{number}.db"));
        home.store.backup(&to).await.unwrap();
        let copy = Store::open_sqlite(&to, Role::Command, START).await.unwrap();
        let hall = copy.room(&room("hall")).await.unwrap().unwrap();
        let seqs: Vec<Seq> = copy.history(hall.id, 0, i64::MAX).await.unwrap().iter().map(|event| event.seq).collect();
        assert_eq!(seqs, (1..=hall.last_seq).collect::<Vec<_>>());
        assert_eq!(copy.account(ada.id).await.unwrap().as_ref(), Some(&ada));
        copy.close().await;
        let check: String =
            rusqlite::Connection::open(&to).unwrap().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
    }
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();
    home.end().await;
}

#[tokio::test]
async fn a_backup_replaces_nothing_and_leaves_nothing_half_done() {
    use std::os::unix::fs::PermissionsExt;

    let home = Home::sqlite().await;
    let to = folder(&home).path().join("copy.db");
    home.store.backup(&to).await.unwrap();
    assert_eq!(std::fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&to).unwrap();
    assert!(matches!(home.store.backup(&to).await, Err(Error::Failed(_))));
    assert_eq!(std::fs::read(&to).unwrap(), before);
    let names = std::fs::read_dir(folder(&home).path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["copy.db", "data"]);
    home.end().await;
}

#[tokio::test]
async fn a_panic_leaves_the_writer_alive() {
    let home = Home::sqlite().await;
    let outcome = home.store.database().write(async |_| -> Result<()> { panic!("a bug") }).await;
    let error = outcome.unwrap_err();
    assert!(error.to_string().contains("a bug"), "{error}");
    member(&home.store, "Ada").await;
    home.end().await;
}
