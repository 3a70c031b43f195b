//! Finding people, looking after them, their pictures, and what is kept about them.

use parlour_model::{AccountId, AdminLevel, Contract, RoomId, Timestamp};
use parlour_store::avatar::NewAvatar;
use parlour_store::export::InRooms;
use parlour_store::oversee::{Overseen, Oversight};
use parlour_store::{NewMessage, Store};

use crate::harness::{
    MINUTE, START, audit, digest, done, member, member_with, new_session, newcomer, on_both, room, sign_up,
    until_answered,
};

fn names(accounts: &[parlour_model::Account]) -> Vec<&str> {
    accounts.iter().map(|account| account.username.as_str()).collect()
}

#[tokio::test]
async fn people_are_found_by_how_they_begin() {
    on_both(async |home| {
        let store = &home.store;
        let ada = member(store, "ada").await;
        let adam = member(store, "Ädam").await;
        let mut grace = sign_up("grace");
        grace.account.profile.display_name = "ADmiral".to_owned();
        let grace = done(store.sign_up(grace).await.unwrap()).0;
        newcomer(store, 1, "adele@example.com", START).await;
        assert_eq!(names(&store.people_by_name("ad", 10).await.unwrap()), ["ada", "adele@example.com"]);
        assert_eq!(names(&store.people_by_name("ä", 10).await.unwrap()), ["Ädam"]);
        assert_eq!(names(&store.people_by_name("", 2).await.unwrap()), ["ada", "adele@example.com"]);
        assert_eq!(names(&store.people_by_display_name("adm", 10).await.unwrap()), ["grace"]);
        assert_eq!(names(&store.accounts_by_name("ad", "ada", 10).await.unwrap()), ["adele@example.com"]);
        assert_eq!(store.accounts_by_email("ad", "", 10).await.unwrap().len(), 1);
        assert_eq!(store.accounts_by_email("ad", "adele@example.com", 10).await.unwrap(), []);
        store.set_disabled(ada.id, true, START, audit("disable")).await.unwrap();
        assert_eq!(names(&store.people_by_name("ada", 10).await.unwrap()), Vec::<&str>::new());
        assert_eq!(names(&store.accounts_by_name("ada", "", 10).await.unwrap()), ["ada"]);
        let found = store.accounts_of(&[grace.id, AccountId(4_242), adam.id]).await.unwrap();
        assert_eq!(found, [Some(grace.clone()), None, Some(adam)]);
        assert_eq!(store.pending_emails(&[grace.id], START).await.unwrap(), [None]);
    })
    .await;
}

async fn oversee(
    store: &Store,
    by: AccountId,
    of: AccountId,
    disabled: Option<bool>,
    level: Option<AdminLevel>,
) -> Overseen {
    let change = Oversight {
        by,
        of,
        disabled: disabled.map(|disabled| (disabled, audit("disable"))),
        level: level.map(|level| (level, audit("promote"))),
        now: START + MINUTE,
    };
    until_answered!(store.oversee(change.clone()).await)
}

#[tokio::test]
async fn administrators_look_after_others() {
    on_both(async |home| {
        let store = &home.store;
        let root = member(store, "root").await;
        let (ada, _) = member_with(store, "ada", new_session()).await;
        assert_eq!(oversee(store, root.id, ada.id, Some(true), None).await, Overseen::NotAdmin);
        store.set_admin_level(root.id, AdminLevel::Admin, START, audit("promote")).await.unwrap();
        assert_eq!(oversee(store, root.id, AccountId(4_242), Some(true), None).await, Overseen::Unknown);
        assert_eq!(store.session_counts(&[ada.id, root.id], START).await.unwrap(), [1, 0]);
        let Overseen::Done(out) = oversee(store, root.id, ada.id, Some(true), Some(AdminLevel::Family)).await else {
            panic!("an administrator may")
        };
        assert_eq!((out.disabled_at, out.admin_level), (Some(START + MINUTE), AdminLevel::Family));
        assert_eq!(store.account(ada.id).await.unwrap(), Some(out));
        assert_eq!(store.session_counts(&[ada.id], START).await.unwrap(), [0]);
        let lines = store.audit_page(Some(ada.id), (Timestamp(i64::MAX), i64::MAX), 2).await.unwrap();
        assert_eq!(lines.iter().map(|one| one.line.action.as_str()).collect::<Vec<_>>(), ["disable", "promote"]);
        let last = (lines[1].line.at, lines[1].id);
        let before = store.audit_page(Some(ada.id), last, 10).await.unwrap();
        assert_eq!(before.iter().map(|one| one.line.action.as_str()).collect::<Vec<_>>(), ["sign_up"]);
        let all = store.audit_page(None, (Timestamp(i64::MAX), i64::MAX), 100).await.unwrap();
        assert!(all.len() > 3 && all.is_sorted_by(|one, other| (one.line.at, one.id) > (other.line.at, other.id)));
        let sums = store.sums().await.unwrap();
        assert_eq!((sums.accounts, sums.sessions, sums.rooms, sums.events), (2, 0, sums.rooms, 0));
    })
    .await;
}

#[tokio::test]
async fn of_two_who_demote_each_other_one_stays() {
    on_both(async |home| {
        let store = &home.store;
        let (one, other) = (member(store, "one").await, member(store, "other").await);
        for id in [one.id, other.id] {
            store.set_admin_level(id, AdminLevel::Admin, START, audit("promote")).await.unwrap();
        }
        let down = Some(AdminLevel::Public);
        tokio::join!(oversee(store, one.id, other.id, None, down), oversee(store, other.id, one.id, None, down));
        assert_eq!(home.number("SELECT COUNT(*) FROM account WHERE admin_level = 2").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_picture_comes_and_goes_with_its_address() {
    on_both(async |home| {
        let store = &home.store;
        let ada = member(store, "ada").await;
        let new = |id, version: u8| NewAvatar {
            account_id: id,
            png: vec![version; 3],
            digest: digest(version),
            address: format!("https://chat.example/ada?v={version}"),
            audit: audit("set_avatar"),
            now: START,
        };
        assert_eq!(store.set_avatar(new(AccountId(4_242), 1)).await.unwrap(), None);
        for version in [1, 2] {
            let account = store.set_avatar(new(ada.id, version)).await.unwrap().unwrap();
            assert_eq!(account.profile.profile_picture, format!("https://chat.example/ada?v={version}"));
        }
        let kept = store.avatar(ada.id).await.unwrap().unwrap();
        assert_eq!((kept.png, kept.digest), (vec![2; 3], digest(2)));
        let remove = async |address: &str| {
            store.remove_avatar(ada.id, address.to_owned(), audit("remove_avatar"), START).await.unwrap().unwrap()
        };
        let elsewhere = remove("https://other.example/").await;
        assert_eq!(elsewhere.profile.profile_picture, "https://chat.example/ada?v=2");
        assert_eq!(store.avatar(ada.id).await.unwrap(), None);
        assert_eq!(remove("https://chat.example/ada?v=").await.profile.profile_picture, "");
    })
    .await;
}

#[tokio::test]
async fn what_is_kept_is_read_page_by_page() {
    on_both(async |home| {
        let store = &home.store;
        let ada = member(store, "ada").await;
        let bob = member(store, "bob").await;
        talk(store, ada.id, bob.id).await;
        let rooms = store.kept_rooms(ada.id, RoomId(0), 1).await.unwrap();
        let more = store.kept_rooms(ada.id, rooms[0].id, 10).await.unwrap();
        let overseen = store.overseen_rooms("", "", 10).await.unwrap();
        let seen: Vec<_> = overseen.iter().map(|one| (one.name.as_str(), one.last_seq)).collect();
        assert!(seen.contains(&("coffee", 2)) && seen.contains(&("tea", 6)), "{seen:?}");
        let after = store.overseen_rooms("t", "", 10).await.unwrap();
        assert_eq!((after.len(), after[0].key.as_str()), (1, "tea"));
        assert_eq!(store.overseen_rooms("t", "tea", 10).await.unwrap(), []);
        assert_eq!((rooms[0].name.as_str(), more[0].name.as_str(), more.len()), ("tea", "coffee", 1));
        let tea = rooms[0].id;
        let page = store.kept_messages(ada.id, tea, 0, 2).await.unwrap();
        assert_eq!(page.iter().map(|one| (one.seq, one.text.as_str())).collect::<Vec<_>>(), [(1, "a0"), (3, "a1")]);
        let rest = store.kept_messages(ada.id, tea, 3, 2).await.unwrap();
        assert_eq!(rest.iter().map(|one| one.seq).collect::<Vec<_>>(), [5]);
        let (id, number) = (ada.id.0, tea.0);
        home.script(&format!(
            "INSERT INTO reaction VALUES ({number}, 2, '+', {id}, 7), ({number}, 2, '-', {id}, 8); \
             INSERT INTO ban VALUES ({number}, {id}, NULL, 'noise', 9, NULL); \
             INSERT INTO mute VALUES ({number}, {id}, 10); \
             INSERT INTO invitation VALUES ({number}, {id}, {}, 11); \
             INSERT INTO read_position VALUES ({id}, {number}, 4, 12)",
            bob.id.0
        ))
        .await;
        let reactions = store.kept_reactions(ada.id, tea, (0, String::new()), 1).await.unwrap();
        let rest = store.kept_reactions(ada.id, tea, (2, reactions[0].1.clone()), 5).await.unwrap();
        assert_eq!((reactions.len(), rest.len()), (1, 1));
        let kept = async |kind| store.kept_in_rooms(kind, ada.id, RoomId(0), 10).await.unwrap().remove(0);
        assert_eq!((kept(InRooms::Ban).await.word.as_str(), kept(InRooms::Ban).await.until), ("noise", None));
        assert_eq!(kept(InRooms::Mute).await.until, Some(Timestamp(10)));
        assert_eq!(kept(InRooms::Invited).await.word, "bob");
        assert_eq!(kept(InRooms::Read).await.seq, Some(4));
        assert_eq!(store.kept_in_rooms(InRooms::Ban, ada.id, tea, 10).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn what_is_kept_of_an_account_outlives_its_sessions() {
    on_both(async |home| {
        let store = &home.store;
        let (ada, session) = member_with(store, "ada", new_session()).await;
        store.end_session(session.id, START + MINUTE, audit("log_out")).await.unwrap();
        let sessions = store.kept_sessions(ada.id, 0, 10).await.unwrap();
        assert_eq!((sessions.len(), sessions[0].ended_at), (1, Some(START + MINUTE)));
        assert_eq!(sessions[0].session.contract, Contract::Cookies);
        assert_eq!(store.kept_sessions(ada.id, session.id.0, 10).await.unwrap(), []);
        assert_eq!(store.kept_names(ada.id).await.unwrap(), [("ada".to_owned(), None)]);
        assert_eq!(store.kept_sources(ada.id).await.unwrap().len(), 1);
        assert_eq!(
            (store.kept_addresses(ada.id).await.unwrap(), store.kept_resets(ada.id).await.unwrap()),
            (vec![], vec![])
        );
    })
    .await;
}

/// Both write, by turns, three times each in one room and once in another.
async fn talk(store: &Store, one: AccountId, other: AccountId) {
    let message = |author: AccountId, text: &str| NewMessage {
        author,
        text: text.to_owned(),
        key: None,
        reply_to: None,
        at: START,
    };
    for (name, count) in [("tea", 3), ("coffee", 1)] {
        let batch: Vec<_> = (0..count).flat_map(|n| [message(one, &format!("a{n}")), message(other, "b")]).collect();
        store.append(&room(name), move || batch.clone()).await.unwrap();
    }
}
