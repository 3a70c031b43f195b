//! What a server refuses to start on, and what it says to that.

use crate::people::member;
use crate::process::{Folder, MASTER_KEY};

#[tokio::test]
async fn a_folder_has_one_server() {
    let folder = Folder::new();
    let first = folder.start(&[]).await;
    let said = folder.spawn(folder.serve(&[])).refusal().await;
    assert!(said.contains("another server is running"), "{said}");
    member(first.address, "Ada").await;
    first.kill();
    folder.start(&[]).await;
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let folder = Folder::new();
    folder.start(&[]).await.kill();
    let newer = "INSERT INTO migration (version, name, applied_at) VALUES (999, '0999_future', 0);
        UPDATE compatibility SET least = 999;";
    folder.database().execute_batch(newer).unwrap();
    let said = folder.spawn(folder.serve(&[])).refusal().await;
    assert!(said.contains("migration 999") && said.contains("too old"), "{said}");
}

#[tokio::test]
async fn an_unknown_key_is_answered_with_the_nearest() {
    let folder = Folder::new();
    let said = folder.spawn(folder.serve(&["tokens.acces_minutes=5"])).refusal().await;
    assert!(said.contains("tokens.acces_minutes") && said.contains("`tokens.access_minutes`"), "{said}");
    let file = folder.file("parlour.toml");
    std::fs::write(&file, "[mail]\nsmtp = \"smtp://127.0.0.1\"\n").unwrap();
    let mut serve = folder.serve(&[]);
    serve.arg("--config").arg(&file);
    let said = folder.spawn(serve).refusal().await;
    assert!(said.contains("mail.smtp") && said.contains("`mail.smtp_url`"), "{said}");
}

#[tokio::test]
async fn a_wrong_master_key_is_named() {
    let folder = Folder::new();
    folder.start(&[]).await.kill();
    std::fs::write(folder.file(MASTER_KEY), [7; 32]).unwrap();
    let said = folder.spawn(folder.serve(&[])).refusal().await;
    assert!(said.contains("the master key is not the one"), "{said}");
    std::fs::write(folder.file(MASTER_KEY), "short").unwrap();
    let said = folder.spawn(folder.serve(&[])).refusal().await;
    assert!(said.contains("the master key is not 32 bytes long"), "{said}");
}
