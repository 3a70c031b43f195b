//! A deletion that the end of the server has cut off goes on with the next one.

use crate::people::member;
use crate::process::Folder;
use crate::room::Seat;

#[tokio::test]
async fn a_deletion_that_was_cut_off_is_finished() {
    let folder = Folder::new();
    let server = folder.start(&[]).await;
    // Whose own deletion fails comes first, and keeps nobody else here.
    member(server.address, "Stuck").await;
    let ada = member(server.address, "Ada").await;
    Seat::take(server.address, "alpha", &ada, None).await.unwrap().post("words that go", "1").await.unwrap();
    server.kill();
    // So it stands in the database when the server has died right after it was told.
    let told = "UPDATE account SET leaving_at = id, disabled_at = 1 WHERE username IN ('Stuck', 'Ada')";
    assert_eq!(folder.database().execute(told, []).unwrap(), 2);
    let trigger = "CREATE TRIGGER stuck BEFORE DELETE ON account WHEN OLD.username = 'Stuck' \
                   BEGIN SELECT RAISE(ABORT, 'it cannot be deleted'); END";
    folder.database().execute_batch(trigger).unwrap();
    let server = folder.start(&[]).await;
    let database = folder.database();
    let number = |query: &str| database.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap();
    server.until("the end of the account", || number("SELECT COUNT(*) FROM account WHERE username = 'Ada'") == 0).await;
    assert_eq!(number("SELECT COUNT(*) FROM event WHERE text <> ''"), 0);
    assert_eq!(number("SELECT COUNT(*) FROM event"), 1, "its place stays");
}
