//! Families of refresh tokens: whatever order the tokens come in, a copy is noticed and an honest client is not hurt.

use std::cell::Cell;
use std::time::Duration;

use parlour_model::Timestamp;
use parlour_store::{RefreshUse, Refreshed, Store};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::harness::{DAY, Home, START, audit, digest, member_with, new_session};

/// One presentation: how far behind the newest token, whether it rotates, and how long after the one before.
#[derive(Clone, Copy, Debug)]
struct Step {
    behind: i64,
    rotate: bool,
    after: Duration,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let after = prop_oneof![Just(0), Just(1), Just(29), Just(30), Just(31), Just(300)].prop_map(Duration::from_secs);
    let step = (prop_oneof![4 => Just(0), 4 => Just(1), 1 => -1_i64..4], any::<bool>(), after);
    proptest::collection::vec(step.prop_map(|(behind, rotate, after)| Step { behind, rotate, after }), 1..14)
}

/// A token that was taken: its place, the newest place afterwards, and when.
struct Taken {
    counter: i64,
    newest: i64,
    at: Timestamp,
}

/// What the promise says of a presentation, given all that was taken before.
fn is_good(past: &[Taken], counter: i64, now: Timestamp) -> bool {
    let newest = past.last().map_or(1, |taken| taken.newest);
    if counter == newest {
        return true;
    }
    let Some(rotation) = past.iter().find(|taken| taken.newest == newest && newest > 1) else { return false };
    let successor_used = past.iter().any(|taken| taken.counter == newest);
    counter == newest - 1 && now.since(rotation.at) <= Duration::from_secs(30) && !successor_used
}

async fn keeps_the_promise(store: &Store, name: &str, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut session = new_session();
    session.refresh_digest = Some(digest(7));
    let (_, session) = member_with(store, name, session).await;
    let (mut past, mut now) = (Vec::<Taken>::new(), START);
    for step in steps {
        now = now + step.after;
        let newest = past.last().map_or(1, |taken| taken.newest);
        let counter = newest - step.behind;
        let idle_expires_at = now + DAY;
        let used = RefreshUse {
            session_id: session.id,
            digest: digest(7),
            counter,
            rotate: step.rotate,
            idle_expires_at,
            now,
        };
        let answer = store.refresh(used, audit("refresh")).await.unwrap();
        if is_good(&past, counter, now) {
            let expected = if counter == newest && step.rotate { newest + 1 } else { newest };
            let Refreshed::Granted { session, counter: given } = answer else {
                return Err(TestCaseError::fail(format!("{counter} of {newest} was refused: {answer:?}")));
            };
            prop_assert_eq!(given, expected);
            prop_assert_eq!((session.last_used_at, session.idle_expires_at), (now, idle_expires_at));
            past.push(Taken { counter, newest: given, at: now });
            continue;
        }
        let ended = Refreshed::Reused { session_id: session.id, account_id: session.account_id };
        prop_assert_eq!(answer, ended);
        prop_assert_eq!(store.session(session.id).await.unwrap(), None);
        let newest = RefreshUse { counter: newest, ..used };
        prop_assert_eq!(store.refresh(newest, audit("refresh")).await.unwrap(), Refreshed::Unknown);
        return Ok(());
    }
    Ok(())
}

#[test]
fn a_family_keeps_its_promise() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for (home, cases) in [(runtime.block_on(Home::sqlite()), 96), (runtime.block_on(Home::postgres()), 48)] {
        let number = Cell::new(0);
        let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
        let case = |steps: Vec<Step>| {
            number.set(number.get() + 1);
            runtime.block_on(keeps_the_promise(&home.store, &format!("member {}", number.get()), &steps))
        };
        TestRunner::new(config).run(&steps(), case).unwrap();
        runtime.block_on(home.end());
    }
}
