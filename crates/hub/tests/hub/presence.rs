//! Presence is about people: any interleaving of tabs that join, leave, break and come back, against a model.

use std::collections::HashMap;
use std::time::Duration;

use parlour_hub::{HubSettings, Parting};
use proptest::prelude::*;
use tokio::runtime::Builder;
use tokio::time::Instant;

use crate::actor::Actor;
use crate::lines::WIDE;
use crate::support::{World, member, pass, person};

const NAMES: [&str; 3] = ["ada", "bob", "cleo"];
/// Between two whole seconds, so that no step falls on the end of a grace.
const GRACE: Duration = Duration::from_millis(4_500);

#[derive(Clone, Copy, Debug)]
enum Step {
    Join(usize),
    /// As [`Step::Join`], from a connection that may follow other rooms, too.
    Follow(usize),
    /// One of the open seats, by a number that is taken modulo how many there are.
    Leave(usize),
    Break(usize),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..NAMES.len()).prop_map(Step::Join),
        3 => (0..NAMES.len()).prop_map(Step::Follow),
        2 => (0..16_usize).prop_map(Step::Leave),
        2 => (0..16_usize).prop_map(Step::Break),
        2 => (1..7_u64).prop_map(Step::Wait),
    ]
}

/// What the others should be told, by the rules as they are promised.
#[derive(Default)]
struct Model {
    seats: [usize; NAMES.len()],
    awaited_until: [Option<Instant>; NAMES.len()],
    told: HashMap<usize, Vec<String>>,
}

impl Model {
    fn tell(&mut self, who: usize, verb: &str) {
        self.told.entry(who).or_default().push(format!("{verb} {}", NAMES[who]));
    }

    fn is_present(&self, who: usize) -> bool {
        self.seats[who] > 0 || self.awaited_until[who].is_some()
    }

    fn present_but(&self, who: usize) -> String {
        let others = (0..NAMES.len()).filter(|one| *one != who && self.is_present(*one));
        let names: Vec<_> = others.map(|one| NAMES[one]).collect();
        format!("online {}", names.join(","))
    }

    fn present_with(&self, who: usize) -> String {
        let all = (0..NAMES.len()).filter(|one| *one == who || self.is_present(*one));
        let names: Vec<_> = all.map(|one| NAMES[one]).collect();
        format!("following den 0 0 true {}:{}", names.len(), names.join(","))
    }

    fn join(&mut self, who: usize) {
        if !self.is_present(who) {
            self.tell(who, "joined");
        }
        self.seats[who] += 1;
        self.awaited_until[who] = None;
    }

    fn part(&mut self, who: usize, cleanly: bool) {
        self.seats[who] -= 1;
        if self.seats[who] > 0 {
        } else if cleanly {
            self.tell(who, "left");
        } else {
            self.awaited_until[who] = Some(Instant::now() + GRACE);
        }
    }

    fn pass(&mut self) {
        for who in 0..NAMES.len() {
            if self.awaited_until[who].take_if(|until| *until <= Instant::now()).is_some() {
                self.tell(who, "left");
            }
        }
    }
}

async fn play(steps: Vec<Step>) -> Result<(), TestCaseError> {
    // Nobody answers pings here.
    let long = Duration::from_hours(1);
    let settings = HubSettings { leave_grace: GRACE, ping_every: long, idle_timeout: long, ..HubSettings::default() };
    let world = World::with(settings);
    let watcher = parlour_hub::NewSeat { person: None, ..member(0, "") };
    let mut watcher = world.join(watcher).await;
    let (mut model, mut seats): (Model, Vec<(usize, Actor)>) = Default::default();
    for step in steps {
        match step {
            Step::Join(who) => {
                let others = model.present_but(who);
                model.join(who);
                let mut actor = world.join(member(i64::try_from(who).unwrap() + 1, NAMES[who])).await;
                actor.hear(2).await;
                prop_assert_eq!(&actor.heard, &[others, format!("joined {}", NAMES[who])]);
                seats.push((who, actor));
            }
            Step::Follow(who) => {
                let found = model.present_with(who);
                model.join(who);
                let someone = person(i64::try_from(who).unwrap() + 1, NAMES[who]);
                let actor = world.follower(WIDE, Some(someone), None).await;
                prop_assert_eq!(&actor.heard, &[found]);
                seats.push((who, actor));
            }
            Step::Leave(any) | Step::Break(any) if !seats.is_empty() => {
                let (who, seat) = seats.swap_remove(any % seats.len());
                let cleanly = matches!(step, Step::Leave(_));
                model.part(who, cleanly);
                let parting = if cleanly { seat.leave().await } else { seat.break_off().await };
                prop_assert_eq!(parting == Parting::Clean, cleanly);
            }
            Step::Leave(_) | Step::Break(_) => {}
            Step::Wait(seconds) => pass(Duration::from_secs(seconds)).await,
        }
        model.pass();
    }
    pass(GRACE + Duration::from_secs(1)).await;
    model.pass();
    watcher.read().await.unwrap();
    for (who, name) in NAMES.iter().enumerate() {
        let of = |text: &&String| text.ends_with(name);
        let told: Vec<_> = watcher.heard[1..].iter().filter(of).cloned().collect();
        prop_assert_eq!(told, model.told.remove(&who).unwrap_or_default());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn others_hear_of_people_not_of_tabs(steps in proptest::collection::vec(step(), 1..60)) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(play(steps))?;
    }
}

#[tokio::test(start_paused = true)]
async fn a_reload_is_silent_and_shows_the_newcomer_itself() {
    let world = World::new();
    let mut ada = world.join(member(1, "ada")).await;
    let bob = world.join(member(2, "bob")).await;
    bob.break_off().await;
    pass(Duration::from_secs(9)).await;
    let mut bob = world.join(member(2, "bob")).await;
    assert_eq!(bob.read().await.unwrap(), ["online ada", "joined bob"]);
    pass(Duration::from_secs(20)).await;
    assert_eq!(ada.read().await.unwrap(), ["online ", "joined ada", "joined bob"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_name_is_a_leaving_and_a_joining_wherever_one_is() {
    let world = World::new();
    let mut ada = world.join(member(1, "ada")).await;
    world.join(member(2, "bob")).await.break_off().await;
    world.hub.rename(person(2, "").id, "bobby");
    world.hub.rename(person(2, "").id, "bobby");
    world.hub.rename(person(9, "").id, "nobody");
    let _back = world.join(member(2, "bobby")).await;
    let _under_another = world.join(member(2, "rob")).await;
    let told = ["joined bob", "left bob", "joined bobby", "left bobby", "joined rob"];
    assert_eq!(ada.read().await.unwrap()[2..], told);
}
