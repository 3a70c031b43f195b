//! Another program holds SQLite's write lock: requests are slow or told to come back, and none hears of the lock.

use std::time::Duration;

use crate::people::{Door, ask, member};
use crate::process::Folder;
use crate::refusals::{a_message_is_refused, everybody_is_told_to_come_back, reading_goes_on, sign_up_by_every_door};
use crate::room::{Seat, history};

#[tokio::test]
async fn a_lock_for_seconds_delays_and_fails_nothing() {
    let folder = Folder::new();
    let server = folder.start(&[]).await;
    let token = member(server.address, "Ada").await;
    let mut seat = Seat::take(server.address, "alpha", &token, None).await.unwrap();
    let other = folder.database();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let release = async {
        // sleep: the lock is held for seconds, that is the fault.
        tokio::time::sleep(Duration::from_secs(2)).await;
        reading_goes_on(server.address, &token).await;
        other.execute_batch("COMMIT").unwrap();
    };
    let ((), rooms, cookies, tokens, login, said) = tokio::join!(
        release,
        ask(server.address, Door::Rooms.sign_up("Bob")),
        ask(server.address, Door::Cookies.sign_up("Cem")),
        ask(server.address, Door::Tokens.sign_up("Dan")),
        ask(server.address, Door::Rooms.log_in("Ada")),
        seat.post("at last", "1"),
    );
    rooms.unwrap().expect(201);
    cookies.unwrap().expect(201);
    tokens.unwrap().expect(201);
    login.unwrap().expect(200);
    assert_eq!(said.unwrap().id, 1);
}

#[tokio::test]
async fn a_lock_without_end_is_told_and_survived() {
    let folder = Folder::new();
    let server = folder.start(&[]).await;
    let token = member(server.address, "Ada").await;
    sign_up_by_every_door(server.address, "before").await;
    let mut seat = Seat::take(server.address, "alpha", &token, None).await.unwrap();
    let other = folder.database();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    tokio::join!(
        everybody_is_told_to_come_back(server.address, "before", "meanwhile"),
        a_message_is_refused(&mut seat, "1"),
        reading_goes_on(server.address, &token),
    );
    other.execute_batch("COMMIT").unwrap();
    sign_up_by_every_door(server.address, "meanwhile").await;
    let mut seat = Seat::take(server.address, "alpha", &token, None).await.unwrap();
    assert_eq!(seat.post("into the void", "1").await.unwrap().id, 1);
    assert_eq!(history(server.address, "alpha", &token, "2").await.len(), 2);
}
