//! How soon a server answers, what it holds while nobody asks, and how large it is.

use std::path::Path;
use std::time::Duration;

use super::{Case, Section};
use crate::Result;
use crate::load::request::{self, Request};
use crate::load::visitor::Visitor;
use crate::measure::median;
use crate::plan::Plan;
use crate::process::{Process, pause};
use crate::report::{Amount, Figure, Goal, Outcome};
use crate::stage::Stage;
use crate::tour;

pub(super) const CASE: Case =
    Case { section: Section::Accounts, name: "start", about: "start to first answer, memory at idle, size", run };

const PEOPLE: usize = 100;

/// Length of the floor's answers, about that of the server's.
const BYTES: usize = 150;

/// When idleness is looked at: soon, and once the pool of hashing threads has given its memory back, which it keeps for
/// half a minute so that a second login need not map it again.
const SOON: Duration = Duration::from_secs(10);
const SETTLED: Duration = Duration::from_secs(35);

fn run(plan: &Plan) -> Result<Outcome> {
    let mut stage = Stage::set(plan, PEOPLE)?;
    let me = stage.person()?.me_by_cookie();
    let (mut starts, mut floors) = (Vec::new(), Vec::new());
    let mut floor = start_floor()?;
    for _ in 0..plan.rounds(11) {
        floor = start_floor()?;
        floors.push(first_answer(&floor, &request::get("/", &[]))?);
        stage = stage.restart(plan)?;
        starts.push(first_answer(&stage.server, &me)?);
    }
    tour::visit_all(stage.address(), stage.person()?)?;
    pause(SOON);
    let soon = stage.server.resident()?;
    pause(SETTLED.saturating_sub(SOON));
    let memory = Memory { floor: floor.resident()?, soon, settled: stage.server.resident()? };
    outcome(plan, &floors, &starts, &memory)
}

/// Resident memory, MiB.
struct Memory {
    floor: f64,
    soon: f64,
    settled: f64,
}

fn start_floor() -> Result<Process> {
    Process::floor(&["hello".to_owned(), BYTES.to_string()])
}

/// Asks a server that has just been started. Milliseconds from its start to its answer.
fn first_answer(server: &Process, request: &Request) -> Result<f64> {
    Visitor::open(server.address())?.expect(request, 200)?;
    Ok(server.started().elapsed().as_secs_f64() * 1e3)
}

fn outcome(plan: &Plan, floors: &[f64], starts: &[f64], memory: &Memory) -> Result<Outcome> {
    let start = Amount::Milliseconds(median(starts));
    let first = Figure::new("start to first answer, on an existing database", start)
        .beside(Amount::Milliseconds(median(floors)), start)
        .goal(Goal::AtMost(150.0));
    let settled = Amount::Mebibytes(memory.settled);
    let idle = Figure::new("resident memory at idle, every contract served once", settled)
        .beside(Amount::Mebibytes(memory.floor), settled)
        .goal(Goal::AtMost(25.0));
    let size = Figure::new("release binary", Amount::Mebibytes(size(&plan.server)?)).goal(Goal::AtMost(20.0));
    let slowest = starts.iter().copied().fold(0.0, f64::max);
    let notes = vec![format!(
        "{} starts, the slowest took {slowest:.0} ms; the answer is a 200 that needed the database. Memory at idle is \
         that after {} s; after {} s, while the hashing threads still keep theirs, it is {:.1} MiB.",
        starts.len(),
        SETTLED.as_secs(),
        SOON.as_secs(),
        memory.soon,
    )];
    Ok(Outcome { figures: vec![first, idle, size], notes })
}

fn size(binary: &Path) -> Result<f64> {
    let kib = u32::try_from(binary.metadata()?.len() / 1024)?;
    Ok(f64::from(kib) / 1024.0)
}
