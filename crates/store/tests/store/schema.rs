//! Opening: who may, and on which schema.

use std::os::unix::fs::PermissionsExt;

use futures_util::future::join_all;
use parlour_store::{Error, Role, Store};

use crate::harness::{Folder, Home, Place, START, member, on_both};

#[tokio::test]
async fn a_newer_schema_that_only_adds_is_worked_with_and_one_that_breaks_is_refused() {
    on_both(async |home| {
        home.script("INSERT INTO migration (version, name, applied_at) VALUES (998, 'adds something', 0)").await;
        let older = home.again().await.unwrap();
        member(&older, "Ada").await;
        older.close().await;
        home.script("INSERT INTO migration (version, name, applied_at) VALUES (999, 'takes something', 0)").await;
        home.script("UPDATE compatibility SET least = 999").await;
        let refused = home.again().await.err();
        assert!(matches!(refused, Some(Error::NewerSchema { least: 999, known: 1.. })), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn what_was_kept_is_there_after_a_restart() {
    on_both(async |home| {
        let ada = member(&home.store, "Ada").await;
        let again = home.again().await.unwrap();
        assert_eq!(again.account(ada.id).await.unwrap(), Some(ada));
        again.close().await;
    })
    .await;
}

#[tokio::test]
async fn both_databases_have_the_same_tables_and_columns() {
    let columns = |text: &str| -> Vec<String> {
        let statements = text.lines().filter(|line| !line.trim_start().starts_with("--"));
        let words = statements.map(|line| line.split_whitespace().take(1).collect::<String>());
        words.filter(|word| !word.is_empty()).map(|word| word.trim_end_matches([';', ',']).to_owned()).collect()
    };
    let sqlite = include_str!("../../src/migrations/sqlite/0001_foundation.sql");
    let postgres = include_str!("../../src/migrations/postgres/0001_foundation.sql");
    assert_eq!(columns(sqlite), columns(postgres));
}

#[tokio::test]
async fn a_second_server_on_the_same_file_is_refused_and_a_command_is_not() {
    let home = Home::sqlite().await;
    let Place::Folder(folder) = &home.place else { unreachable!() };
    let second = Store::open_sqlite(&folder.database(), Role::Server, START).await.err();
    assert!(matches!(second, Some(Error::AlreadyRunning)), "{second:?}");
    home.again().await.unwrap().close().await;
    home.store.clone().close().await;
    let next = Store::open_sqlite(&folder.database(), Role::Server, START).await.unwrap();
    next.close().await;
}

#[tokio::test]
async fn all_may_start_at_once_on_nothing() {
    let folder = Folder::new();
    let start = |number: usize| {
        let role = if number == 0 { Role::Server } else { Role::Command };
        let path = folder.database();
        async move { Store::open_sqlite(&path, role, START).await }
    };
    let stores = join_all((0..8).map(start)).await;
    for store in stores {
        store.unwrap().close().await;
    }
    let home = Home::postgres().await;
    let stores = join_all((0..8).map(|_| home.again())).await;
    for store in stores {
        store.unwrap().close().await;
    }
    assert_eq!(home.number("SELECT COUNT(*) - MAX(version) FROM migration").await, 0, "each once");
    home.end().await;
}

#[tokio::test]
async fn nobody_else_can_read_the_files() {
    let home = Home::sqlite().await;
    member(&home.store, "Ada").await;
    let Place::Folder(folder) = &home.place else { unreachable!() };
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let data = folder.database().parent().unwrap().to_owned();
    assert_eq!(mode(&data), 0o700);
    let files: Vec<_> = std::fs::read_dir(&data).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    home.end().await;
}

#[tokio::test]
async fn after_the_close_every_write_is_busy() {
    on_both(async |home| {
        let again = home.again().await.unwrap();
        again.ready().await.unwrap();
        again.clone().close().await;
        assert!(matches!(again.ready().await, Err(Error::Busy)));
    })
    .await;
}
