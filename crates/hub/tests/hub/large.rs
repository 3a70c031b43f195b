//! Rooms of many: comings and goings are gathered, and a newcomer's list and what follows are the truth all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use parlour_hub::HubSettings;
use proptest::prelude::*;
use tokio::runtime::Builder;
use tokio::time::Instant;

use crate::actor::Actor;
use crate::lines::{WIDE, Way};
use crate::support::{World, member, pass, person};

const GATHER: Duration = Duration::from_millis(500);
const GRACE: Duration = Duration::from_millis(1_700);
/// Longer than what gathers, and than the steps in which graces are looked at.
const SETTLED: Duration = Duration::from_millis(900);

fn world(large_room: usize) -> World {
    // Nobody answers pings here.
    let long = Duration::from_hours(1);
    let settings = HubSettings { leave_grace: GRACE, ping_every: long, idle_timeout: long, ..HubSettings::default() };
    World::with(HubSettings { large_room, gather: GATHER, ..settings })
}

async fn come(world: &World, way: Way, id: usize) -> Actor {
    world.join_by(way, member(i64::try_from(id).unwrap() + 1, &format!("p{id}"))).await
}

#[tokio::test(start_paused = true)]
async fn who_comes_and_goes_while_it_is_gathered_is_not_spoken_of() {
    let world = world(10);
    let mut all = Vec::new();
    for id in 0..12 {
        all.push(come(&world, WIDE, id).await);
    }
    pass(SETTLED).await;
    let mut ada = all.remove(0);
    let before = ada.read().await.unwrap().len();
    let guest = come(&world, WIDE, 50).await;
    pass(GATHER / 5).await;
    guest.leave().await;
    let stays = come(&world, WIDE, 51).await;
    let other = all.remove(0);
    other.leave().await;
    let back = come(&world, WIDE, 1).await;
    pass(SETTLED).await;
    assert_eq!(ada.read().await.unwrap()[before..], ["joined p51"], "nor who goes and comes back");
    drop((all, stays, back));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_alone_with_few_hears_at_once() {
    let world = world(10);
    let mut ada = come(&world, WIDE, 0).await;
    let bob = come(&world, WIDE, 1).await;
    assert_eq!(ada.read().await.unwrap(), ["online ", "joined p0", "joined p1"]);
    bob.leave().await;
    assert_eq!(ada.read().await.unwrap()[3..], ["left p1"]);
}

#[tokio::test(start_paused = true)]
async fn ones_own_coming_is_told_once_and_a_later_one_again() {
    for way in [Way::Memory(5), Way::Memory(64), WIDE] {
        let world = world(1);
        let _others = (come(&world, WIDE, 0).await, come(&world, WIDE, 1).await);
        let mut cleo = come(&world, way, 2).await;
        for _ in 0..3 {
            // What surrounds one's own coming goes out in pieces.
            world.say(&["x"; 20]);
            pass(SETTLED).await;
        }
        cleo.read_to(60).await.unwrap();
        let of_her = |heard: &[String]| heard.iter().filter(|text| text.ends_with("p2")).cloned().collect::<Vec<_>>();
        assert_eq!(of_her(&cleo.heard), ["joined p2"]);
        world.hub.rename(person(3, "").id, "clio");
        pass(SETTLED).await;
        world.hub.rename(person(3, "").id, "p2");
        pass(SETTLED).await;
        let told = cleo.read().await.unwrap();
        assert_eq!(told[told.len() - 4..], ["left p2", "joined clio", "left clio", "joined p2"], "{way:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn under_a_name_that_the_room_does_not_know_yet_one_is_told_of_oneself_once() {
    let world = world(1);
    let mut first = come(&world, WIDE, 0).await;
    let _other = come(&world, WIDE, 1).await;
    pass(SETTLED).await;
    world.hub.rename(person(1, "").id, "clio");
    let mut second = world.join(member(1, "clio")).await;
    pass(SETTLED).await;
    assert_eq!(second.read().await.unwrap(), ["online p1", "joined clio"]);
    assert_eq!(first.read().await.unwrap()[2..], ["joined p1", "left p0", "joined clio"]);
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_comes_and_goes_at_once_puts_nobody_out() {
    const CROWD: usize = 300;
    let settings = HubSettings { ring_entries: 64, large_room: 10, gather: GATHER, ..HubSettings::default() };
    let world = World::with(settings);
    let mut ada = come(&world, WIDE, 0).await;
    let mut crowd = Vec::new();
    for id in 1..=CROWD {
        crowd.push(come(&world, WIDE, id).await);
    }
    pass(GATHER * 24).await;
    world.say(&["still here?"]);
    pass(SETTLED).await;
    let joined = ada.read().await.unwrap().iter().filter(|text| text.starts_with("joined")).count();
    assert_eq!(joined, CROWD + 1);
    assert!(ada.heard.last().is_some_and(|text| text.ends_with("still here?")), "{:?}", ada.heard.last());
    for one in crowd {
        one.leave().await;
    }
    pass(GATHER * 24).await;
    let left = ada.read().await.unwrap().iter().filter(|text| text.starts_with("left")).count();
    assert_eq!(left, CROWD);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Join(usize, usize),
    /// One of the open seats, by a number that is taken modulo how many there are.
    Leave(usize),
    Break(usize),
    Wait(u64),
    Say,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..9_usize, 0..3_usize).prop_map(|(who, way)| Step::Join(who, way)),
        2 => (0..16_usize).prop_map(Step::Leave),
        2 => (0..16_usize).prop_map(Step::Break),
        3 => (1..15_u64).prop_map(Step::Wait),
        1 => Just(Step::Say),
    ]
}

/// A seat, and whom it believes to be there by what it was told.
struct View {
    who: usize,
    actor: Actor,
    seen: usize,
    there: BTreeSet<String>,
}

impl View {
    async fn read(&mut self) -> Result<(), TestCaseError> {
        self.actor.read().await.unwrap();
        for text in &self.actor.heard[self.seen..] {
            self.seen += 1;
            let (verb, name) = text.split_once(' ').unwrap();
            match verb {
                "online" => self.there.extend(name.split(',').filter(|name| !name.is_empty()).map(str::to_owned)),
                "joined" => prop_assert!(self.there.insert(name.to_owned()), "{text} again: {:?}", self.actor.heard),
                "left" => prop_assert!(self.there.remove(name), "{text} for nothing: {:?}", self.actor.heard),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Who is there, by the rules as they are promised.
#[derive(Default)]
struct Model {
    seats: BTreeMap<usize, usize>,
    awaited_until: BTreeMap<usize, Instant>,
}

impl Model {
    fn join(&mut self, who: usize) {
        *self.seats.entry(who).or_default() += 1;
        self.awaited_until.remove(&who);
    }

    fn part(&mut self, who: usize, cleanly: bool) {
        let seats = self.seats.get_mut(&who).unwrap();
        *seats -= 1;
        if *seats == 0 {
            self.seats.remove(&who);
            if !cleanly {
                self.awaited_until.insert(who, Instant::now() + GRACE);
            }
        }
    }

    /// `None` while somebody's grace has ended so recently that it may not have been told.
    fn there(&self) -> Option<BTreeSet<String>> {
        let now = Instant::now();
        let awaited = self.awaited_until.iter();
        let is_unsettled = awaited.clone().any(|(_, until)| *until <= now && now < *until + SETTLED);
        let awaited = awaited.filter(|(_, until)| **until > now).map(|(who, _)| *who);
        let there = self.seats.keys().copied().chain(awaited).map(|who| format!("p{who}"));
        (!is_unsettled).then(|| there.collect())
    }
}

async fn play(large_room: usize, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let world = world(large_room);
    let (mut model, mut views): (Model, Vec<View>) = Default::default();
    for step in steps.into_iter().chain([Step::Wait(30)]) {
        match step {
            Step::Join(who, way) => {
                let way = [WIDE, Way::Memory(9), Way::Memory(100)][way];
                let actor = come(&world, way, who).await;
                model.join(who);
                views.push(View { who, actor, seen: 0, there: BTreeSet::new() });
            }
            Step::Leave(any) | Step::Break(any) if !views.is_empty() => {
                let view = views.swap_remove(any % views.len());
                let cleanly = matches!(step, Step::Leave(_));
                if cleanly {
                    view.actor.leave().await
                } else {
                    view.actor.break_off().await
                };
                model.part(view.who, cleanly);
            }
            Step::Leave(_) | Step::Break(_) => {}
            Step::Say => world.say(&["x"; 7]),
            Step::Wait(tenths) => {
                let span = Duration::from_millis(tenths * 100);
                pass(span).await;
                let there = model.there().filter(|_| span > SETTLED);
                for view in views.iter_mut().filter(|_| there.is_some()) {
                    view.read().await?;
                    prop_assert_eq!(Some(&view.there), there.as_ref(), "{:?}", view.actor.heard);
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn list_and_news_are_who_is_there(
        large_room in 0..6_usize,
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(play(large_room, steps))?;
    }
}
