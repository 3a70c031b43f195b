//! The search, which follows the log and shows nothing that one may not read; and how lists are found.

use parlour_model::{Account, Visibility, words};
use parlour_store::{Search, Store};

use crate::harness::{Home, Place, START, audit, member, on_both, room};
use crate::rooms::{actor, author, made, said};

async fn found(store: &Store, viewer: &Account, text: &str) -> usize {
    let search = Search {
        words: words(text),
        room: None,
        viewer: viewer.id,
        sees_private: false,
        before: i64::MAX,
        limit: 10,
        now: START,
    };
    let here: Vec<_> = store.search(search.clone()).await.unwrap();
    for hit in &here {
        let one = Search { room: Some(hit.room), ..search.clone() };
        assert!(store.search(one).await.unwrap().contains(hit));
    }
    here.len()
}

async fn index_all(store: &Store) {
    for room in store.rooms_to_index().await.unwrap() {
        while store.index_room(room).await.unwrap() {}
    }
    assert_eq!(store.rooms_to_index().await.unwrap(), []);
}

#[tokio::test]
async fn what_was_said_is_found_by_those_who_may_read_it() {
    on_both(async |home| {
        let store = &home.store;
        let (ada, bob) = (member(store, "Ada").await, member(store, "Bob").await);
        let den = made(store, &ada, "den", Visibility::Private).await;
        let tea = made(store, &ada, "tea", Visibility::Public).await;
        for number in 0..150 {
            said(store, &room("tea"), &ada, &format!("Crème number{number} ' \" : & | * \\ ")).await;
        }
        let seq = said(store, &room("den"), &ada, "Crème in the den").await;
        index_all(store).await;
        assert_eq!((found(store, &ada, "creme den").await, found(store, &bob, "creme den").await), (1, 0));
        assert_eq!((found(store, &bob, "CREM").await, found(store, &bob, "number14").await), (10, 10));
        assert_eq!(found(store, &bob, "number149").await, 1);
        store.edit_message(den, seq, author(&ada), "tea".to_owned(), START).await.unwrap().unwrap();
        store.delete_message(tea, 150, actor(&ada)).await.unwrap().unwrap();
        assert_eq!(found(store, &bob, "number149").await, 0, "at once");
        index_all(store).await;
        assert_eq!((found(store, &ada, "creme den").await, found(store, &ada, "tea").await), (0, 1));
        store.ban(tea, bob.id, String::new(), None, actor(&ada)).await.unwrap().unwrap();
        assert_eq!(found(store, &bob, "creme").await, 0);
        store.leave_owned_rooms(ada.id, START).await.unwrap();
        store.erase_events(ada.id).await.unwrap();
        assert!(store.delete_account(ada.id, START, audit("delete")).await.unwrap());
        assert_eq!(home.number("SELECT COUNT(*) FROM search_entry").await, 0);
        assert_eq!(home.number("SELECT COUNT(*) FROM event WHERE text LIKE '%number%'").await, 0);
    })
    .await;
}

/// What a statement of SQLite's does, step by step.
fn plan(home: &Home, statement: &str) -> String {
    let Place::Folder(folder) = &home.place else { unreachable!() };
    let connection = folder.connection();
    let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
    let steps = explained.query_map([], |row| row.get::<_, String>(3)).unwrap();
    steps.map(Result::unwrap).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn no_list_walks_over_what_it_does_not_show() {
    let home = Home::sqlite().await;
    for (statement, found) in [
        (
            "SELECT seq FROM event WHERE room_id = 1 AND seq < 9 AND kind = 'message' ORDER BY seq DESC LIMIT 50",
            "SEARCH event USING PRIMARY KEY (room_id=? AND seq<?)",
        ),
        ("SELECT seq FROM reaction WHERE room_id = 1 AND seq >= 1 AND seq <= 9", "SEARCH reaction USING PRIMARY KEY"),
        ("SELECT room_id FROM member WHERE account_id = 1", "INDEX member_account (account_id=?)"),
        (
            "SELECT id FROM room WHERE visibility = 'public' AND deleted_at IS NULL AND name_key >= 'a' ORDER BY name_key",
            "INDEX room_public (name_key>?)",
        ),
        ("SELECT id FROM room WHERE deleted_at IS NOT NULL", "INDEX room_deleted"),
        ("SELECT room_id, seq FROM event WHERE subject_id = 1 LIMIT 500", "INDEX event_subject (subject_id=?)"),
    ] {
        let plan = plan(&home, statement);
        assert!(plan.contains(found) && !plan.contains("TEMP B-TREE"), "{statement}\n{plan}");
    }
    home.end().await;
}
