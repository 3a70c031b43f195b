//! What a server does when the control log does not say what it needs to know: it believes nothing that it remembers.

use std::time::Duration;

use tokio::time::timeout;

use crate::http::PATIENCE;
use crate::people::member;
use crate::process::Folder;
use crate::room::Seat;

/// A session is ended past the server, and nothing tells of that but this.
async fn ended_and_told_by(script: &str) {
    let folder = Folder::new();
    let server = folder.start(&[]).await;
    let token = member(server.address, "Ada").await;
    let me = async || server.get("/api/users/me/").bearer(&token).send().await.status;
    assert_eq!(me().await, 200, "it is remembered from now on");
    let ended = "UPDATE session SET ended_at = 1";
    folder.database().execute_batch(&format!("BEGIN IMMEDIATE; {ended}; {script}; COMMIT")).unwrap();
    let refused = async {
        while me().await != 401 {
            // sleep: polls what another process does.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(timeout(PATIENCE, refused).await.is_ok(), "the session is still believed\n{}", server.log());
}

#[tokio::test]
async fn a_line_of_a_newer_program_makes_it_believe_nothing_it_remembers() {
    ended_and_told_by(
        "UPDATE control_head SET last_seq = last_seq + 1; \
         INSERT INTO control (seq, kind, subject, at) SELECT last_seq, 'weather_changed', 7, 0 FROM control_head",
    )
    .await;
}

#[tokio::test]
async fn a_log_that_went_back_makes_it_believe_nothing_it_remembers() {
    ended_and_told_by("DELETE FROM control; UPDATE control_head SET last_seq = last_seq - 1").await;
}

#[tokio::test]
async fn a_log_whose_lines_are_all_gone_makes_it_believe_nothing_it_remembers() {
    ended_and_told_by("DELETE FROM control; UPDATE control_head SET last_seq = last_seq + 1").await;
}

#[tokio::test]
async fn a_log_with_more_lines_than_are_read_at_once_is_read_to_its_end() {
    ended_and_told_by(
        "WITH RECURSIVE more (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM more WHERE number < 2500) \
         INSERT INTO control (seq, kind, subject, at) SELECT last_seq + number, 'room_changed', 7, 0 \
         FROM control_head, more; \
         UPDATE control_head SET last_seq = last_seq + 2501; \
         INSERT INTO control (seq, kind, subject, at) SELECT last_seq, 'session_ended', session.id, 0 \
         FROM control_head, session",
    )
    .await;
}

#[tokio::test]
async fn another_name_is_shown_even_if_it_was_known_before_it_was_told_of() {
    let folder = Folder::new();
    let server = folder.start(&[]).await;
    let token = member(server.address, "Ada").await;
    let mut sits = Seat::take(server.address, "tea", &token, None).await.unwrap();
    sits.post("hello", "k").await.unwrap();
    let tell = |kind: &str| {
        let line = format!("SELECT last_seq, '{kind}', 1, 0 FROM control_head");
        format!("UPDATE control_head SET last_seq = last_seq + 1; INSERT INTO control (seq, kind, subject, at) {line}")
    };
    // What it remembered of her goes, and it reads the new name before it is told that there is one.
    let renamed = "UPDATE account SET username = 'Countess'";
    folder.database().execute_batch(&format!("BEGIN; {renamed}; {}; COMMIT", tell("weather_changed"))).unwrap();
    let knows = async {
        while !server.get("/api/users/me/").bearer(&token).send().await.text().contains("Countess") {
            // sleep: polls what another process does.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, knows).await.expect("the new name is not known");
    folder.database().execute_batch(&format!("BEGIN; {}; COMMIT", tell("account_changed"))).unwrap();
    let shown = async {
        while Seat::take(server.address, "tea", &token, Some(0)).await.unwrap().hear().await.unwrap().sender == "Ada" {
            // sleep: polls what another process does.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, shown).await.expect("what she said bears the old name");
}
