//! Names that rest and addresses that are claimed: who may have them, and when.

use parlour_model::{Account, Field, ProfileChange, Timestamp};
use parlour_store::{ControlKind, Edit, Edited, SecretMade, SignedUp, Store, Verified};

use crate::harness::{
    DAY, MINUTE, START, audit, digest, done, mailed, member, newcomer, notice, on_both, sign_up, sign_up_with_email,
    username, verification,
};

async fn rename(store: &Store, account: &Account, name: &str, now: Timestamp) -> Edited {
    let edit = Edit {
        id: account.id,
        username: Some(username(name)),
        profile: ProfileChange::default(),
        email: None,
        now,
        audit: audit("rename"),
    };
    store.edit_account(edit).await.unwrap()
}

#[tokio::test]
async fn a_name_that_was_given_up_rests_for_thirty_days() {
    on_both(async |home| {
        let store = &home.store;
        let ada = member(store, "Ada").await;
        assert!(matches!(rename(store, &ada, "Countess", START).await, Edited::Done(_)));
        assert_eq!(store.account_by_name("ada").await.unwrap(), None);
        let mut other = sign_up("ADA");
        other.now = START + DAY * 30 - MINUTE;
        assert_eq!(store.sign_up(other.clone()).await.unwrap(), SignedUp::Taken(Field::Username));
        assert!(matches!(rename(store, &ada, "ada", START + DAY).await, Edited::Done(_)), "her own name");
        assert!(matches!(rename(store, &ada, "Countess", START + DAY * 2).await, Edited::Done(_)));
        other.now = START + DAY * 32;
        assert!(matches!(store.sign_up(other).await.unwrap(), SignedUp::Done { .. }));
        assert_eq!(rename(store, &ada, "Ada", START + DAY * 32).await, Edited::Taken(Field::Username));
    })
    .await;
}

#[tokio::test]
async fn ascii_names_that_look_alike_stand_side_by_side_and_others_do_not() {
    on_both(async |home| {
        member(&home.store, "modern").await;
        member(&home.store, "modem").await;
        // With a Cyrillic `о`.
        let look_alike = home.store.sign_up(sign_up("m\u{43e}dem")).await.unwrap();
        assert_eq!(look_alike, SignedUp::Taken(Field::Username));
        let ada = member(&home.store, "Ada").await;
        let changed = rename(&home.store, &ada, "m\u{43e}dern", START).await;
        assert_eq!(changed, Edited::Taken(Field::Username));
    })
    .await;
}

#[tokio::test]
async fn look_alikes_in_either_case_are_refused() {
    on_both(async |home| {
        let store = &home.store;
        let tom = member(store, "Tom").await;
        // With a Cyrillic `Т`, `О` and `М`, whose small forms look like no Latin letter.
        for fake in ["\u{422}om", "\u{422}\u{41e}\u{41c}", "\u{422}OM"] {
            assert_eq!(store.sign_up(sign_up(fake)).await.unwrap(), SignedUp::Taken(Field::Username), "{fake}");
        }
        // A name that is typed anew looks anew, and like nothing it was before.
        member(store, "\u{422}ea").await;
        assert_eq!(store.sign_up(sign_up("Tea")).await.unwrap(), SignedUp::Taken(Field::Username));
        let tea = store.account_by_name("\u{442}ea").await.unwrap().unwrap();
        assert!(matches!(rename(store, &tea, "\u{442}ea", START).await, Edited::Done(_)));
        assert!(matches!(store.sign_up(sign_up("Tea")).await.unwrap(), SignedUp::Done { .. }));
        assert_eq!(rename(store, &tea, "\u{422}ea", START).await, Edited::Taken(Field::Username));
        assert!(matches!(rename(store, &tom, "TOM", START).await, Edited::Done(_)), "her own name");
    })
    .await;
}

#[tokio::test]
async fn a_mere_claim_keeps_others_away_for_seven_days() {
    on_both(async |home| {
        let store = &home.store;
        let squatter = sign_up_with_email("squatter", "ada@example.com", START);
        let (squatter, _) = done(store.sign_up(squatter).await.unwrap());
        let early = sign_up_with_email("Ada", "ADA@example.com", START + DAY * 7 - MINUTE);
        assert_eq!(store.sign_up(early).await.unwrap(), SignedUp::Taken(Field::Email));
        let owner = sign_up_with_email("Ada", "ADA@example.com", START + DAY * 7);
        let (owner, _) = done(store.sign_up(owner).await.unwrap());
        assert_eq!(owner.email.unwrap().as_str(), "ADA@example.com");
        assert_eq!(store.account(squatter.id).await.unwrap().unwrap().email, None);
    })
    .await;
}

#[tokio::test]
async fn a_proof_beats_a_claim_and_a_proven_address_is_kept() {
    on_both(async |home| {
        let store = &home.store;
        let squatter = sign_up_with_email("squatter", "ada@example.com", START);
        let (squatter, _) = done(store.sign_up(squatter).await.unwrap());
        let mut owner = sign_up_with_email("Ada", "ada@example.com", START + DAY * 7);
        owner.verification = Some(verification(1, "ada@example.com", START + DAY * 7));
        let (owner, _) = done(store.sign_up(owner).await.unwrap());
        let proven = store.verify_email(digest(1), notice(), START + DAY * 7, audit("verify")).await.unwrap();
        assert_eq!(proven, Verified::Done { account_id: owner.id, lost_claim: None });
        let late = sign_up_with_email("late", "ada@example.com", START + DAY * 300);
        assert_eq!(store.sign_up(late).await.unwrap(), SignedUp::Taken(Field::Email));
        assert_eq!(store.account(squatter.id).await.unwrap().unwrap().email, None);
        assert!(store.delete_account(owner.id, START + DAY * 301, audit("delete")).await.unwrap());
        let next = sign_up_with_email("next", "ada@example.com", START + DAY * 301);
        assert!(matches!(store.sign_up(next).await.unwrap(), SignedUp::Done { .. }));
    })
    .await;
}

/// Ada, who has proven `ada@example.com` with secret 1.
async fn proven_ada(store: &Store) -> Account {
    let mut new = sign_up_with_email("Ada", "ada@example.com", START);
    new.verification = Some(verification(1, "ada@example.com", START));
    let (ada, _) = done(store.sign_up(new).await.unwrap());
    let proven = store.verify_email(digest(1), notice(), START, audit("verify")).await.unwrap();
    assert!(matches!(proven, Verified::Done { .. }));
    ada
}

fn change_address(account: &Account, secret: u8, address: &str, now: Timestamp) -> Edit {
    Edit {
        id: account.id,
        username: None,
        profile: ProfileChange::default(),
        email: Some(verification(secret, address, now)),
        now,
        audit: audit("edit"),
    }
}

#[tokio::test]
async fn an_address_changes_when_the_new_one_is_proven_and_the_old_is_told() {
    on_both(async |home| {
        let store = &home.store;
        let ada = proven_ada(store).await;
        let later = START + MINUTE * 30;
        for (secret, address, now) in [(2, "typo@example.com", START + MINUTE), (3, "new@example.com", later)] {
            let edited = store.edit_account(change_address(&ada, secret, address, now)).await.unwrap();
            let Edited::Done(now) = edited else { panic!("{edited:?}") };
            assert_eq!(now.email.unwrap().as_str(), "ada@example.com");
        }
        mailed(store, later).await;
        let verify = async |secret, now| store.verify_email(digest(secret), notice(), now, audit("verify")).await;
        assert_eq!(verify(2, later).await.unwrap(), Verified::Unknown, "it was superseded");
        assert_eq!(mailed(store, later).await, [], "nothing has changed yet");
        let proven = verify(3, later).await.unwrap();
        assert_eq!(proven, Verified::Done { account_id: ada.id, lost_claim: None });
        let told = mailed(store, later).await;
        let [mail] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((mail.recipient.as_str(), mail.body.as_str()), ("ada@example.com", "your address was changed"));
        assert_eq!(verify(3, later + MINUTE).await.unwrap(), Verified::Again);
        assert_eq!(verify(3, later + DAY).await.unwrap(), Verified::Expired);
        assert_eq!(verify(1, later).await.unwrap(), Verified::Unknown);
        assert_eq!(mailed(store, later + DAY).await, [], "the old address is told once");
        let grace = member(store, "Grace").await;
        let wants_the_same = store.edit_account(change_address(&grace, 4, "new@example.com", later)).await.unwrap();
        assert_eq!(wants_the_same, Edited::Taken(Field::Email));
    })
    .await;
}

#[tokio::test]
async fn an_address_that_was_only_claimed_is_told_too() {
    on_both(async |home| {
        let store = &home.store;
        let new = sign_up_with_email("Ada", "claimed@example.com", START);
        let (ada, _) = done(store.sign_up(new).await.unwrap());
        assert!(matches!(
            store.edit_account(change_address(&ada, 1, "new@example.com", START)).await.unwrap(),
            Edited::Done(_)
        ));
        mailed(store, START).await;
        store.verify_email(digest(1), notice(), START, audit("verify")).await.unwrap();
        let told = mailed(store, START).await;
        assert_eq!(told.iter().map(|mail| mail.recipient.as_str()).collect::<Vec<_>>(), ["claimed@example.com"]);
    })
    .await;
}

#[tokio::test]
async fn whoever_loses_a_claim_to_a_proof_is_named() {
    on_both(async |home| {
        let store = &home.store;
        let ada = member(store, "Ada").await;
        store.edit_account(change_address(&ada, 1, "ada@example.com", START)).await.unwrap();
        let squatter = sign_up_with_email("squatter", "ada@example.com", START);
        let (squatter, _) = done(store.sign_up(squatter).await.unwrap());
        let head = store.control_head().await.unwrap().seq;
        let proven = store.verify_email(digest(1), notice(), START, audit("verify")).await.unwrap();
        assert_eq!(proven, Verified::Done { account_id: ada.id, lost_claim: Some(squatter.id) });
        let told: Vec<_> =
            store.control_since(head).await.unwrap().iter().map(|line| (line.kind, line.subject)).collect();
        assert_eq!(told, [ada.id, squatter.id].map(|id| (ControlKind::AccountChanged, id.0)));
    })
    .await;
}

#[tokio::test]
async fn secrets_are_limited_to_one_in_a_quarter_hour_and_five_a_day() {
    on_both(async |home| {
        let store = &home.store;
        let (ada, _) = done(store.sign_up(sign_up_with_email("Ada", "ada@example.com", START)).await.unwrap());
        let mut secret = 0;
        let mut ask = async |after: std::time::Duration| {
            secret += 1;
            let new = verification(secret, "ada@example.com", START);
            store.add_verification(ada.id, new, START + after, audit("secret")).await.unwrap()
        };
        for number in 0..5 {
            assert_eq!(ask(MINUTE * 15 * number).await, SecretMade::Queued, "{number}");
            assert_eq!(ask(MINUTE * (15 * number + 14)).await, SecretMade::TooMany, "{number}");
        }
        assert_eq!(ask(MINUTE * 120).await, SecretMade::TooMany);
        assert_eq!(ask(DAY + MINUTE * 60).await, SecretMade::Queued);
    })
    .await;
}

#[tokio::test]
async fn changes_of_address_are_limited_like_secrets() {
    on_both(async |home| {
        let store = &home.store;
        let ada = member(store, "Ada").await;
        let mut secret = 0;
        let mut change = async |stranger: u32, minutes: u32| {
            secret += 1;
            let address = format!("stranger{stranger}@example.com");
            let mut edit = change_address(&ada, secret, &address, START + MINUTE * minutes);
            edit.profile.bio = Some(address);
            store.edit_account(edit).await.unwrap()
        };
        for number in 0..5 {
            let changed = change(number, number).await;
            assert!(matches!(changed, Edited::Done(_)), "{number}: {changed:?}");
            assert_eq!(change(number, number + 14).await, Edited::TooManyMails, "{number}: the same address again");
        }
        assert_eq!(change(5, 120).await, Edited::TooManyMails, "the sixth of the day");
        let now = START + MINUTE * 120;
        assert_eq!(mailed(store, now).await.len(), 5);
        let bio = store.account(ada.id).await.unwrap().unwrap().profile.bio;
        assert_eq!(bio, "stranger4@example.com", "a refusal changes nothing");
        assert!(matches!(rename(store, &ada, "Countess", now).await, Edited::Done(_)), "that needs no mail");
        assert!(matches!(change(6, 24 * 60 + 60).await, Edited::Done(_)), "the next day");
    })
    .await;
}

#[tokio::test]
async fn no_secret_is_mailed_for_an_account_that_is_gone() {
    on_both(async |home| {
        let store = &home.store;
        let ada = newcomer(store, 1, "ada@example.com", START).await;
        newcomer(store, 2, "grace@example.com", START).await;
        assert!(store.delete_account(ada.id, START, audit("delete")).await.unwrap());
        let left = mailed(store, START).await;
        assert_eq!(left.iter().map(|mail| mail.recipient.as_str()).collect::<Vec<_>>(), ["grace@example.com"]);
    })
    .await;
}
