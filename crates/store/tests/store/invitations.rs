//! Invitations: good as long as whoever gave them could give them, and so many that nobody fills another's list.

use parlour_model::{Account, AccountId, AdminLevel, Role, RoomChange, RoomId, Visibility};
use parlour_store::{Actor, Refused, Store};

use crate::harness::{DAY, MINUTE, START, audit, member, on_both};
use crate::rooms::{actor, made};

/// How many invitations wait for somebody.
async fn waiting(store: &Store, who: &Account) -> usize {
    store.invitations(who.id, (START + DAY, RoomId(0)), 1_000).await.unwrap().len()
}

async fn is_kept_out(store: &Store, room: RoomId, who: &Account) -> bool {
    waiting(store, who).await == 0 && store.join_room(room, actor(who)).await.unwrap() == Err(Refused::Room)
}

#[tokio::test]
async fn an_invitation_is_good_as_long_as_its_giver_could_give_it() {
    on_both(async |home| {
        let store = &home.store;
        let (ada, bob, eve) = (member(store, "Ada").await, member(store, "Bob").await, member(store, "Eve").await);
        let root = member(store, "Root").await;
        let role = async |id, role| store.set_role(id, bob.id, role, actor(&ada)).await.unwrap().unwrap();
        let id = made(store, &ada, "tea", Visibility::Public).await;
        store.join_room(id, actor(&bob)).await.unwrap().unwrap();
        store.invite(id, eve.id, actor(&bob)).await.unwrap().unwrap();
        assert_eq!(waiting(store, &eve).await, 1);
        let closed = RoomChange { visibility: Some(Visibility::Private), ..RoomChange::default() };
        store.edit_room(id, closed, actor(&ada)).await.unwrap().unwrap();
        assert!(is_kept_out(store, id, &eve).await, "members invite into public rooms only");

        role(id, Role::Moderator).await;
        assert_eq!(waiting(store, &eve).await, 1, "a moderator could give it");
        role(id, Role::Member).await;
        assert!(is_kept_out(store, id, &eve).await, "a moderator no more");
        role(id, Role::Moderator).await;
        store.set_disabled(bob.id, true, START, audit("disable")).await.unwrap();
        assert!(is_kept_out(store, id, &eve).await, "an account that is kept out");
        store.set_disabled(bob.id, false, START, audit("enable")).await.unwrap();
        store.ban(id, bob.id, String::new(), None, actor(&ada)).await.unwrap().unwrap();
        assert!(is_kept_out(store, id, &eve).await, "a moderator who was banned");
        store.invite(id, eve.id, actor(&ada)).await.unwrap().unwrap();
        let row = store.invitations(eve.id, (START + DAY, RoomId(0)), 1).await.unwrap().remove(0);
        assert_eq!(row.by, Some(ada.id), "given anew where it did not stand any more");
        assert!(store.withdraw_invitation(id, eve.id, actor(&ada)).await.unwrap().unwrap());

        for leaves in [true, false] {
            store.unban(id, bob.id, actor(&ada)).await.unwrap().unwrap();
            store.invite(id, bob.id, actor(&ada)).await.unwrap().unwrap();
            store.join_room(id, actor(&bob)).await.unwrap().unwrap();
            role(id, Role::Moderator).await;
            store.invite(id, eve.id, actor(&bob)).await.unwrap().unwrap();
            if leaves {
                store.leave_room(id, actor(&bob)).await.unwrap().unwrap();
            } else {
                store.remove_member(id, bob.id, actor(&ada)).await.unwrap().unwrap();
            }
            assert!(is_kept_out(store, id, &eve).await, "a moderator who is gone");
        }

        store.set_admin_level(root.id, AdminLevel::Admin, START, audit("promote")).await.unwrap();
        let overseer = Actor { is_admin: true, ..actor(&root) };
        store.invite(id, eve.id, overseer).await.unwrap().unwrap();
        store.set_admin_level(root.id, AdminLevel::Public, START, audit("promote")).await.unwrap();
        assert!(is_kept_out(store, id, &eve).await, "an administrator no more");
        store.set_admin_level(root.id, AdminLevel::Admin, START, audit("promote")).await.unwrap();
        assert!(store.join_room(id, actor(&eve)).await.unwrap().unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn nobody_fills_the_list_of_another() {
    on_both(async |home| {
        let store = &home.store;
        let (ada, bob) = (member(store, "Ada").await, member(store, "Bob").await);
        let mut hosts = Vec::new();
        for number in 0..21 {
            hosts.push(member(store, &format!("host {number}")).await);
        }
        let at = |who: &Account, minute: u32| Actor { at: START + MINUTE * minute, ..actor(who) };
        let mut minute = 0;
        for (number, host) in hosts.iter().enumerate() {
            for room in 0..10 {
                let id = made(store, host, &format!("room {number} {room}"), Visibility::Public).await;
                minute += 1;
                store.invite(id, bob.id, at(host, minute)).await.unwrap().unwrap();
            }
        }
        assert_eq!(waiting(store, &bob).await, 200);
        let one_more = made(store, &hosts[20], "one more", Visibility::Public).await;
        assert_eq!(store.invite(one_more, bob.id, at(&hosts[20], minute)).await.unwrap(), Err(Refused::Full));
        assert!(store.invite(one_more, ada.id, at(&hosts[20], minute)).await.unwrap().is_ok(), "nobody else's list");
        let tea = made(store, &ada, "tea", Visibility::Private).await;
        store.invite(tea, bob.id, at(&ada, minute + 1)).await.unwrap().unwrap();
        let all = store.invitations(bob.id, (START + DAY, RoomId(0)), 1_000).await.unwrap();
        assert_eq!((all.len(), all[0].room, all[199].at), (200, tea, START + MINUTE * 12), "the oldest made room");
        assert_eq!(store.invite(tea, AccountId(4_242), actor(&ada)).await.unwrap(), Err(Refused::Account));
    })
    .await;
}
