//! One story that calls every method of the hub, on the local bus; and what rooms cost when nobody is in them.

use std::sync::atomic::Ordering;
use std::time::Duration;

use parlour_hub::{Counts, Farewell, Here, HubSettings, JoinError, NewSeat, Parting, TooManyConnections};
use parlour_model::{AccountId, RoomName, SessionId, Timestamp};

use crate::support::{Plain, World, guest, member, owner, pass, person, source};

#[tokio::test(start_paused = true)]
async fn an_evening_in_the_den() {
    let world = World::new();
    let mut ada = world.join(member(1, "ada")).await;
    assert_eq!(ada.read().await.unwrap(), ["online ", "joined ada"]);
    world.say(&["hello?"]);
    let mut bob = world.join(NewSeat { since: Some(0), ..member(2, "bob") }).await;
    assert_eq!(bob.read().await.unwrap(), ["online ada", "joined bob", "1 hello?"]);
    world.say(&["hello!"]);
    bob.wire.say("for bob alone").await;
    bob.wire.say("and this").await;
    assert_eq!(bob.read().await.unwrap()[3..], ["2 hello!", "for bob alone", "and this"]);
    assert_eq!(ada.read().await.unwrap()[2..], ["1 hello?", "joined bob", "2 hello!"]);

    world.hub.rename(AccountId(2), "bobby");
    assert_eq!(bob.read().await.unwrap()[6..], ["left bob", "joined bobby"]);
    assert_eq!(bob.leave().await, Parting::Clean);
    assert_eq!(ada.read().await.unwrap()[5..], ["left bob", "joined bobby", "left bobby"]);
    let counts = world.hub.counts();
    assert_eq!(counts, Counts { connections: 1, seats: 1, rooms: 1, delivered: counts.delivered });
    assert_eq!(ada.leave().await, Parting::Clean);
    assert_eq!(world.hub.counts(), Counts { connections: 0, seats: 0, rooms: 0, delivered: 16 });

    let connection = world.connect();
    connection.bind(owner(1, 10)).unwrap();
    assert_eq!(connection.owner(), Some(owner(1, 10)));
    world.hub.end_account(AccountId(1), Some(SessionId(10)));
    world.hub.end_session(SessionId(10));
    assert_eq!(connection.farewell().await, Farewell::SessionEnded);
    drop(connection);
    world.hub.drain(Duration::from_secs(1)).await;
    assert_eq!(world.hub.counts().connections, 0);
}

#[tokio::test(start_paused = true)]
async fn a_room_nobody_waits_for_is_dropped() {
    let world = World::new();
    world.join(guest(None)).await.leave().await;
    assert_eq!(world.hub.counts().rooms, 0);
    world.join(member(1, "ada")).await.break_off().await;
    assert_eq!(world.hub.counts().rooms, 1, "ada may come back");
    pass(world.hub.settings().leave_grace + Duration::from_secs(1)).await;
    assert_eq!(world.hub.counts().rooms, 0);
}

#[tokio::test(start_paused = true)]
async fn a_room_whose_head_cannot_be_read_is_not_entered() {
    let world = World::new();
    world.log.away.store(true, Ordering::Relaxed);
    let connection = world.connect();
    let refused = world.hub.join(&world.room, &connection, guest(None)).await;
    assert_eq!(refused.err(), Some(JoinError::HistoryAway));
    assert_eq!(world.hub.counts().rooms, 0);
    world.log.away.store(false, Ordering::Relaxed);
    assert!(world.hub.join(&world.room, &connection, guest(None)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn names_that_are_one_room_meet() {
    let world = World::new();
    let mut ada = world.join(member(1, "ada")).await;
    let other = RoomName::parse("DEN").unwrap();
    let connection = world.connect();
    let _bob = world.hub.join(&other, &connection, member(2, "bob")).await.unwrap();
    assert_eq!(ada.read().await.unwrap().last().unwrap(), "joined bob");
}

#[tokio::test(start_paused = true)]
async fn one_frame_is_written_once_for_all_seats() {
    use std::sync::atomic::AtomicUsize;
    static WRITTEN: AtomicUsize = AtomicUsize::new(0);
    struct Counting;
    impl parlour_hub::Encoder for Counting {
        fn event(&self, here: Here<'_>, event: &parlour_model::Event) -> Option<String> {
            WRITTEN.fetch_add(1, Ordering::Relaxed);
            Plain.event(here, event)
        }
    }
    let world = World::new();
    let seat = || NewSeat { person: Some(person(1, "ada")), encoder: &Counting, since: None };
    let (mut one, mut two) = (world.join(seat()).await, world.join(seat()).await);
    world.say(&["a", "b", "c"]);
    assert_eq!(one.read().await.unwrap(), ["1 a", "2 b", "3 c"]);
    assert_eq!(two.read().await.unwrap(), ["1 a", "2 b", "3 c"]);
    assert_eq!(WRITTEN.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn connections_are_counted_by_account_source_and_all() {
    let settings = HubSettings { connections_per_account: 2, connections: 4, ..HubSettings::default() };
    let world = World::with(settings);
    let connect = |account| world.hub.connect(Some(owner(account, 1)), source());
    let (_a, b) = (connect(1).unwrap(), connect(1).unwrap());
    assert_eq!(connect(1).err(), Some(TooManyConnections));
    let (c, _d) = (connect(2).unwrap(), world.connect());
    assert_eq!(world.hub.connect(None, source()).err(), Some(TooManyConnections), "all");
    assert_eq!(c.bind(owner(1, 2)), Err(TooManyConnections));
    b.bind(owner(1, 3)).expect("it is one of the two");
    b.unbind();
    c.bind(owner(1, 2)).expect("a place is free");
    drop(b);
    assert!(connect(3).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_token_ends_by_the_clock_unless_it_is_renewed() {
    let world = World::new();
    let until = |seconds| parlour_hub::Owner { expires_at: Some(Timestamp::from_seconds(seconds)), ..owner(1, 1) };
    let ends = world.hub.connect(Some(until(100)), source()).unwrap();
    let renewed = world.hub.connect(Some(until(100)), source()).unwrap();
    renewed.bind(until(200)).unwrap();
    world.clock.set(Timestamp::from_seconds(99));
    pass(Duration::from_secs(1)).await;
    world.clock.set(Timestamp::from_seconds(100));
    assert_eq!(ends.farewell().await, Farewell::Expired);
    tokio::select! {
        farewell = renewed.farewell() => panic!("{farewell:?}"),
        () = pass(Duration::from_secs(5)) => {}
    }
}
