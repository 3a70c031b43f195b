//! Forgotten and changed passwords, and requests that name themselves.

use std::time::Duration;

use parlour_model::{AccountId, SessionId};
use parlour_store::{
    Claimed, LoginName, NamedRequest, NewReset, NewSession, PasswordChange, ResetFor, ResetMade, Store, UseReset,
    Verified,
};

use crate::harness::{
    DAY, MINUTE, START, audit, digest, home_source, mailed, member, member_with, new_session, newcomer, notice,
    on_both, until_answered, verification,
};

fn reset(secret: u8, after: std::time::Duration) -> NewReset {
    NewReset { digest: digest(secret), expires_at: START + after + MINUTE * 60, mail: notice() }
}

async fn ask(store: &Store, whose: ResetFor, secret: u8, after: std::time::Duration) -> ResetMade {
    store.add_reset(whose, reset(secret, after), START + after, audit("mail_reset")).await.unwrap()
}

fn by_email(address: &str) -> ResetFor {
    ResetFor::Email(address.to_owned())
}

fn using(secret: u8, phc: &str, after: std::time::Duration) -> UseReset {
    UseReset { digest: digest(secret), phc: phc.to_owned(), now: START + after, audit: audit("reset_password") }
}

async fn phc(store: &Store, key: &str) -> (Option<String>, i64) {
    let name = LoginName::Username(key.to_owned());
    let record = store.login_record(&name, home_source()).await.unwrap().unwrap();
    (record.phc, record.failures)
}

#[tokio::test]
async fn a_reset_is_mailed_to_whoever_holds_the_address_and_not_often() {
    on_both(async |home| {
        let store = &home.store;
        let ada = newcomer(store, 1, "ada@example.com", START).await;
        mailed(store, START).await;
        assert_eq!(ask(store, by_email("nobody@example.com"), 10, MINUTE).await, ResetMade::NoAddress);
        assert_eq!(ask(store, by_email("ada@example.com"), 11, MINUTE).await, ResetMade::Queued(ada.id));
        let letters = mailed(store, START + MINUTE).await;
        assert_eq!(letters.iter().map(|one| one.recipient.as_str()).collect::<Vec<_>>(), ["ada@example.com"]);
        assert_eq!(ask(store, ResetFor::Account(ada.id), 12, MINUTE * 10).await, ResetMade::TooMany);
        for number in 1..5_u8 {
            let made = ask(store, by_email("ada@example.com"), 12 + number, MINUTE * 16 * u32::from(number)).await;
            assert_eq!(made, ResetMade::Queued(ada.id));
        }
        assert_eq!(ask(store, by_email("ada@example.com"), 30, MINUTE * 120).await, ResetMade::TooMany);
        assert_eq!(ask(store, by_email("ada@example.com"), 31, DAY + MINUTE * 2).await, ResetMade::Queued(ada.id));
        let bob = member(store, "bob").await;
        assert_eq!(ask(store, ResetFor::Account(bob.id), 40, MINUTE).await, ResetMade::NoAddress);
        assert_eq!(ask(store, ResetFor::Account(AccountId(4_242)), 41, MINUTE).await, ResetMade::NoAddress);
        store.set_disabled(ada.id, true, START, audit("disable")).await.unwrap();
        assert_eq!(ask(store, by_email("ada@example.com"), 42, DAY * 3).await, ResetMade::NoAddress);
        assert!(store.prune(START + DAY * 9).await.unwrap() > 0);
        assert_eq!(home.number("SELECT COUNT(*) FROM password_reset").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_reset_proves_the_address_and_ends_everything_else() {
    on_both(async |home| {
        let store = &home.store;
        let ada = newcomer(store, 1, "ada@example.com", START).await;
        let key = ada.username.key();
        // Whoever knew the old password has asked for an address of theirs, and for another reset.
        let edit = parlour_store::Edit {
            id: ada.id,
            username: None,
            profile: parlour_model::ProfileChange::default(),
            email: Some(verification(2, "mallory@example.com", START)),
            now: START + MINUTE,
            audit: audit("edit"),
        };
        store.edit_account(edit).await.unwrap();
        let pending = store.pending_email(ada.id, START + MINUTE).await.unwrap().unwrap();
        assert_eq!(pending.as_str(), "mallory@example.com");
        ask(store, by_email("ada@example.com"), 10, MINUTE * 2).await;
        ask(store, by_email("ada@example.com"), 11, MINUTE * 20).await;
        store.record_failed_login(ada.id, home_source(), audit("log_in_failed"), START).await.unwrap();
        let found = store.reset(digest(10)).await.unwrap().unwrap();
        assert_eq!((found.account.id, found.expires_at), (ada.id, START + MINUTE * 62));

        assert_eq!(store.use_reset(using(10, "$late", MINUTE * 63)).await.unwrap(), None);
        assert_eq!(store.use_reset(using(11, "$new", MINUTE * 63)).await.unwrap(), Some(ada.id));
        assert_eq!(phc(store, &key).await, (Some("$new".to_owned()), 0));
        let account = store.account(ada.id).await.unwrap().unwrap();
        assert_eq!(account.email_verified_at, Some(START + MINUTE * 63));
        assert_eq!(store.sessions_of(ada.id, START, None, 100).await.unwrap(), []);
        for secret in [10, 11] {
            assert_eq!(store.reset(digest(secret)).await.unwrap(), None);
        }
        let verify = store.verify_email(digest(2), notice(), START + MINUTE * 64, audit("verify")).await.unwrap();
        assert_eq!(verify, Verified::Unknown, "the other address is not to be had any more");
        assert_eq!(store.pending_email(ada.id, START + MINUTE).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn of_two_uses_at_once_one_wins() {
    on_both(async |home| {
        let store = &home.store;
        let ada = newcomer(store, 1, "ada@example.com", START).await;
        ask(store, by_email("ada@example.com"), 10, MINUTE).await;
        ask(store, by_email("ada@example.com"), 11, MINUTE * 17).await;
        // The same secret twice, and another one of the same account.
        let attempt = async |secret, phc: &'static str| {
            until_answered!(store.use_reset(using(secret, phc, MINUTE * 18)).await).map(|_| phc)
        };
        let (one, other, third) = tokio::join!(attempt(10, "$one"), attempt(10, "$other"), attempt(11, "$third"));
        let won: Vec<&str> = [one, other, third].into_iter().flatten().collect();
        assert_eq!(won.len(), 1, "{won:?}");
        assert_eq!(phc(store, &ada.username.key()).await.0.as_deref(), Some(won[0]));
    })
    .await;
}

#[tokio::test]
async fn a_changed_password_leaves_one_new_session() {
    on_both(async |home| {
        let store = &home.store;
        let (ada, session) = member_with(store, "ada", new_session()).await;
        let set_at = store.login_record(&LoginName::Username("ada".to_owned()), home_source()).await.unwrap();
        let change = |phc: &str, from: SessionId, set_at| PasswordChange {
            account_id: ada.id,
            session_id: from,
            password_changed_at: set_at,
            phc: phc.to_owned(),
            session: NewSession { cookie_digest: Some(digest(9)), ..new_session() },
            audit: audit("change_password"),
            now: START + MINUTE,
        };
        let set_at = set_at.unwrap().password_changed_at;
        let stale = change("$no", session.id, Some(START + MINUTE * 5));
        assert_eq!(store.change_password(stale).await.unwrap(), None, "the password was another one meanwhile");
        assert_eq!(store.change_password(change("$no", SessionId(4_242), set_at)).await.unwrap(), None);
        let new = store.change_password(change("$new", session.id, set_at)).await.unwrap().unwrap();
        assert_ne!(new.id, session.id);
        assert_eq!(store.sessions_of(ada.id, START, None, 100).await.unwrap(), [new]);
        let again = change("$newer", session.id, Some(START + MINUTE));
        assert_eq!(store.change_password(again).await.unwrap(), None, "that session has ended");
        assert_eq!(phc(store, "ada").await.0.as_deref(), Some("$new"));
    })
    .await;
}

fn request(key: &str, asks: u8, after: std::time::Duration) -> NamedRequest {
    NamedRequest { scope: "account:1".to_owned(), key: key.to_owned(), digest: digest(asks), now: START + after }
}

#[tokio::test]
async fn a_named_request_is_done_once() {
    on_both(async |home| {
        let store = &home.store;
        let claim = async |asks, after| store.claim_request(request("k", asks, after)).await.unwrap();
        assert_eq!(claim(1, Duration::ZERO).await, Claimed::First);
        assert_eq!(claim(1, MINUTE / 2).await, Claimed::Pending);
        assert_eq!(claim(2, MINUTE / 2).await, Claimed::Other);
        // The first one was lost with its server: it is taken over, and what comes of it late is nothing.
        assert_eq!(claim(2, MINUTE * 2).await, Claimed::Other);
        assert_eq!(claim(1, MINUTE * 2).await, Claimed::First);
        store.answer_request(request("k", 1, Duration::ZERO), 201, "late".to_owned()).await.unwrap();
        assert_eq!(claim(1, MINUTE * 2).await, Claimed::Pending);
        store.release_request(request("k", 1, MINUTE * 2)).await.unwrap();
        assert_eq!(claim(1, MINUTE * 2).await, Claimed::First);
        store.answer_request(request("k", 1, MINUTE * 2), 201, "{}".to_owned()).await.unwrap();
        assert_eq!(claim(1, MINUTE * 3).await, Claimed::Answered(201, "{}".to_owned()));
        assert_eq!(claim(2, MINUTE * 3).await, Claimed::Other);
        assert_eq!(claim(2, DAY + MINUTE * 3).await, Claimed::First, "it is kept for a day");
        store.prune(START + DAY * 3).await.unwrap();
        assert_eq!(home.number("SELECT COUNT(*) FROM idempotency").await, 0);
    })
    .await;
}

#[tokio::test]
async fn of_two_named_alike_at_once_one_is_first() {
    on_both(async |home| {
        let claim = async || until_answered!(home.store.claim_request(request("k", 1, MINUTE)).await);
        let (one, other) = tokio::join!(claim(), claim());
        let firsts = [&one, &other].into_iter().filter(|claimed| **claimed == Claimed::First).count();
        assert_eq!(firsts, 1, "{one:?} {other:?}");
    })
    .await;
}
