//! One room without a WebSocket: texts as they are, taken when there is room for them.

use std::time::Duration;

use parlour_hub::{Ended, Farewell, Feed, Heard, HubSettings, NewFollower, PutOut};
use parlour_model::{AccountId, Epoch, Seq, SessionId};
use tokio::time::timeout;

use crate::guide::Named;
use crate::support::{World, member, owner, person, source};

async fn feed(world: &World, since: Option<Seq>) -> Feed {
    let connection = world.hub.connect(Some(owner(2, 20)), source()).unwrap();
    let since = since.map(|seq| (Epoch(0), seq));
    let new = NewFollower { person: Some(person(2, "bob")), encoder: &Named, since, most_people: 0 };
    let (follower, _) = world.hub.follow(&world.room, &connection, new).await.unwrap();
    Feed::new(follower, connection)
}

async fn texts(feed: &mut Feed) -> String {
    match feed.next().await {
        Heard::Texts(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_happens_comes_as_it_is_written() {
    let world = World::new();
    world.say(&["a|", "b|"]);
    let mut feed = feed(&world, Some(1)).await;
    assert_eq!(texts(&mut feed).await, "den 2 b|");
    assert!(timeout(Duration::from_secs(1), feed.next()).await.is_err(), "nothing has happened");
    world.say(&["c|", "d|"]);
    assert_eq!(texts(&mut feed).await, "den 3 c|den 4 d|");
    let mut ada = world.join(member(1, "ada")).await;
    assert_eq!(texts(&mut feed).await, "den joined ada");
    assert_eq!(ada.read().await.unwrap(), ["online bob", "joined ada"]);
    world.hub.expel(&world.room, AccountId(2), PutOut::Removed);
    assert_eq!(feed.next().await, Heard::Ended(Ended::PutOut(PutOut::Removed)));
}

#[tokio::test(start_paused = true)]
async fn a_long_absence_is_read_from_the_history_and_too_slow_a_reader_resumes() {
    let world = World::with(HubSettings { ring_entries: 16, ..HubSettings::default() });
    world.say(&["x|"; 600]);
    let mut feed = feed(&world, Some(0)).await;
    let mut all = String::new();
    while !all.ends_with("den 600 x|") {
        all.push_str(&texts(&mut feed).await);
    }
    assert_eq!(all.matches('|').count(), 600);
    assert!(timeout(Duration::from_secs(1), feed.next()).await.is_err(), "that was all");
    world.say(&["y|"; 17]);
    assert_eq!(feed.next().await, Heard::Ended(Ended::Resume));
    world.hub.end_session(SessionId(20));
    assert_eq!(feed.next().await, Heard::Farewell(Farewell::SessionEnded));
    drop(feed);
    assert_eq!(world.hub.counts().seats, 0);
}
