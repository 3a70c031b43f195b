//! Rooms with members and moderation, and messages after they were written, on both databases.

use std::time::Duration;

use futures_util::future::join_all;
use parlour_model::{
    Account, AccountId, AdminLevel, Author, Event, EventBody, MemberChange, Role, RoomChange, RoomId, RoomName,
    Visibility,
};
use parlour_store::{Actor, Appended, Barred, NewReaction, NewRoom, Refused, Span, Store};

use crate::harness::{DAY, START, audit, member, message, on_both, room, until_answered};

pub(crate) fn author(account: &Account) -> Author {
    Author { id: account.id, username: account.username.as_str().to_owned() }
}

pub(crate) fn actor(account: &Account) -> Actor {
    let is_admin = account.admin_level == AdminLevel::Admin;
    Actor { author: author(account), is_admin, at: START, audit: audit("moderate") }
}

pub(crate) async fn made(store: &Store, owner: &Account, name: &str, visibility: Visibility) -> RoomId {
    let new = NewRoom { name: room(name), visibility, topic: String::new() };
    store.make_room(new, actor(owner)).await.unwrap().expect("a free name")
}

pub(crate) async fn said(store: &Store, name: &RoomName, by: &Account, text: &str) -> i64 {
    let new = message(by, text, None);
    let (head, _) = store.append(name, move || vec![new]).await.unwrap().expect("a room");
    head.last_seq
}

fn reaction(room: RoomId, seq: i64, by: &Account, emoji: &str) -> NewReaction {
    NewReaction { room, seq, by: author(by), emoji: emoji.to_owned(), at: START }
}

async fn log(store: &Store, room: RoomId) -> Vec<Event> {
    store.history(room, 0, 1_000).await.unwrap()
}

#[tokio::test]
async fn a_message_is_edited_reacted_to_and_taken_away() {
    on_both(async |home| {
        let store = &home.store;
        let (ada, bob) = (member(store, "Ada").await, member(store, "Bob").await);
        let id = made(store, &ada, "tea", Visibility::Public).await;
        let seq = said(store, &room("tea"), &bob, "first").await;
        let edit = async |by: &Account, text: &str| {
            store.edit_message(id, seq, author(by), text.to_owned(), START + DAY).await.unwrap()
        };
        assert_eq!(edit(&ada, "mine").await, Err(Refused::NotAllowed));
        assert_eq!(edit(&bob, "second").await.unwrap().head.last_seq, 2);
        assert!(store.react(reaction(id, seq, &ada, "👍")).await.unwrap().unwrap().is_some());
        assert_eq!(store.react(reaction(id, seq, &ada, "👍")).await.unwrap(), Ok(None));
        assert!(store.react(reaction(id, seq, &bob, "👍")).await.unwrap().unwrap().is_some());
        let shown = store.message(id, seq).await.unwrap().unwrap();
        let EventBody::Message { text, added: Some(added), .. } = &shown.body else { panic!("{shown:?}") };
        assert_eq!((text.as_str(), added.edited_at), ("second", Some(START + DAY)));
        assert_eq!((added.reactions[0].count, &added.reactions[0].by[..]), (2, &[ada.id, bob.id][..]));
        assert!(store.withdraw_reaction(reaction(id, seq, &bob, "👍")).await.unwrap().unwrap().is_some());
        assert_eq!(store.withdraw_reaction(reaction(id, seq, &bob, "👍")).await.unwrap(), Ok(None));
        assert_eq!(store.timeline(id, Span::Before(i64::MAX), 10).await.unwrap().len(), 1);
        assert_eq!(store.messages(&[(id, 2), (id, seq)]).await.unwrap()[0], None);
        store.delete_message(id, seq, actor(&ada)).await.unwrap().unwrap();
        assert_eq!(store.message(id, seq).await.unwrap(), None);
        assert_eq!(store.timeline(id, Span::After(0), 10).await.unwrap(), []);
        let bodies: Vec<_> = log(store, id).await.into_iter().map(|event| event.body).collect();
        assert_eq!(bodies[0], EventBody::Erased);
        assert_eq!(bodies[1], EventBody::Erased, "the edit of what is gone");
        assert!(matches!(&bodies[5], EventBody::Deleted { by: Some(by), target } if by.id == ada.id && *target == seq));
        assert_eq!(
            home.number("SELECT COUNT(*) FROM event WHERE text LIKE '%first%' OR text LIKE '%second%'").await,
            0
        );
        assert_eq!(home.number("SELECT COUNT(*) FROM reaction").await, 0);
        assert_eq!(store.react(reaction(id, seq, &ada, "👍")).await.unwrap(), Err(Refused::Message));
        assert_eq!(store.mark_read(id, ada.id, 4, START).await.unwrap(), Some(4));
        assert_eq!(store.mark_read(id, ada.id, 3, START).await.unwrap(), None, "it never goes back");
        assert_eq!(store.mark_read(id, ada.id, i64::MAX, START).await.unwrap(), Some(6));
        assert_eq!(home.number("SELECT seq FROM read_position WHERE account_id = 1").await, 6, "nor ahead of the log");
    })
    .await;
}

#[tokio::test]
async fn order_is_kept_by_those_who_may() {
    on_both(async |home| {
        let store = &home.store;
        let (ada, bob, eve) = (member(store, "Ada").await, member(store, "Bob").await, member(store, "Eve").await);
        let id = made(store, &ada, "den", Visibility::Private).await;
        let taken = NewRoom { name: room("DEN"), visibility: Visibility::Public, topic: String::new() };
        assert_eq!(store.make_room(taken, actor(&bob)).await.unwrap(), None);
        assert_eq!(store.join_room(id, actor(&bob)).await.unwrap(), Err(Refused::Room));
        assert_eq!(store.invite(id, eve.id, actor(&bob)).await.unwrap(), Err(Refused::NotAllowed));
        for who in [&bob, &eve] {
            assert_eq!(store.invite(id, who.id, actor(&ada)).await.unwrap().unwrap().name, "den");
        }
        assert_eq!(store.invitations(bob.id, (START + DAY, RoomId(0)), 10).await.unwrap().len(), 1);
        assert!(store.join_room(id, actor(&bob)).await.unwrap().unwrap().is_some());
        assert_eq!(store.join_room(id, actor(&bob)).await.unwrap(), Ok(None));
        assert_eq!(store.withdraw_invitation(id, eve.id, actor(&bob)).await.unwrap(), Err(Refused::NotAllowed));
        assert!(store.withdraw_invitation(id, eve.id, actor(&ada)).await.unwrap().unwrap());
        store.invite(id, eve.id, actor(&ada)).await.unwrap().unwrap();
        assert!(store.decline_invitation(&room("Den"), eve.id).await.unwrap());
        assert_eq!(store.members(id, AccountId(0), None, 10).await.unwrap().len(), 2);
        assert_eq!(store.members(id, AccountId(0), Some("bo"), 10).await.unwrap()[0].account, bob.id);
        assert_eq!(store.members(id, AccountId(0), Some("%"), 10).await.unwrap(), []);
        assert_eq!(store.everybody(id, ada.id, None, 1).await.unwrap()[0].account, bob.id);
        assert_eq!(store.everybody(id, AccountId(0), Some("e"), 9).await.unwrap().len(), 1);
        assert_eq!(store.count_accounts().await.unwrap(), 3);
        assert_eq!(store.set_role(id, bob.id, Role::Owner, actor(&bob)).await.unwrap(), Err(Refused::NotAllowed));
        assert_eq!(store.set_role(id, ada.id, Role::Member, actor(&ada)).await.unwrap(), Err(Refused::LastOwner));
        assert_eq!(store.leave_room(id, actor(&ada)).await.unwrap(), Err(Refused::LastOwner));
        assert!(store.set_role(id, bob.id, Role::Moderator, actor(&ada)).await.unwrap().unwrap().is_some());
        assert_eq!(store.mute(id, ada.id, START + DAY, actor(&bob)).await.unwrap(), Err(Refused::NotAllowed));
        store.mute(id, eve.id, START + DAY, actor(&bob)).await.unwrap().unwrap();
        let standing = store.standing(id, eve.id).await.unwrap();
        assert_eq!(
            (standing.role, standing.muted(START), standing.muted(START + DAY)),
            (None, Some(START + DAY), None)
        );
        assert!(store.unmute(id, eve.id, actor(&bob)).await.unwrap().unwrap().is_some());
        assert_eq!(store.unmute(id, eve.id, actor(&bob)).await.unwrap(), Ok(None));
        store.ban(id, bob.id, "why".to_owned(), None, actor(&ada)).await.unwrap().unwrap();
        assert!(store.standing(id, bob.id).await.unwrap().is_banned(START + DAY * 9_999));
        assert_eq!(store.bans(id, AccountId(0), 10, START).await.unwrap()[0].reason, "why");
        assert_eq!(store.member(id, bob.id).await.unwrap(), None);
        assert_eq!(store.invite(id, bob.id, actor(&ada)).await.unwrap(), Err(Refused::Banned));
        let rules = store.room_rules(&room("den")).await.unwrap().unwrap();
        assert!(rules.is_moderated && !rules.is_gone && rules.visibility == Visibility::Private);
        assert!(store.unban(id, bob.id, actor(&ada)).await.unwrap().unwrap().is_some());
        assert!(!store.room_rules(&room("den")).await.unwrap().unwrap().is_moderated);
        let change = RoomChange { topic: Some("ours".to_owned()), slow_mode: Some(5), ..RoomChange::default() };
        assert!(store.edit_room(id, change.clone(), actor(&ada)).await.unwrap().unwrap().is_some());
        assert_eq!(store.edit_room(id, change.clone(), actor(&ada)).await.unwrap(), Ok(None));
        assert_eq!(store.edit_room(id, change, actor(&eve)).await.unwrap(), Err(Refused::NotAllowed));
        let told = log(store, id).await;
        let last = told.last().unwrap();
        assert!(matches!(&last.body, EventBody::Room { change, .. } if change.slow_mode == Some(5)));
        assert!(matches!(&told[0].body, EventBody::Member { change: MemberChange::Joined, .. }));
        assert_eq!(last.seq, i64::try_from(told.len()).unwrap());
        assert_eq!(home.number("SELECT COUNT(*) FROM audit WHERE action = 'moderate'").await, 7);
        assert!(store.leave_room(id, actor(&ada)).await.unwrap().unwrap().1, "the last who leaves ends it");
        assert_eq!(store.room_number(&room("den")).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn nothing_comes_after_what_keeps_its_author_from_writing() {
    on_both(async |home| {
        let store = &home.store;
        let (ada, bob) = (member(store, "Ada").await, member(store, "Bob").await);
        let root = member(store, "Root").await;
        store.set_admin_level(root.id, AdminLevel::Admin, START, audit("promote")).await.unwrap();
        let id = made(store, &ada, "tea", Visibility::Public).await;
        let say = async |by: &Account, key: &str| {
            let new = vec![message(by, "words", Some(key)), message(&ada, "between", None)];
            let (head, appended) = store.append(&room("tea"), move || new).await.unwrap().unwrap();
            assert!(matches!(appended[1], Appended::New { seq, .. } if seq == head.last_seq));
            appended[0]
        };
        let is_new = |appended| matches!(appended, Appended::New { .. });
        assert!(is_new(say(&bob, "k1").await));
        let edit = async || store.edit_message(id, 1, author(&bob), "words".to_owned(), START).await.unwrap();
        let react = async || store.react(reaction(id, 1, &bob, "👍")).await.unwrap();
        store.mute(id, bob.id, START + DAY, actor(&ada)).await.unwrap().unwrap();
        assert_eq!(say(&bob, "k2").await, Appended::Barred(Barred::Muted(START + DAY)));
        let muted = Refused::Muted(START + DAY);
        assert_eq!((edit().await, react().await), (Err(muted), Err(muted)));
        assert!(matches!(say(&bob, "k1").await, Appended::Repeat { seq: 1, .. }), "it is in the log");
        store.unmute(id, bob.id, actor(&ada)).await.unwrap().unwrap();
        store.ban(id, bob.id, String::new(), None, actor(&ada)).await.unwrap().unwrap();
        assert_eq!(say(&bob, "k2").await, Appended::Barred(Barred::Banned));
        assert_eq!((edit().await, react().await), (Err(Refused::Banned), Err(Refused::Banned)));
        store.unban(id, bob.id, actor(&ada)).await.unwrap().unwrap();
        assert!(is_new(say(&bob, "k2").await));
        let closed = RoomChange { visibility: Some(Visibility::Private), ..RoomChange::default() };
        store.edit_room(id, closed, actor(&ada)).await.unwrap().unwrap();
        assert_eq!(say(&bob, "k3").await, Appended::Barred(Barred::Outsider));
        assert_eq!((edit().await, react().await), (Err(Refused::Room), Err(Refused::Room)));
        assert!(is_new(say(&root, "k3").await), "administrators may");
        store.invite(id, bob.id, actor(&ada)).await.unwrap().unwrap();
        store.join_room(id, actor(&bob)).await.unwrap().unwrap();
        assert!(is_new(say(&bob, "k3").await));
        let told = log(store, id).await;
        let whole: Vec<_> = (1..=i64::try_from(told.len()).unwrap()).collect();
        assert_eq!(told.iter().map(|event| event.seq).collect::<Vec<_>>(), whole, "without a gap");
    })
    .await;
}

#[tokio::test]
async fn an_ended_room_takes_nothing_and_goes_by_and_by() {
    on_both(async |home| {
        let store = &home.store;
        let (ada, bob) = (member(store, "Ada").await, member(store, "Bob").await);
        let id = made(store, &ada, "tea", Visibility::Public).await;
        said(store, &room("tea"), &ada, "words").await;
        store.index_room(id).await.unwrap();
        assert_eq!(store.end_room(id, actor(&bob)).await.unwrap(), Err(Refused::NotAllowed));
        store.end_room(id, actor(&ada)).await.unwrap().unwrap();
        let late = message(&ada, "late", None);
        assert_eq!(store.append(&room("tea"), move || vec![late]).await.unwrap(), None);
        assert!(store.room_rules(&room("tea")).await.unwrap().unwrap().is_gone);
        assert_eq!(store.room(&room("tea")).await.unwrap(), None);
        assert_eq!(store.join_room(id, actor(&bob)).await.unwrap(), Err(Refused::Room));
        store.sweep_rooms(START).await.unwrap();
        for table in ["event", "member", "search_entry"] {
            assert_eq!(home.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
        }
        assert_eq!(home.number("SELECT COUNT(*) FROM room").await, 1, "its name rests");
        store.sweep_rooms(START + DAY + Duration::from_secs(1)).await.unwrap();
        assert_eq!(home.number("SELECT COUNT(*) FROM room").await, 0);
        let again = said(store, &room("tea"), &bob, "new").await;
        assert_eq!(again, 1);
    })
    .await;
}

#[tokio::test]
async fn rooms_are_seen_with_what_is_new_there() {
    on_both(async |home| {
        let store = &home.store;
        let (ada, bob) = (member(store, "Ada").await, member(store, "Bob").await);
        store.ensure_room(RoomName::lobby(), START).await.unwrap();
        store.ensure_room(RoomName::lobby(), START).await.unwrap();
        let id = made(store, &ada, "tea", Visibility::Public).await;
        said(store, &room("tea"), &bob, "one").await;
        said(store, &room("tea"), &ada, "two").await;
        let view = store.room_views(&[id, RoomId(99)], ada.id, START).await.unwrap().remove(0);
        assert_eq!((view.role, view.unread, view.last_message, view.members), (Some(Role::Owner), 1, Some(2), 1));
        let (direct, is_new) = store.direct_room(ada.id, bob.id, START + DAY).await.unwrap().unwrap();
        assert!(is_new && !store.direct_room(bob.id, ada.id, START).await.unwrap().unwrap().1);
        assert_eq!(store.direct_room(ada.id, AccountId(99), START).await.unwrap(), None);
        let end = (START + DAY * 99, RoomId(0));
        let mine = store.rooms_of(ada.id, end, 10).await.unwrap();
        assert_eq!((mine.len(), mine[0].0), (3, direct));
        assert_eq!(store.rooms_of(ada.id, (mine[0].1, mine[0].0), 10).await.unwrap(), mine[1..]);
        assert_eq!(store.rooms_of(bob.id, end, 1).await.unwrap()[0].0, direct);
        let public = store.public_rooms("t", "", 10).await.unwrap();
        assert_eq!(public, [(id, "tea".to_owned())]);
        assert_eq!(store.public_rooms("", "lobby", 10).await.unwrap().len(), 1);
        // A direct room that its first message makes is theirs alone.
        let eve = member(store, "Eve").await;
        let name = RoomName::direct(eve.id, ada.id);
        said(store, &name, &eve, "psst").await;
        let rules = store.room_rules(&name).await.unwrap().unwrap();
        assert_eq!(rules.visibility, Visibility::Direct);
        assert_eq!(store.member_numbers(rules.id).await.unwrap(), [ada.id, eve.id]);
    })
    .await;
}

#[tokio::test]
async fn rooms_pass_on_and_logs_keep_their_places_when_an_account_goes() {
    on_both(async |home| {
        let store = &home.store;
        let (ada, bob, eve) = (member(store, "Ada").await, member(store, "Bob").await, member(store, "Eve").await);
        let tea = made(store, &ada, "tea", Visibility::Public).await;
        made(store, &ada, "alone", Visibility::Private).await;
        for who in [&bob, &eve] {
            store.join_room(tea, actor(who)).await.unwrap().unwrap();
        }
        store.set_role(tea, eve.id, Role::Moderator, actor(&ada)).await.unwrap().unwrap();
        let many = vec![message(&ada, "ada's words", None); 64];
        for _ in 0..10 {
            let many = many.clone();
            store.append(&room("tea"), move || many).await.unwrap().unwrap();
        }
        store.mute(tea, ada.id, START + DAY, Actor { is_admin: true, ..actor(&bob) }).await.unwrap().unwrap();
        assert!(store.begin_farewell(ada.id, START).await.unwrap());
        assert!(!store.begin_farewell(AccountId(4_242), START).await.unwrap());
        assert_eq!(store.leaving().await.unwrap(), [ada.id]);
        assert!(store.account(ada.id).await.unwrap().unwrap().disabled_at.is_some(), "nobody enters it");
        let left = store.leave_owned_rooms(ada.id, START).await.unwrap();
        assert_eq!(left.iter().filter(|left| left.ended).count(), 1);
        store.erase_events(ada.id).await.unwrap();
        assert!(store.delete_account(ada.id, START, audit("delete")).await.unwrap());
        assert_eq!(store.leaving().await.unwrap(), []);
        assert_eq!(store.member(tea, eve.id).await.unwrap().unwrap().role, Role::Owner);
        let told = log(store, tea).await;
        assert_eq!(
            told.iter().map(|event| event.seq).collect::<Vec<_>>(),
            (1..=i64::try_from(told.len()).unwrap()).collect::<Vec<_>>()
        );
        assert_eq!(home.number("SELECT COUNT(*) FROM event WHERE text LIKE '%ada%'").await, 0);
        assert_eq!(home.number("SELECT COUNT(*) FROM event WHERE author_id = 1 OR subject_id = 1").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_changes_a_message_at_once_is_told_the_truth() {
    on_both(async |home| {
        let store = &home.store;
        let ada = member(store, "Ada").await;
        let id = made(store, &ada, "tea", Visibility::Public).await;
        for round in 0..5 {
            let seq = said(store, &room("tea"), &ada, "text").await;
            let race = |number: usize| {
                let (store, ada) = (store.clone(), ada.clone());
                tokio::spawn(async move {
                    match number % 4 {
                        0 => until_answered!(store.delete_message(id, seq, actor(&ada)).await).is_ok(),
                        1 => {
                            let text = format!("edit {number}");
                            until_answered!(store.edit_message(id, seq, author(&ada), text.clone(), START).await)
                                .is_ok()
                        }
                        2 => until_answered!(store.react(reaction(id, seq, &ada, "👍")).await).is_ok(),
                        _ => {
                            let new = message(&ada, "another", None);
                            until_answered!({
                                let new = new.clone();
                                store.append(&room("tea"), move || vec![new]).await
                            })
                            .is_some()
                        }
                    }
                })
            };
            let outcomes: Vec<bool> = join_all((0..12).map(race)).await.into_iter().map(Result::unwrap).collect();
            let deleted = outcomes.iter().step_by(4).filter(|done| **done).count();
            assert_eq!(deleted, 1, "round {round}");
            assert_eq!(store.message(id, seq).await.unwrap(), None);
        }
        let told = log(store, id).await;
        assert_eq!(
            told.iter().map(|event| event.seq).collect::<Vec<_>>(),
            (1..=i64::try_from(told.len()).unwrap()).collect::<Vec<_>>()
        );
        assert_eq!(home.number("SELECT COUNT(*) FROM event WHERE text LIKE '%edit%' OR text = 'text'").await, 0);
        assert_eq!(home.number("SELECT COUNT(*) FROM reaction").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_keeps_an_owner_whoever_leaves_at_once() {
    on_both(async |home| {
        let store = &home.store;
        for round in 0..5 {
            let (ada, bob) =
                (member(store, &format!("Ada {round}")).await, member(store, &format!("Bob {round}")).await);
            let eve = member(store, &format!("Eve {round}")).await;
            let id = made(store, &ada, &format!("room {round}"), Visibility::Public).await;
            for who in [&bob, &eve] {
                store.join_room(id, actor(who)).await.unwrap().unwrap();
            }
            store.set_role(id, bob.id, Role::Owner, actor(&ada)).await.unwrap().unwrap();
            let leave = |who: &Account| {
                let (store, actor) = (store.clone(), actor(who));
                tokio::spawn(async move { until_answered!(store.leave_room(id, actor.clone()).await) })
            };
            let left = join_all([leave(&ada), leave(&bob)]).await;
            let refused = left.into_iter().map(Result::unwrap).filter(|left| *left == Err(Refused::LastOwner)).count();
            assert_eq!(refused, 1, "round {round}");
        }
    })
    .await;
}
