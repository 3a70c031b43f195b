//! A deletion that the end of the server has cut off goes on with the next one.

use crate::people::member;
use crate::process::Folder;
use crate::room::Seat;

#[tokio::test]
async fn a_deletion_that_was_cut_off_is_finished() {
    let folder = Folder::new();
    let server = folder.start(&[]).await;
    let ada = member(server.address, "Ada").await;
    member(server.address, "Bob").await;
    Seat::take(server.address, "alpha", &ada, None).await.unwrap().post("words that go", "1").await.unwrap();
    server.kill();
    // So it stands in the database when the server has died right after it was told.
    let told = "UPDATE account SET leaving_at = 1, disabled_at = 1 WHERE username = 'Ada'";
    assert_eq!(folder.database().execute(told, []).unwrap(), 1);
    let server = folder.start(&[]).await;
    let database = folder.database();
    let number = |query: &str| database.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap();
    server.until("the end of the account", || number("SELECT COUNT(*) FROM account") == 1).await;
    assert_eq!(number("SELECT COUNT(*) FROM event WHERE text <> ''"), 0);
    assert_eq!(number("SELECT COUNT(*) FROM event"), 1, "its place stays");
}
