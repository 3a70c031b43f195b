//! Everything is moved from SQLite to PostgreSQL, by a process that is killed on the way.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;
use tokio_postgres::NoTls;

use crate::people::member;
use crate::process::{Folder, finished};
use crate::room::Seat;

/// So many that copying them takes a while.
const MESSAGES: u64 = 60_000;

/// Everybody has said much: messages are written past the server, as many as there are to be.
const TALK: &str = "
    WITH RECURSIVE number (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM number WHERE n < 60000)
    INSERT INTO event (room_id, seq, kind, author_id, text, at)
    SELECT room.id, n, 'message', account.id, 'number ' || n, 1000000 + n
    FROM number CROSS JOIN room CROSS JOIN account WHERE room.name_key = 'tea';
    UPDATE room SET last_seq = 60000 WHERE name_key = 'tea';";

#[tokio::test]
async fn a_move_that_was_killed_goes_on_and_until_then_no_server_starts() {
    let folder = Folder::new();
    let server = folder.start(&[]).await;
    let token = member(server.address, "Ada").await;
    Seat::take(server.address, "tea", &token, None).await.unwrap().post("hello", "k1").await.unwrap();
    server.kill();
    folder.database().execute_batch(TALK).unwrap();
    let database = new_database().await;
    let to = ["migrate", "--to", &database];

    let mut command = folder.command(&to);
    let mut moving = command.stderr(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(moving.stderr.take().unwrap());
    let killed = tokio::task::spawn_blocking(move || {
        // The next table is that of the messages.
        assert!(said.lines().map_while(Result::ok).any(|line| line.starts_with("copies   room ")));
        moving.kill().unwrap();
        moving.wait().unwrap()
    });
    assert!(!killed.await.unwrap().success());
    let on_postgres = format!("database.url={database}");
    let refusal = folder.spawn(folder.serve(&[&on_postgres])).refusal().await;
    assert!(refusal.contains("not all of it has come: run `parlour migrate` again"), "{refusal}");

    let moved = finished(folder.command(&to)).await;
    assert!(moved.status.success(), "{moved:?}");
    let moved = String::from_utf8(moved.stderr).unwrap();
    assert!(
        moved.contains(&format!("compares event           [##############################] {MESSAGES} of")),
        "{moved}"
    );
    let server = folder.start(&[&on_postgres]).await;
    let mut seat = Seat::take(server.address, "tea", &token, Some(MESSAGES - 1)).await.unwrap();
    let last = seat.hear().await.unwrap();
    assert_eq!((last.id, last.text.as_str()), (MESSAGES, "number 60000"));
    assert_eq!(seat.post("hello again", "k2").await.unwrap().id, MESSAGES + 1);
    let me = server.get("/api/users/me/").bearer(&token).send().await.expect(200).json();
    assert_eq!(me["data"]["user"]["username"], Value::from("Ada"));
    let again = finished(folder.command(&to)).await;
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("the target is not empty"));
}

#[expect(clippy::disallowed_methods, reason = "a test's surroundings are not the server's configuration")]
async fn new_database() -> String {
    let superuser = std::env::var("PARLOUR_TEST_POSTGRES").expect("PARLOUR_TEST_POSTGRES, a superuser's URL");
    let name = format!("moved_{}", std::process::id());
    let (client, connection) = tokio_postgres::connect(&superuser, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    let (server, _) = superuser.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}
