//! Five hundred logins at once: what they cost in memory, and what they cost those who are in already.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{Case, Section};
use crate::Result;
use crate::load::drive;
use crate::load::flood::{Fates, flood};
use crate::load::probe::{Schedule, latencies};
use crate::load::request::Request;
use crate::measure::{median, percentile};
use crate::people::Person;
use crate::plan::Plan;
use crate::process::{Process, pause};
use crate::report::{Amount, Figure, Goal, Outcome};
use crate::stage::Stage;

pub(super) const CASE: Case =
    Case { section: Section::Accounts, name: "flood", about: "500 logins at once, and those who are in already", run };

const PEOPLE: usize = 100;
const CLIENTS: usize = 500;

/// Requests a second of those who are in already.
const RATE: u32 = 200;

/// What a hashing thread may keep for its memory, and what everything else may grow by, MiB.
const A_THREAD: f64 = 20.0;
const THE_REST: f64 = 32.0;

/// What a server may hold that nobody asks, MiB: having been flooded is no excuse.
const AT_IDLE: f64 = 25.0;

/// How long the memory may take to come back.
const GIVE_BACK: Duration = Duration::from_mins(1);

/// What one round saw.
struct Round {
    /// Latencies in calm and in the flood, milliseconds.
    calm: Vec<f64>,
    flooded: Vec<f64>,
    fates: Fates,
    /// MiB.
    peak: f64,
}

fn run(plan: &Plan) -> Result<Outcome> {
    // Signing up leaves the pool's memory in use; a server that begins anew shows what the flood alone costs.
    let stage = Stage::set(plan, PEOPLE)?.restart(plan)?;
    let logins: Vec<Request> = stage.people.iter().map(Person::log_in).cycle().take(CLIENTS).collect();
    let me = stage.person()?.me_by_cookie();
    latencies(stage.address(), &me, Schedule { rate: RATE, window: Duration::from_secs(1) })?;
    let before = stage.server.resident()?;
    let schedule = Schedule { rate: RATE, window: plan.window(8) };
    let rounds: Vec<Round> =
        (0..plan.rounds(3)).map(|_| round(plan, &stage.server, &logins, &me, schedule)).collect::<Result<_>>()?;
    let (after, waited) = settle(&stage.server)?;
    Ok(outcome(plan, &rounds, before, (after, waited)))
}

fn round(plan: &Plan, server: &Process, logins: &[Request], me: &Request, schedule: Schedule) -> Result<Round> {
    let calm = latencies(server.address(), me, schedule)?;
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| peak(server, &over));
        let probe = scope.spawn(|| latencies(server.address(), me, schedule));
        let fates = drive(&plan.cores, || flood(server.address(), logins, schedule.window));
        let flooded = probe.join().map_err(|_panic| "the probe panicked");
        over.store(true, Ordering::Relaxed);
        let peak = watch.join().map_err(|_panic| "the watch panicked")?;
        Ok(Round { calm, flooded: flooded??, fates: fates?, peak: peak? })
    })
}

/// The most that the server had in memory until `over`, MiB.
fn peak(server: &Process, over: &AtomicBool) -> Result<f64> {
    let mut most = 0.0_f64;
    while !over.load(Ordering::Relaxed) {
        most = most.max(server.resident()?);
        pause(Duration::from_millis(10));
    }
    Ok(most)
}

/// Waits until the memory is back, a minute at most. What the server has then, MiB, and how long it took.
fn settle(server: &Process) -> Result<(f64, Duration)> {
    let start = Instant::now();
    loop {
        let now = server.resident()?;
        if now <= AT_IDLE || start.elapsed() >= GIVE_BACK {
            return Ok((now, start.elapsed()));
        }
        pause(Duration::from_millis(100));
    }
}

fn outcome(plan: &Plan, rounds: &[Round], before: f64, (after, waited): (f64, Duration)) -> Outcome {
    let threads = f64::from(u32::try_from(plan.cores.count()).unwrap_or(u32::MAX));
    let peak = rounds.iter().map(|round| round.peak).fold(before, f64::max);
    let fates = rounds.iter().fold(Fates::default(), |all, round| all.and(round.fates));
    let growth = Figure::new("memory that a flood takes", Amount::Mebibytes(peak - before))
        .beside(Amount::Mebibytes(before), Amount::Mebibytes(peak))
        .goal(Goal::AtMost(threads * A_THREAD + THE_REST));
    let left = Figure::new("memory after a flood, within a minute", Amount::Mebibytes(after))
        .beside(Amount::Mebibytes(before), Amount::Mebibytes(after))
        .goal(Goal::AtMost(AT_IDLE));
    let let_down =
        Figure::new("logins neither served nor told when to come back", Amount::Count(fates.let_down.into()))
            .goal(Goal::AtMost(0.0));
    let notes = vec![format!(
        "{CLIENTS} clients, {} rounds: {} logins were served, {} were answered 503 with `Retry-After`; the memory was \
         back {:.0} s after the last flood.",
        rounds.len(),
        fates.served,
        fates.told_to_wait,
        waited.as_secs_f64(),
    )];
    Outcome { figures: vec![growth, left, let_down, of_those_inside(rounds)], notes }
}

fn of_those_inside(rounds: &[Round]) -> Figure {
    let p99 = |latencies: fn(&Round) -> &[f64]| {
        let each: Vec<f64> = rounds.iter().map(|round| percentile(latencies(round), 99)).collect();
        median(&each)
    };
    let (calm, flooded) = (p99(|round| &round.calm), p99(|round| &round.flooded));
    Figure::new("`GET /api/users/me/` meanwhile, 200 a second, p99", Amount::Milliseconds(flooded))
        .beside(Amount::Milliseconds(calm), Amount::Milliseconds(flooded))
        .goal(Goal::AtMost((3.0 * calm).max(5.0)))
}
