//! A backup that is made while everybody writes is a whole database with everything acknowledged before it.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::chance::Chance;
use crate::ledger::Ledger;
use crate::people::{Door, member};
use crate::process::{DATABASE, Folder, MASTER_KEY, Parlour, finished};
use crate::writers::{Life, Newcomers, Talker, through};

/// Writes before the backup begins, and while it is made and after it.
const WRITES: usize = 60;

#[tokio::test]
async fn a_backup_holds_all_that_was_acknowledged_before_it() {
    let folder = Folder::new();
    let server = folder.start(&[]).await;
    let token = member(server.address, "Witness").await;
    let lives = watch::Sender::new(Life::Before);
    let before = Arc::new(Ledger::new());
    let mut writers = crowd(&server, &before, &lives).await;
    lives.send_replace(Life::Up(1, server.address));
    before.reaches(WRITES).await;

    let acknowledged = before.snapshot();
    let file = folder.file("backup.db");
    let backup = folder.command(&["backup", file.to_str().unwrap()]);
    let output = finished(backup).await;
    assert!(output.status.success(), "{output:?}");
    before.reaches(before.count() + WRITES).await;
    lives.send_replace(Life::Over);
    server.kill();
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }

    let new = Folder::new();
    std::fs::copy(&file, new.file(DATABASE)).unwrap();
    let said = new.spawn(new.serve(&[])).refusal().await;
    assert!(said.contains("no master key"), "without its key a backup signs nothing: {said}");
    std::fs::copy(folder.file(MASTER_KEY), new.file(MASTER_KEY)).unwrap();
    let restored = new.start(&[]).await;
    acknowledged.verify(restored.address, &token, "the backup", &mut Chance::announced()).await;
    let whole: String = new.database().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
}

/// People who write until the server is gone.
async fn crowd(server: &Parlour, ledger: &Arc<Ledger>, lives: &watch::Sender<Life>) -> JoinSet<()> {
    let mut writers = JoinSet::new();
    let token = member(server.address, "Ada").await;
    let mut talker = Talker::new("Ada", token, "alpha", ledger);
    let heard = lives.subscribe();
    writers.spawn(through(heard, async move |address| talker.work(address).await));
    for door in [Door::Rooms, Door::Cookies, Door::Tokens] {
        let mut newcomers = Newcomers::new(door, ledger);
        newcomers.next(server.address).await.unwrap();
        let heard = lives.subscribe();
        writers.spawn(through(heard, async move |address| newcomers.work(address).await));
    }
    writers
}
