//! One story that calls every method of the store, told on both databases.

use std::time::Duration;

use parlour_model::{
    Account, AccountId, AdminLevel, Contract, Event, EventBody, Field, Profile, ProfileChange, Session, SessionId,
};
use parlour_store::{
    AdminSignedUp, Appended, ControlKind, Edit, Edited, Error, LogIn, LoginName, NewSession, RefreshUse, Refreshed,
    SecretMade, SignedUp, SigningKeyRow, Store, Verified,
};

use crate::harness::{
    DAY, Home, MINUTE, START, audit, digest, done, home_source, mailed, member, message, new_session, newcomer, notice,
    on_both, room, sign_up, sign_up_with_email, source, username, verification,
};

#[tokio::test]
async fn the_story() {
    on_both(tell).await;
}

pub(crate) async fn tell(home: &Home) {
    let store = &home.store;
    store.ready().await.unwrap();
    the_operator_sets_up(store).await;
    let (ada, session) = ada_signs_up(store).await;
    ada_proves_her_address(store, &ada).await;
    ada_logs_in_and_out(store, &ada, &session).await;
    ada_is_guessed_at(store, &ada).await;
    ada_changes_her_password(store, &ada).await;
    ada_edits_her_account(store, &ada).await;
    ada_refreshes(store, &ada).await;
    ada_talks_with_grace(store, &ada).await;
    mail_is_sent(home).await;
    the_operator_administers(store, &ada).await;
    ada_leaves(store, &ada).await;
    all_of_it_is_told(store, &ada).await;
    time_passes(home).await;
}

async fn the_operator_sets_up(store: &Store) {
    assert!(!store.has_admin().await.unwrap());
    assert!(store.set_setup_link(digest(1), START, None).await.unwrap());
    assert!(!store.set_setup_link(digest(2), START + MINUTE, Some(START)).await.unwrap(), "another stands");
    assert!(store.setup_link_is_good(digest(1)).await.unwrap());
    assert!(store.set_setup_link(digest(2), START + MINUTE, Some(START + MINUTE)).await.unwrap());
    assert!(!store.setup_link_is_good(digest(1)).await.unwrap(), "it was replaced");
    assert!(store.setup_link_is_good(digest(2)).await.unwrap());
    member(store, "Taken").await;
    let taken = store.sign_up_admin(digest(2), sign_up("taken")).await.unwrap();
    assert_eq!(taken, AdminSignedUp::Taken(Field::Username));
    let AdminSignedUp::Done { account, session: None } =
        store.sign_up_admin(digest(2), sign_up("Admin")).await.unwrap()
    else {
        panic!("the link was still good")
    };
    assert_eq!(account.admin_level, AdminLevel::Admin);
    assert!(store.has_admin().await.unwrap());
    assert!(!store.setup_link_is_good(digest(2)).await.unwrap());
    let again = store.sign_up_admin(digest(2), sign_up("Second")).await.unwrap();
    assert_eq!(again, AdminSignedUp::LinkUsed);
    keys_are_made(store).await;
}

fn key(kid: &str, minutes: u32) -> SigningKeyRow {
    SigningKeyRow {
        kid: kid.to_owned(),
        algorithm: "EdDSA".to_owned(),
        public_key: vec![0, 1, 2],
        sealed_private_key: vec![3, 4, 5],
        created_at: START + MINUTE * minutes,
        active_from: START + MINUTE * minutes,
        expires_at: None,
    }
}

async fn keys_are_made(store: &Store) {
    assert_eq!(store.signing_keys(START).await.unwrap(), []);
    let end = START + DAY;
    assert!(store.add_signing_key(key("first", 0), end, true, audit("key")).await.unwrap());
    assert!(!store.add_signing_key(key("no", 1), end, true, audit("key")).await.unwrap());
    assert!(store.add_signing_key(key("second", 2), end, false, audit("key")).await.unwrap());
    let first = SigningKeyRow { expires_at: Some(end), ..key("first", 0) };
    assert_eq!(store.signing_keys(START).await.unwrap(), [first, key("second", 2)]);
    assert_eq!(store.signing_keys(end).await.unwrap(), [key("second", 2)]);
}

async fn ada_signs_up(store: &Store) -> (Account, Session) {
    let mut new = sign_up_with_email("Ada Lovelace", "Ada@Example.com", START);
    new.account.profile = Profile { bio: "first\0 of all".to_owned(), ..Profile::default() };
    new.session = Some(NewSession { cookie_digest: Some(digest(10)), ..new_session() });
    new.verification = Some(verification(11, "Ada@Example.com", START));
    let (ada, session) = done(store.sign_up(new.clone()).await.unwrap());
    let session = session.unwrap();
    assert_eq!(ada.profile.bio, "first\u{fffd} of all");
    assert_eq!((ada.email_verified_at, ada.created_at, ada.disabled_at), (None, START, None));
    assert_eq!(store.account(ada.id).await.unwrap().as_ref(), Some(&ada));
    assert_eq!(store.account_by_name("ada lovelace").await.unwrap().as_ref(), Some(&ada));
    assert_eq!(store.account_by_name("nobody").await.unwrap(), None);
    assert_eq!(store.session_by_cookie(digest(10)).await.unwrap().as_ref(), Some(&session));
    assert_eq!((session.account_id, session.contract), (ada.id, Contract::Cookies));
    assert_eq!(store.sign_up(new.clone()).await.unwrap(), SignedUp::Taken(Field::Username));
    new.account.username = username("Somebody Else");
    assert_eq!(store.sign_up(new).await.unwrap(), SignedUp::Taken(Field::Email));
    assert_eq!(store.account_by_name("somebody else").await.unwrap(), None, "a refusal leaves nothing behind");
    (ada, session)
}

async fn ada_proves_her_address(store: &Store, ada: &Account) {
    let another = |secret| verification(secret, "ada@example.com", START);
    let add = async |id, secret, after| {
        store.add_verification(id, another(secret), START + after, audit("secret")).await.unwrap()
    };
    assert_eq!(add(ada.id, 12, MINUTE).await, SecretMade::TooMany);
    assert_eq!(add(ada.id, 12, MINUTE * 16).await, SecretMade::Queued);
    assert_eq!(add(AccountId(4_242), 13, MINUTE).await, SecretMade::UnknownAccount);
    let verify = async |secret, after| {
        store.verify_email(digest(secret), notice(), START + after, audit("verify")).await.unwrap()
    };
    assert_eq!(verify(99, MINUTE).await, Verified::Unknown);
    assert_eq!(verify(11, DAY).await, Verified::Expired);
    assert_eq!(verify(12, MINUTE).await, Verified::Done { account_id: ada.id, lost_claim: None });
    assert_eq!(verify(12, MINUTE).await, Verified::Again);
    assert_eq!(add(ada.id, 14, MINUTE * 40).await, SecretMade::NoAddress);
    let proven = store.account(ada.id).await.unwrap().unwrap();
    assert_eq!(proven.email_verified_at, Some(START + MINUTE));
}

fn log_in(account_id: AccountId, address: &str) -> LogIn {
    LogIn {
        account_id,
        source: source(address),
        password_changed_at: Some(START),
        session: new_session(),
        rehashed: None,
        audit: audit("log_in"),
        now: START + MINUTE,
    }
}

fn log_in_with_new_password(account_id: AccountId) -> LogIn {
    LogIn { password_changed_at: Some(START + MINUTE), ..log_in(account_id, "203.0.113.7") }
}

async fn ada_logs_in_and_out(store: &Store, ada: &Account, first: &Session) {
    let second = store.log_in(log_in(ada.id, "203.0.113.7")).await.unwrap().unwrap();
    assert_eq!(store.log_in(log_in(AccountId(4_242), "203.0.113.7")).await.unwrap(), None);
    assert_eq!(store.session(second.id).await.unwrap().as_ref(), Some(&second));
    let idle = START + DAY * 2;
    let used = vec![(second.id, START + MINUTE * 5, idle), (first.id, START, idle), (SessionId(4_242), START, idle)];
    store.touch_sessions(used).await.unwrap();
    let touched = Session { last_used_at: START + MINUTE * 5, idle_expires_at: idle, ..second.clone() };
    assert_eq!(store.sessions_of(ada.id, START + MINUTE, None, 100).await.unwrap(), [touched.clone(), first.clone()]);
    let last = Some((touched.last_used_at, touched.id));
    assert_eq!(store.sessions_of(ada.id, START + MINUTE, last, 100).await.unwrap(), std::slice::from_ref(first));
    assert_eq!(store.sessions_of(ada.id, START + MINUTE, None, 1).await.unwrap()[0].id, touched.id);
    let standing = store.sessions_of(ada.id, START + DAY, None, 100).await.unwrap();
    assert_eq!(standing.len(), 1, "the first was idle for too long");
    let head = store.control_head().await.unwrap().seq;
    assert!(store.end_session(first.id, START, audit("log_out")).await.unwrap());
    assert!(!store.end_session(first.id, START, audit("log_out")).await.unwrap());
    assert_eq!(store.session_by_cookie(digest(10)).await.unwrap(), None);
    let third = store.log_in(log_in(ada.id, "203.0.113.7")).await.unwrap().unwrap();
    let ended = store.end_sessions_of(ada.id, Some(third.id), START, audit("log_out_others")).await.unwrap();
    assert_eq!(ended, [second.id]);
    assert_eq!(store.sessions_of(ada.id, START, None, 100).await.unwrap(), [third]);
    let told = store.control_since(head).await.unwrap();
    let told: Vec<_> = told.iter().map(|line| (line.seq - head, line.kind, line.subject)).collect();
    let kind = ControlKind::SessionEnded;
    assert_eq!(told, [(1, kind, first.id.0), (2, kind, second.id.0)]);
}

async fn ada_is_guessed_at(store: &Store, ada: &Account) {
    let by_name = LoginName::Username("ada lovelace".to_owned());
    let by_email = LoginName::Email("ada@example.com".to_owned());
    let (home, stranger) = (home_source(), source("198.51.100.1"));
    for _ in 0..3 {
        store.record_failed_login(ada.id, stranger, audit("log_in_failed"), START).await.unwrap();
    }
    store.record_failed_login(ada.id, home, audit("log_in_failed"), START).await.unwrap();
    let record = store.login_record(&by_name, stranger).await.unwrap().unwrap();
    assert_eq!((record.failures, record.known_source), (3, false));
    assert_eq!(record.phc.as_deref(), Some("$hash of Ada Lovelace"));
    let record = store.login_record(&by_email, home).await.unwrap().unwrap();
    assert_eq!((record.account.id, record.failures, record.known_source), (ada.id, 1, true));
    assert_eq!(store.login_record(&LoginName::Username("nobody".to_owned()), home).await.unwrap(), None);
    let rehashed = LogIn { rehashed: Some("$stronger".to_owned()), ..log_in(ada.id, "198.51.100.1") };
    store.log_in(rehashed).await.unwrap().unwrap();
    let record = store.login_record(&by_name, stranger).await.unwrap().unwrap();
    assert_eq!((record.failures, record.known_source, record.phc.as_deref()), (0, true, Some("$stronger")));
    let record = store.login_record(&by_name, home).await.unwrap().unwrap();
    assert_eq!(record.failures, 1, "another source's success is not this one's");
    let new_device = source("198.51.100.2");
    store.record_failed_login(ada.id, new_device, audit("log_in_failed"), START).await.unwrap();
    store.log_in(log_in(ada.id, "203.0.113.7")).await.unwrap().unwrap();
    let record = store.login_record(&by_name, new_device).await.unwrap().unwrap();
    assert_eq!((record.failures, record.known_source), (0, false), "a success at home forgives the strangers");
    // Twenty more places, and the first ones are forgotten.
    for number in 0..20 {
        let from = LogIn { now: START + DAY, ..log_in(ada.id, &format!("192.0.2.{number}")) };
        store.log_in(from).await.unwrap().unwrap();
    }
    let record = store.login_record(&by_name, home).await.unwrap().unwrap();
    assert_eq!((record.failures, record.known_source), (0, false));
}

async fn ada_changes_her_password(store: &Store, ada: &Account) {
    store.record_failed_login(ada.id, home_source(), audit("log_in_failed"), START).await.unwrap();
    let kept = store.log_in(log_in(ada.id, "203.0.113.7")).await.unwrap().unwrap();
    let set = async |id, phc: &str, keep| {
        store.set_password(id, phc.to_owned(), keep, START + MINUTE, audit("password")).await.unwrap()
    };
    assert!(set(ada.id, "$new", Some(kept.id)).await);
    assert!(!set(AccountId(4_242), "$new", None).await);
    assert_eq!(store.sessions_of(ada.id, START, None, 100).await.unwrap(), [kept]);
    let name = LoginName::Username("ada lovelace".to_owned());
    let record = store.login_record(&name, home_source()).await.unwrap().unwrap();
    assert_eq!((record.phc.as_deref(), record.failures), (Some("$new"), 0));
    assert_eq!(record.password_changed_at, Some(START + MINUTE));
    let late = store.log_in(log_in(ada.id, "203.0.113.7")).await.unwrap();
    assert_eq!(late, None, "the old password was being checked while it was replaced");
    assert!(set(ada.id, "$newer", None).await);
    assert_eq!(store.sessions_of(ada.id, START, None, 100).await.unwrap(), []);
}

async fn ada_edits_her_account(store: &Store, ada: &Account) {
    let now = START + MINUTE * 40;
    let edit = Edit {
        id: ada.id,
        username: Some(username("Ada")),
        profile: ProfileChange { bio: Some("poet".to_owned()), consent: Some(true), ..ProfileChange::default() },
        email: Some(verification(20, "countess@example.com", START)),
        now,
        audit: audit("edit"),
    };
    let Edited::Done(edited) = store.edit_account(edit.clone()).await.unwrap() else {
        panic!("nothing stood in the way")
    };
    assert_eq!((edited.username.as_str(), edited.profile.bio.as_str()), ("Ada", "poet"));
    assert_eq!(edited.profile.consent_at, Some(now));
    assert_eq!(edited.email.as_ref().unwrap().as_str(), "ada@example.com", "the new one is not proven yet");
    assert_eq!(store.account(ada.id).await.unwrap(), Some(edited));
    let taken = Edit { username: Some(username("TAKEN")), email: None, ..edit.clone() };
    assert_eq!(store.edit_account(taken).await.unwrap(), Edited::Taken(Field::Username));
    let unknown = Edit { id: AccountId(4_242), ..edit };
    assert_eq!(store.edit_account(unknown).await.unwrap(), Edited::Unknown);
    let proven = store.verify_email(digest(20), notice(), now, audit("verify")).await.unwrap();
    assert_eq!(proven, Verified::Done { account_id: ada.id, lost_claim: None });
}

async fn ada_refreshes(store: &Store, ada: &Account) {
    let mut with_tokens = log_in_with_new_password(ada.id);
    with_tokens.session.refresh_digest = Some(digest(30));
    let session_id = store.log_in(with_tokens).await.unwrap().unwrap().id;
    let used = |counter, rotate, minutes: u32| RefreshUse {
        session_id,
        digest: digest(30),
        counter,
        rotate,
        idle_expires_at: START + DAY,
        now: START + MINUTE * minutes,
    };
    let refresh = async |used| store.refresh(used, audit("refresh")).await.unwrap();
    let foreign = RefreshUse { digest: digest(31), ..used(1, false, 1) };
    assert_eq!(refresh(foreign).await, Refreshed::Unknown);
    assert!(matches!(refresh(used(1, false, 1)).await, Refreshed::Granted { counter: 1, .. }));
    assert!(matches!(refresh(used(1, true, 2)).await, Refreshed::Granted { counter: 2, .. }));
    assert!(matches!(refresh(used(1, true, 2)).await, Refreshed::Granted { counter: 2, .. }));
    assert!(matches!(refresh(used(2, false, 3)).await, Refreshed::Granted { counter: 2, .. }));
    assert_eq!(refresh(used(1, false, 3)).await, Refreshed::Reused { session_id, account_id: ada.id });
    assert_eq!(refresh(used(2, false, 3)).await, Refreshed::Unknown);
}

async fn ada_talks_with_grace(store: &Store, ada: &Account) {
    let grace = member(store, "Grace").await;
    let hall = room("Main Hall");
    assert_eq!(store.room(&hall).await.unwrap(), None);
    let batch =
        vec![message(ada, "hello", Some("a")), message(&grace, "hi", Some("a")), message(ada, "hello", Some("a"))];
    let (head, appended) = store.append(&hall, move || batch).await.unwrap().unwrap();
    let new = |seq| Appended::New { seq, at: START };
    assert_eq!(appended, [new(1), new(2), Appended::Repeat { seq: 1, at: START }]);
    let retry = vec![message(ada, "hello", Some("a")), message(ada, "other", Some("a")), message(ada, "bye\0", None)];
    let (head_now, appended) = store.append(&room("MAIN HALL"), move || retry).await.unwrap().unwrap();
    assert_eq!(appended, [Appended::Repeat { seq: 1, at: START }, Appended::KeyConflict, new(3)]);
    assert_eq!((head_now.id, head_now.epoch, head_now.last_seq), (head.id, head.epoch, 3));
    assert_eq!(head_now.name, "Main Hall");
    assert_eq!(store.room(&hall).await.unwrap().as_ref(), Some(&head_now));
    assert_eq!(store.rooms(&[room("nowhere"), hall]).await.unwrap(), [None, Some(head_now)]);
    let log = store.history(head.id, 1, 10).await.unwrap();
    assert_eq!(log.iter().map(said).collect::<Vec<_>>(), ["2 Grace: hi", "3 Ada: bye\u{fffd}"]);
    assert_eq!(store.history(head.id, 0, 1).await.unwrap().len(), 1);
}

fn said(event: &Event) -> String {
    match &event.body {
        EventBody::Message { author, text, .. } => format!("{} {}: {text}", event.seq, author.username),
        EventBody::Erased => format!("{} erased", event.seq),
        other => format!("{} {other:?}", event.seq),
    }
}

async fn mail_is_sent(home: &Home) {
    let (store, lease) = (&home.store, Duration::from_mins(5));
    assert!(!mailed(store, START + DAY).await.is_empty(), "the chapters before have queued some");
    let now = START + DAY;
    newcomer(store, 41, "a@example.com", now).await;
    newcomer(store, 42, "b@example.com", now).await;
    let a = store.claim_mail(now, lease).await.unwrap().unwrap();
    assert_eq!((a.mail.recipient.as_str(), a.mail.body.as_str(), a.tries), ("a@example.com", "a secret link", 1));
    let b = store.claim_mail(now, lease).await.unwrap().unwrap();
    assert_eq!(store.claim_mail(now, lease).await.unwrap(), None);
    store.mail_sent(b.id, now).await.unwrap();
    store.mail_failed(a.id, "no route", Some(now + MINUTE), now).await.unwrap();
    assert_eq!(store.claim_mail(now, lease).await.unwrap(), None);
    let again = store.claim_mail(now + MINUTE, lease).await.unwrap().unwrap();
    assert_eq!((again.id, again.tries, &again.mail), (a.id, 2, &a.mail));
    // A worker that died: the lease runs out.
    assert_eq!(store.claim_mail(now + MINUTE * 6, lease).await.unwrap().unwrap().tries, 3);
    store.mail_failed(a.id, "no such user", None, now).await.unwrap();
    assert_eq!(store.claim_mail(now + DAY, lease).await.unwrap(), None);
    let kept = "SELECT COUNT(*) FROM mail WHERE recipient <> '' OR body <> ''";
    assert_eq!(home.number(kept).await, 0, "what was sent or given up says nothing any more");
}

async fn the_operator_administers(store: &Store, ada: &Account) {
    let all = store.accounts(AccountId(0), 100).await.unwrap();
    assert_eq!(store.accounts(all[0].id, 1).await.unwrap(), all[1..2]);
    assert!(store.set_admin_level(ada.id, AdminLevel::Family, START, audit("level")).await.unwrap());
    assert!(!store.set_admin_level(AccountId(4_242), AdminLevel::Family, START, audit("level")).await.unwrap());
    let session = store.log_in(log_in_with_new_password(ada.id)).await.unwrap().unwrap();
    assert!(store.set_disabled(ada.id, true, START, audit("disable")).await.unwrap());
    assert!(!store.set_disabled(AccountId(4_242), true, START, audit("disable")).await.unwrap());
    assert_eq!(store.session(session.id).await.unwrap(), None);
    assert_eq!(store.log_in(log_in_with_new_password(ada.id)).await.unwrap(), None);
    assert!(store.set_disabled(ada.id, false, START, audit("enable")).await.unwrap());
    let ada = store.account(ada.id).await.unwrap().unwrap();
    assert_eq!((ada.admin_level, ada.disabled_at), (AdminLevel::Family, None));
    let told = store.control_since(0).await.unwrap();
    assert!(told.iter().any(|line| line.kind == ControlKind::AccountEnded && line.subject == ada.id.0));
}

async fn ada_leaves(store: &Store, ada: &Account) {
    let session = store.log_in(log_in_with_new_password(ada.id)).await.unwrap().unwrap();
    assert!(store.delete_account(ada.id, START, audit("delete")).await.unwrap());
    assert!(!store.delete_account(ada.id, START, audit("delete")).await.unwrap());
    assert_eq!(store.account(ada.id).await.unwrap(), None);
    assert_eq!(store.session(session.id).await.unwrap(), None);
    let hall = store.room(&room("main hall")).await.unwrap().unwrap();
    let log = store.history(hall.id, 0, 10).await.unwrap();
    assert_eq!(log.iter().map(said).collect::<Vec<_>>(), ["1 erased", "2 Grace: hi", "3 erased"]);
    assert_eq!(store.sign_up(sign_up("ADA")).await.unwrap(), SignedUp::Taken(Field::Username), "the name rests");
    // A message that was under way when its author left takes its place, empty.
    let late = message(ada, "late", Some("k"));
    let (_, appended) = store.append(&room("main hall"), move || vec![late]).await.unwrap().unwrap();
    assert_eq!(appended, [Appended::New { seq: 4, at: START }]);
    assert_eq!(store.history(hall.id, 3, 10).await.unwrap()[0].body, EventBody::Erased);
}

async fn all_of_it_is_told(store: &Store, ada: &Account) {
    store.audit(audit("config_changed"), START + DAY * 3).await.unwrap();
    let newest = store.audit_lines(None, 1).await.unwrap();
    assert_eq!((newest[0].action.as_str(), newest[0].at), ("config_changed", START + DAY * 3));
    let lines = store.audit_lines(Some(ada.id), 1_000).await.unwrap();
    assert!(lines.iter().all(|line| line.target == Some(ada.id) && line.contract == "native"));
    for action in
        ["sign_up", "verify", "log_in", "log_in_failed", "log_out", "password", "edit", "refresh_reused", "delete"]
    {
        assert!(lines.iter().any(|line| line.action == action), "{action}");
    }
    let signed_up = lines.iter().find(|line| line.action == "sign_up").unwrap();
    assert_eq!(signed_up.actor, Some(ada.id), "who signs up does so for themselves");
    let reused = lines.iter().find(|line| line.action == "refresh_reused").unwrap();
    assert!(reused.session.is_some());
}

async fn time_passes(home: &Home) {
    let store = &home.store;
    home.script("UPDATE room SET retention_seconds = 60").await;
    assert!(store.prune(START).await.unwrap() == 0, "nothing has served its time yet");
    let pruned = store.prune(START + DAY * 500).await.unwrap();
    assert!(pruned > 0);
    for table in ["session", "verification", "mail", "audit", "control", "event"] {
        assert_eq!(home.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(home.number("SELECT COUNT(*) FROM username WHERE rests_until IS NOT NULL").await, 0);
    let names = home.number("SELECT COUNT(*) FROM username").await;
    assert_eq!(home.number("SELECT COUNT(*) FROM account").await, names);
    let looks = home.number("SELECT COUNT(DISTINCT skeleton) FROM look").await;
    assert_eq!(home.number("SELECT COUNT(DISTINCT username_key) FROM look").await, names);
    assert_eq!(home.number("SELECT COUNT(*) FROM skeleton").await, looks);
    let hall = store.room(&room("main hall")).await.unwrap().unwrap();
    assert_eq!(hall.last_seq, 4, "places are never given out twice");
    assert_eq!(store.signing_keys(START + DAY * 500).await.unwrap(), [key("second", 2)]);
    assert_eq!(home.number("SELECT COUNT(*) FROM signing_key").await, 1);
    assert_eq!(store.prune(START + DAY * 500).await.unwrap(), 0);
    let backup = store.backup(&std::env::temp_dir()).await;
    assert!(matches!(backup, Err(Error::Failed(_))), "a folder is in the way");
}
