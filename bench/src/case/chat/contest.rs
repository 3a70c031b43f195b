//! One scene played by the server and by floors, round by round in turns.

use std::time::Duration;

use crate::Result;
use crate::cores::Cores;
use crate::floor::chat::Way;
use crate::load::crowd::{Crowd, Drive, Layout, Pace, Tally};
use crate::measure::{median, ratios};
use crate::people;
use crate::plan::Plan;
use crate::process::Process;
use crate::stage::Stage;

/// Accounts whose connections take their tokens by turns.
const PEOPLE: usize = 32;

/// What happens in the rooms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene {
    /// What the rooms' names begin with.
    pub(super) name: &'static str,
    pub(super) rooms: usize,
    /// Seats in each room.
    pub(super) seats: usize,
    /// How many of a room's seats send.
    pub(super) senders: usize,
    pub(super) pace: Pace,
}

impl Scene {
    fn layout<'a>(&self, tokens: &'a [String]) -> Layout<'a> {
        Layout { name: self.name, rooms: self.rooms, seats: self.seats, senders: self.senders, tokens }
    }
}

/// The rounds of one server or floor.
#[derive(Default)]
pub(super) struct Rounds(Vec<Tally>);

/// What a scene came to.
pub(super) struct Contest {
    pub(super) server: Rounds,
    /// In the order of the ways asked for.
    pub(super) floors: Vec<Rounds>,
}

/// A process with the crowd that it serves.
pub(super) struct Table {
    pub(super) process: Process,
    pub(super) crowd: Crowd,
}

/// Plays `scene` with the server and with the floors of `ways`, so many rounds as the plan has of `rounds`.
pub(super) fn play(plan: &Plan, scene: &Scene, ways: &[Way], rounds: usize) -> Result<Contest> {
    let (here, there) = plan.cores.apart();
    let (stage, tokens) = here.run(|| stage(plan))?;
    let mut floors = Vec::new();
    for way in ways {
        floors.push(floor_with_crowd(&here, &there, *way, scene)?);
    }
    let mut crowd = there.run(|| Crowd::open(stage.address(), &scene.layout(&tokens)))?;
    let mut contest = Contest { server: Rounds::default(), floors: ways.iter().map(|_| Rounds::default()).collect() };
    let drive = Drive { pace: scene.pace, warm_up: Duration::from_millis(300), window: plan.window(2) };
    for _ in 0..plan.rounds(rounds) {
        for (floor, rounds) in floors.iter_mut().zip(&mut contest.floors) {
            rounds.0.push(there.run(|| floor.crowd.run(&floor.process, &drive))?);
        }
        contest.server.0.push(there.run(|| crowd.run(&stage.server, &drive))?);
    }
    Ok(contest)
}

/// A server and tokens of people who signed up there.
pub(super) fn stage(plan: &Plan) -> Result<(Stage, Vec<String>)> {
    let stage = Stage::for_chat(plan)?;
    let tokens = people::tokens(stage.address(), PEOPLE)?;
    Ok((stage, tokens))
}

fn floor_with_crowd(here: &Cores, there: &Cores, way: Way, scene: &Scene) -> Result<Table> {
    let process = here.run(|| Process::floor(&way.arguments()))?;
    let crowd = there.run(|| Crowd::open(process.address(), &scene.layout(&[])))?;
    Ok(Table { process, crowd })
}

impl Rounds {
    fn each(&self, value: impl Fn(&Tally) -> f64) -> Vec<f64> {
        self.0.iter().map(value).collect()
    }

    /// Deliveries a second, the median of the rounds.
    pub(super) fn rate(&self) -> f64 {
        median(&self.each(Tally::rate))
    }

    /// Microseconds of processor a delivery, the median of the rounds.
    pub(super) fn cost(&self) -> f64 {
        median(&self.each(Tally::cost))
    }

    /// The latency that this share of the deliveries did not exceed, milliseconds, the median of the rounds.
    pub(super) fn latency(&self, share: f64) -> f64 {
        median(&self.each(|tally| tally.latency(share)))
    }

    /// Its rates beside a floor's, the median of the rounds' ratios.
    pub(super) fn rate_beside(&self, floor: &Self) -> f64 {
        median(&ratios(&self.each(Tally::rate), &floor.each(Tally::rate)))
    }

    /// Its costs beside a floor's, the median of the rounds' ratios.
    pub(super) fn cost_beside(&self, floor: &Self) -> f64 {
        median(&ratios(&self.each(Tally::cost), &floor.each(Tally::cost)))
    }

    /// What one must know to judge: latencies, cost, and whether it was the server or the load that had no more to give.
    pub(super) fn told(&self) -> String {
        let share = |pick: fn((f64, f64)) -> f64| 100.0 * median(&self.each(|tally| pick(tally.shares())));
        format!(
            "{:.0} thousand deliveries a second, {:.2} µs of processor each, p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, \
             {:.0} % of the server's core and {:.0} % of the load's",
            self.rate() / 1e3,
            self.cost(),
            self.latency(0.5),
            self.latency(0.99),
            self.latency(0.999),
            share(|(server, _)| server),
            share(|(_, load)| load),
        )
    }
}
