//! A room's log: contiguous places, one order, and keys that make a retry harmless.

use std::cell::Cell;
use std::collections::HashMap;

use futures_util::future::join_all;
use parlour_model::{Account, EventBody, Timestamp};
use parlour_store::{Appended, NewMessage, Store};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::harness::{Home, START, audit, member, on_both, room, until_answered};

/// A message by author 0 or 1, with one of three texts and perhaps one of four keys.
type Line = (usize, u8, Option<u8>);

fn batches() -> impl Strategy<Value = Vec<Vec<Line>>> {
    let line = (0..2_usize, 0..3_u8, proptest::option::weighted(0.7, 0..4_u8));
    proptest::collection::vec(proptest::collection::vec(line, 0..6), 1..6)
}

/// What the promise says: the log, and the first place of every key.
#[derive(Default)]
struct Promise {
    log: Vec<(usize, String, Option<String>, Timestamp)>,
    keys: HashMap<(usize, u8), (u8, i64, Timestamp)>,
}

impl Promise {
    fn append(&mut self, (author, text, key): Line, at: Timestamp) -> Appended {
        if let Some((first, seq, at)) = key.and_then(|key| self.keys.get(&(author, key)).copied()) {
            return if first == text { Appended::Repeat { seq, at } } else { Appended::KeyConflict };
        }
        self.log.push((author, text.to_string(), key.map(|key| key.to_string()), at));
        let seq = i64::try_from(self.log.len()).unwrap();
        if let Some(key) = key {
            self.keys.insert((author, key), (text, seq, at));
        }
        Appended::New { seq, at }
    }
}

async fn keeps_the_promise(
    store: &Store,
    name: &str,
    authors: &[Account; 2],
    batches: &[Vec<Line>],
) -> Result<(), TestCaseError> {
    let (mut promise, room, mut at) = (Promise::default(), room(name), START);
    for batch in batches {
        let (mut messages, mut expected) = (Vec::new(), Vec::new());
        for &(author, text, key) in batch {
            at = at + std::time::Duration::from_secs(1);
            expected.push(promise.append((author, text, key), at));
            let (author, key) = (authors[author].id, key.map(|key| key.to_string()));
            messages.push(NewMessage { author, text: text.to_string(), key, reply_to: None, at });
        }
        let (head, appended) = store.append(&room, move || messages).await.unwrap().unwrap();
        prop_assert_eq!(appended, expected);
        prop_assert_eq!(usize::try_from(head.last_seq).unwrap(), promise.log.len());
    }
    let head = store.room(&room).await.unwrap().unwrap();
    let events = store.history(head.id, 0, 1_000).await.unwrap();
    prop_assert_eq!(events.len(), promise.log.len());
    for ((event, seq), (by, said, under, at)) in events.into_iter().zip(1..).zip(promise.log) {
        let EventBody::Message { author, text, key, .. } = event.body else { panic!("an erased event") };
        prop_assert_eq!((event.seq, event.at, author.id), (seq, at, authors[by].id));
        prop_assert_eq!((text, key), (said, under));
    }
    Ok(())
}

#[test]
fn a_log_keeps_its_promise() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for (home, cases) in [(runtime.block_on(Home::sqlite()), 96), (runtime.block_on(Home::postgres()), 48)] {
        let authors =
            runtime.block_on(async { [member(&home.store, "Ada").await, member(&home.store, "Grace").await] });
        let number = Cell::new(0);
        let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
        let case = |batches: Vec<Vec<Line>>| {
            number.set(number.get() + 1);
            runtime.block_on(keeps_the_promise(&home.store, &format!("room {}", number.get()), &authors, &batches))
        };
        TestRunner::new(config).run(&batches(), case).unwrap();
        runtime.block_on(home.end());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_write_at_once_stand_in_one_order() {
    on_both(async |home| {
        let ada = member(&home.store, "Ada").await;
        let write = |writer: i32| {
            let (store, author) = (home.store.clone(), ada.id);
            tokio::spawn(async move {
                for number in 0..5 {
                    let message = |part| NewMessage {
                        author,
                        text: format!("{writer} {number} {part}"),
                        key: Some(format!("{writer}.{number}.{part}")),
                        reply_to: None,
                        at: START,
                    };
                    let batch: Vec<_> = (0..3).map(message).collect();
                    until_answered!(
                        store
                            .append(&room("hall"), {
                                let batch = batch.clone();
                                move || batch
                            })
                            .await
                    );
                }
            })
        };
        for writer in join_all((0..16).map(write)).await {
            writer.unwrap();
        }
        let hall = home.store.room(&room("hall")).await.unwrap().unwrap();
        let events = home.store.history(hall.id, 0, 1_000).await.unwrap();
        assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), (1..=240).collect::<Vec<_>>());
        for writer in 0..16 {
            let own = events.iter().filter_map(|event| match &event.body {
                EventBody::Message { text, .. } if text.starts_with(&format!("{writer} ")) => Some(text.clone()),
                _ => None,
            });
            let expected = (0..15).map(|line| format!("{writer} {} {}", line / 3, line % 3));
            assert_eq!(own.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_outlives_its_author() {
    on_both(async |home| {
        for round in 0..10 {
            let ada = member(&home.store, &format!("Ada {round}")).await;
            let write = |part: i32| {
                let (store, message) = (
                    home.store.clone(),
                    NewMessage { author: ada.id, text: format!("line {part}"), key: None, reply_to: None, at: START },
                );
                tokio::spawn(async move {
                    until_answered!(
                        store
                            .append(&room(&format!("room {part}")), {
                                let message = message.clone();
                                move || vec![message]
                            })
                            .await
                    )
                })
            };
            let writes: Vec<_> = (0..6).map(write).collect();
            assert!(until_answered!(home.store.delete_account(ada.id, START, audit("delete")).await));
            for write in writes {
                write.await.unwrap();
            }
            assert_eq!(home.number("SELECT COUNT(*) FROM event WHERE text <> ''").await, 0);
        }
        assert_eq!(home.number("SELECT COUNT(*) FROM event").await, 60);
    })
    .await;
}
