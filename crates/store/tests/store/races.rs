//! Many at once: of all who want the one thing, one gets it.

use std::time::Duration;

use futures_util::future::join_all;
use parlour_model::Field;
use parlour_store::{AdminSignedUp, Edit, Edited, SignedUp, SigningKeyRow, Store, Verified};

use crate::harness::{
    DAY, START, audit, digest, done, home_source, member, message, new_session, newcomer, notice, on_both, room,
    sign_up, sign_up_with_email, until_answered, username, verification,
};

/// Runs one thing for every input at once, on tasks of their own.
async fn all_at_once<I, T, F>(
    store: &Store,
    inputs: impl IntoIterator<Item = I>,
    each: impl Fn(Store, I) -> F,
) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = inputs.into_iter().map(|input| tokio::spawn(each(store.clone(), input))).collect();
    join_all(tasks).await.into_iter().map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_want_one_name() {
    on_both(async |home| {
        let answers = all_at_once(&home.store, 0..1_000, |store, _| async move {
            until_answered!(store.sign_up(sign_up("Ada")).await)
        })
        .await;
        let (one, others): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|answer| matches!(answer, SignedUp::Done { .. }));
        assert_eq!(one.len(), 1);
        assert!(others.iter().all(|other| *other == SignedUp::Taken(Field::Username)));
        assert_eq!(home.number("SELECT COUNT(*) FROM account").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_look_alikes_one_signs_up() {
    on_both(async |home| {
        for round in 0..20 {
            // The second begins with a Cyrillic letter.
            let names = [format!("Alice {round}"), format!("\u{410}lice {round}")];
            let answers = all_at_once(&home.store, names, |store, name| async move {
                until_answered!(store.sign_up(sign_up(&name)).await)
            })
            .await;
            let done = answers.iter().filter(|answer| matches!(answer, SignedUp::Done { .. })).count();
            assert_eq!(done, 1, "{answers:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_rename_themselves_alike_one_succeeds() {
    on_both(async |home| {
        let people = [member(&home.store, "Ada").await, member(&home.store, "Grace").await];
        let renamed = all_at_once(&home.store, people, |store, person| async move {
            let edit = Edit {
                id: person.id,
                username: Some(username("Countess")),
                profile: parlour_model::ProfileChange::default(),
                email: None,
                now: START,
                audit: audit("edit"),
            };
            until_answered!(store.edit_account(edit.clone()).await)
        })
        .await;
        assert_eq!(renamed.iter().filter(|edited| matches!(edited, Edited::Done(_))).count(), 1);
        assert!(renamed.contains(&Edited::Taken(Field::Username)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_claim_one_address_one_gets_it() {
    on_both(async |home| {
        let answers = all_at_once(&home.store, 0..40, |store, number: i32| async move {
            let new = sign_up_with_email(&format!("member {number}"), "ada@example.com", START);
            until_answered!(store.sign_up(new.clone()).await)
        })
        .await;
        assert_eq!(answers.iter().filter(|answer| matches!(answer, SignedUp::Done { .. })).count(), 1);
        assert_eq!(answers.iter().filter(|answer| **answer == SignedUp::Taken(Field::Email)).count(), 39);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_uses_of_a_secret_one_wins() {
    on_both(async |home| {
        let mut new = sign_up_with_email("Ada", "ada@example.com", START);
        new.verification = Some(verification(1, "ada@example.com", START));
        let (ada, _) = done(home.store.sign_up(new).await.unwrap());
        let answers = all_at_once(&home.store, 0..16, |store, _| async move {
            until_answered!(store.verify_email(digest(1), notice(), START, audit("verify")).await)
        })
        .await;
        let won = Verified::Done { account_id: ada.id, lost_claim: None };
        assert_eq!(answers.iter().filter(|answer| **answer == won).count(), 1);
        assert_eq!(answers.iter().filter(|answer| **answer == Verified::Again).count(), 15);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_prove_one_address_one_wins() {
    on_both(async |home| {
        let people = [member(&home.store, "Ada").await, member(&home.store, "Grace").await];
        for (secret, person) in (1..).zip(&people) {
            let edit = Edit {
                id: person.id,
                username: None,
                profile: parlour_model::ProfileChange::default(),
                email: Some(verification(secret, "shared@example.com", START)),
                now: START,
                audit: audit("edit"),
            };
            assert!(matches!(home.store.edit_account(edit).await.unwrap(), Edited::Done(_)));
        }
        let answers = all_at_once(&home.store, [1, 2], |store, secret| async move {
            until_answered!(store.verify_email(digest(secret), notice(), START, audit("verify")).await)
        })
        .await;
        assert_eq!(answers.iter().filter(|answer| matches!(answer, Verified::Done { .. })).count(), 1, "{answers:?}");
        assert!(answers.contains(&Verified::Unknown), "{answers:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mail_goes_to_one_worker() {
    on_both(async |home| {
        for number in 0..30 {
            newcomer(&home.store, number, &format!("{number}@example.com"), START).await;
        }
        let claimed = all_at_once(&home.store, 0..8, |store, _| async move {
            let mut mine = Vec::new();
            while let Some(mail) = until_answered!(store.claim_mail(START, Duration::from_mins(5)).await) {
                mine.push(mail.id);
            }
            mine
        })
        .await;
        let mut claimed = claimed.concat();
        claimed.sort_unstable();
        assert_eq!(claimed.len(), 30);
        claimed.dedup();
        assert_eq!(claimed.len(), 30);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_first_administrators_one_is_made() {
    on_both(async |home| {
        home.store.set_setup_link(digest(1), START, None).await.unwrap();
        let answers = all_at_once(&home.store, 0..8, |store, number: i32| async move {
            let new = sign_up(&format!("admin {number}"));
            until_answered!(store.sign_up_admin(digest(1), new.clone()).await)
        })
        .await;
        assert_eq!(answers.iter().filter(|answer| matches!(answer, AdminSignedUp::Done { .. })).count(), 1);
        assert_eq!(home.number("SELECT COUNT(*) FROM account").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_nodes_that_start_one_makes_the_link() {
    on_both(async |home| {
        let made = all_at_once(&home.store, 0..8, |store, number: u8| async move {
            until_answered!(store.set_setup_link(digest(number), START, Some(START)).await)
        })
        .await;
        assert_eq!(made.iter().filter(|made| **made).count(), 1);
        assert_eq!(home.number("SELECT COUNT(*) FROM setup_link").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_keep_house_at_once_do_each_thing_once() {
    on_both(async |home| {
        let ada = member(&home.store, "Ada").await;
        let (lobby, old) = (room("lobby"), room("old"));
        for number in 0..6 {
            for name in [&lobby, &old] {
                let some = (0..50).map(|each| message(&ada, &format!("word{number} {each}"), None)).collect();
                home.store.append(name, move || some).await.unwrap();
            }
        }
        home.script("UPDATE room SET retention_seconds = 60, deleted_at = NULL WHERE name_key = 'old'").await;
        let id = home.store.room(&lobby).await.unwrap().expect("a room").id;
        let later = START + DAY;
        all_at_once(&home.store, 0..6, |store, number: i32| async move {
            match number % 3 {
                0 => while until_answered!(store.index_room(id).await) {},
                1 => drop(until_answered!(store.prune(later).await)),
                _ => drop(until_answered!(store.sweep_rooms(later).await)),
            }
        })
        .await;
        assert_eq!(home.number("SELECT COUNT(*) FROM search_entry").await, 300, "each message is known once");
        assert_eq!(home.number("SELECT COUNT(*) FROM event").await, 300, "what is old has gone, and nothing else");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_first_starts_one_makes_the_key() {
    on_both(async |home| {
        let added = all_at_once(&home.store, 0..8, |store, number: u8| async move {
            let key = SigningKeyRow {
                kid: format!("key {number}"),
                algorithm: "EdDSA".to_owned(),
                public_key: vec![number],
                sealed_private_key: vec![number],
                created_at: START,
                active_from: START,
                expires_at: None,
            };
            until_answered!(store.add_signing_key(key.clone(), START, true, audit("key_added")).await)
        })
        .await;
        assert_eq!(added.iter().filter(|added| **added).count(), 1);
        let control = home.store.control_since(0).await.unwrap();
        assert_eq!(control.iter().map(|line| line.seq).collect::<Vec<_>>(), [1]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_log_has_no_holes() {
    on_both(async |home| {
        let mut sessions = Vec::new();
        for number in 0..20 {
            let mut new = sign_up(&format!("member {number}"));
            new.session = Some(new_session());
            sessions.extend(done(home.store.sign_up(new).await.unwrap()).1);
        }
        all_at_once(&home.store, sessions, |store, session| async move {
            until_answered!(store.end_session(session.id, START, audit("log_out")).await)
        })
        .await;
        let seqs: Vec<i64> = home.store.control_since(0).await.unwrap().iter().map(|line| line.seq).collect();
        assert_eq!(seqs, (1..=20).collect::<Vec<_>>());
        assert_eq!(home.store.control_head().await.unwrap().seq, 20);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_begins_on_an_account_that_is_being_disabled() {
    on_both(async |home| {
        for round in 0..10 {
            let ada = member(&home.store, &format!("Ada {round}")).await;
            let id = ada.id;
            let (in_, out) = (home.store.clone(), home.store.clone());
            let log_in = tokio::spawn(async move {
                let log_in = parlour_store::LogIn {
                    account_id: id,
                    source: home_source(),
                    password_changed_at: Some(START),
                    session: new_session(),
                    rehashed: None,
                    audit: audit("log_in"),
                    now: START,
                };
                until_answered!(in_.log_in(log_in.clone()).await)
            });
            let disable =
                tokio::spawn(async move { until_answered!(out.set_disabled(id, true, START, audit("disable")).await) });
            log_in.await.unwrap();
            assert!(disable.await.unwrap());
            assert_eq!(home.store.sessions_of(id, START, None, 100).await.unwrap(), []);
        }
    })
    .await;
}
