//! Eighteen thousand connections that only listen: how fast they are taken, what they hold, what their pings cost.

use std::time::{Duration, Instant};

use super::contest::stage;
use crate::Result;
use crate::case::{Case, Section};
use crate::cores::Cores;
use crate::floor::chat::Way;
use crate::load::crowd::{Crowd, Dialect, Layout};
use crate::measure::real;
use crate::plan::Plan;
use crate::process::{Process, Worker, computed_here};
use crate::report::{Amount, Figure, Goal, Outcome};

pub(in crate::case) const CASE: Case =
    Case { section: Section::Chat, name: "chat-idle", about: "18,000 connections that only listen", run };

const ROOMS: usize = 100;
const MEMBERS: usize = 180;
const CONNECTIONS: f64 = 18_000.0;

/// Connections before the ones that count: what a process needs for the first ones is not theirs.
const FIRST: usize = 1;

/// Seconds between two pings of a connection.
const PING: u64 = 25;

/// What one of the two did.
struct Seen {
    /// Connections a second, and microseconds of processor for one.
    rate: f64,
    cost: f64,
    /// The load's share of its core while they came.
    load: f64,
    /// KiB for one.
    memory: f64,
    /// Processor time for one second of being idle, microseconds.
    idle: f64,
}

fn run(plan: &Plan) -> Result<Outcome> {
    let (here, there) = plan.cores.apart();
    // Long enough for one ping of everybody, in the window below too.
    let every = plan.window(PING).as_secs();
    let (stage, tokens) = here.run(|| stage(plan, &[("chat.ping_seconds", &every.to_string())]))?;
    let server = watch(&there, &stage.server, &tokens, every)?;
    drop(stage);
    let process = here.run(|| Process::floor(&Way::Send1.arguments(Some(every))))?;
    let floor = watch(&there, &process, &[], every)?;
    Ok(outcome(&floor, &server, every))
}

fn watch(there: &Cores, process: &Process, tokens: &[String], every: u64) -> Result<Seen> {
    let layout = |name, seats| Layout { dialect: Dialect::Rooms, name, rooms: ROOMS, seats, senders: 0, tokens };
    let _first = there.run(|| Crowd::open(&[process.address()], &layout("first", FIRST)))?;
    let (resident, computed, load, start) =
        (process.resident()?, process.computed()?, computed_here()?, Instant::now());
    let mut crowd = there.run(|| Crowd::open(&[process.address()], &layout("idle", MEMBERS)))?;
    let seconds = start.elapsed().as_secs_f64();
    let cost = (process.computed()? - computed) * 1e6 / real(crowd.len() as u64);
    let load = (computed_here()? - load) / seconds;
    // What opening left to be done is no idleness.
    there.run(|| crowd.wait(Duration::from_secs(1)))?;
    let (computed, start) = (process.computed()?, Instant::now());
    there.run(|| crowd.wait(Duration::from_secs(every)))?;
    let idle = (process.computed()? - computed) * 1e6 / start.elapsed().as_secs_f64();
    let memory = (process.resident()? - resident) * 1024.0 / CONNECTIONS;
    Ok(Seen { rate: CONNECTIONS / seconds, cost, load, memory, idle })
}

fn outcome(floor: &Seen, server: &Seen, every: u64) -> Outcome {
    let memory = Figure::new("idle connection: resident memory", Amount::Kibibytes(server.memory))
        .beside(Amount::Kibibytes(floor.memory), Amount::Kibibytes(server.memory))
        .goal(Goal::AtMost(2.0));
    let accepted =
        Figure::new("18,000 idle connections: accepted by a whole core", Amount::Ratio(floor.cost / server.cost))
            .beside(Amount::PerSecond(1e6 / floor.cost), Amount::PerSecond(1e6 / server.cost))
            .goal(Goal::AtLeast(0.5));
    let idle =
        Figure::new("18,000 idle connections: processor time of a second", Amount::Ratio(server.idle / floor.idle))
            .beside(Amount::Microseconds(floor.idle), Amount::Microseconds(server.idle))
            .goal(Goal::AtMost(1.5));
    let notes = vec![format!(
        "18,000 idle connections of members whose tokens are cached, pinged every {every} s. The load opens connections no \
         faster than the floor accepts them, so that the rates are those of a core that does nothing else, from its \
         processor time for one: floor {:.1} µs, Parlour {:.1} µs. Truly there came {:.0} and {:.0} a second; the load \
         took {:.0} % and {:.0} % of its core.",
        floor.cost,
        server.cost,
        floor.rate,
        server.rate,
        100.0 * floor.load,
        100.0 * server.load,
    )];
    Outcome { figures: vec![memory, accepted, idle], notes }
}
