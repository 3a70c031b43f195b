//! Moving everything from SQLite to PostgreSQL.

use parlour_model::{AccountId, RoomName};
use parlour_store::moving::TABLES;
use parlour_store::{Error, Moved, NotMoved, Store};
use tokio::sync::Notify;

use crate::harness::{Folder, Home, Place, START, done, member, message, room, sign_up};

/// What is not moved, and why: see [`TABLES`].
const LEFT: [&str; 6] = ["migration", "compatibility", "node", "arrival", "search_entry", "event_text"];

fn folder(home: &Home) -> &Folder {
    let Place::Folder(folder) = &home.place else { unreachable!() };
    folder
}

async fn talk(store: &Store, count: usize) {
    let ada = member(store, "Ada").await;
    for batch in 0..count {
        let messages = (0..64).map(|at| message(&ada, &format!("{batch} {at} ünïcödé 🌱"), None)).collect();
        store.append(&room("tea"), move || messages).await.unwrap().unwrap();
    }
}

/// A move that somebody gives up when it has come to some place.
async fn interrupted(from: &Store, to: &Store, is_there: impl Fn(Moved) -> bool) {
    let stop = Notify::new();
    let tell = |moved| {
        if is_there(moved) {
            stop.notify_one();
        }
    };
    tokio::select! {
        biased;
        () = stop.notified() => {}
        moved = from.move_to(to, START, tell) => panic!("it came to its end: {moved:?}"),
    }
}

#[tokio::test]
async fn no_table_is_forgotten() {
    let home = Home::sqlite().await;
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let connection = folder(&home).connection();
    let mut statement = connection.prepare(tables).unwrap();
    let tables: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    for table in tables {
        let is_left =
            LEFT.iter().any(|left| table == *left || table.starts_with(&format!("{left}_")) && *left == "event_text");
        assert_eq!(TABLES.contains(&table.as_str()), !is_left, "{table}");
    }
}

#[tokio::test]
async fn what_was_said_is_found_where_it_was_moved_to() {
    let from = Home::sqlite().await;
    talk(&from.store, 30).await;
    let home = Home::postgres().await;
    let to = home.store.clone();
    let mut told: Vec<Moved> = Vec::new();
    from.store.move_to(&to, START, |moved| told.push(moved)).await.unwrap().unwrap();
    assert!(told.iter().any(|moved| moved.table == "event" && moved.compared && moved.rows == 30 * 64));
    let here = from.store.room(&room("tea")).await.unwrap().unwrap();
    let there = to.room(&room("tea")).await.unwrap().unwrap();
    assert_eq!((here.id, here.epoch, here.last_seq), (there.id, there.epoch, there.last_seq));
    assert_eq!(from.store.history(here.id, 0, 5_000).await.unwrap(), to.history(there.id, 0, 5_000).await.unwrap());
    assert_eq!(from.store.account(AccountId(1)).await.unwrap(), to.account(AccountId(1)).await.unwrap());
    assert_eq!(to.rooms_to_index().await.unwrap(), [there.id], "the search learns it anew");
    let (grace, _) = done(to.sign_up(sign_up("Grace")).await.unwrap());
    assert_eq!(grace.id, AccountId(2), "numbers go on");
    home.again().await.unwrap().close().await;
    assert_eq!(from.store.move_to(&to, START, |_| {}).await.unwrap(), Err(NotMoved::NotEmpty("account")));
    home.end().await;
}

#[tokio::test]
async fn whoever_was_interrupted_goes_on_and_until_then_no_server_starts() {
    let from = Home::sqlite().await;
    talk(&from.store, 30).await;
    let home = Home::postgres().await;
    let to = home.store.clone();
    interrupted(&from.store, &to, |moved| moved.table == "event" && moved.rows >= 1_000).await;
    assert!(matches!(home.again().await.err(), Some(Error::HalfMoved)));
    let mut first_of_events = None;
    let tell = |moved: Moved| {
        if moved.table == "event" {
            first_of_events.get_or_insert(moved.rows);
        }
    };
    from.store.move_to(&to, START, tell).await.unwrap().unwrap();
    assert!(first_of_events >= Some(1_000), "it went on where it was: {first_of_events:?}");
    home.again().await.unwrap().close().await;
    home.end().await;
}

#[tokio::test]
async fn a_source_that_changed_since_is_noticed() {
    let from = Home::sqlite().await;
    talk(&from.store, 1).await;
    let home = Home::postgres().await;
    let to = home.store.clone();
    interrupted(&from.store, &to, |moved| moved.table == "room").await;
    from.script("UPDATE account SET bio = 'changed' WHERE id = 1").await;
    assert_eq!(from.store.move_to(&to, START, |_| {}).await.unwrap(), Err(NotMoved::Differs("account")));
    assert!(matches!(home.again().await.err(), Some(Error::HalfMoved)));
    home.end().await;
}

#[tokio::test]
async fn a_database_that_holds_something_is_left_alone() {
    let from = Home::sqlite().await;
    let home = Home::postgres().await;
    let to = home.store.clone();
    to.ensure_room(RoomName::lobby(), START).await.unwrap();
    assert_eq!(from.store.move_to(&to, START, |_| {}).await.unwrap(), Err(NotMoved::NotEmpty("room")));
    home.end().await;
}
