//! Logins a second, beside the bare hashes that any server must compute for them.

use std::time::Duration;

use super::{Case, Section};
use crate::Result;
use crate::floor::argon::{Memory, hashes_a_second};
use crate::load::closed::{Pace, answers_a_second};
use crate::load::drive;
use crate::load::request::Request;
use crate::measure::{median, ratios};
use crate::people::Person;
use crate::plan::Plan;
use crate::report::{Amount, Figure, Goal, Outcome};
use crate::stage::Stage;

pub(super) const CASE: Case = Case {
    section: Section::Accounts,
    name: "login",
    about: "logins a second beside bare Argon2id hashes a second",
    run,
};

const PEOPLE: usize = 100;

/// More than one login waits for every core at any time, so that no hashing thread is ever without work.
const WAITING: usize = 8;

fn run(plan: &Plan) -> Result<Outcome> {
    let stage = Stage::set(plan, PEOPLE)?;
    let logins: Vec<Request> = stage.people.iter().map(Person::log_in).collect();
    let cores = plan.cores.count();
    let pace = Pace { connections: WAITING * cores, warm_up: Duration::from_millis(500), window: plan.window(4) };
    let (mut reused, mut fresh, mut server) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds(5) {
        reused.push(hashes_a_second(Memory::Reused, cores, plan.window(4))?);
        server.push(drive(&plan.cores, || answers_a_second(stage.address(), &logins, pace))?);
        fresh.push(hashes_a_second(Memory::Fresh, cores, plan.window(4))?);
    }
    Ok(outcome(&reused, &fresh, &server))
}

fn outcome(reused: &[f64], fresh: &[f64], server: &[f64]) -> Outcome {
    let bound = Amount::PerSecond(median(reused));
    let login = Figure::new("logins, beside bare hashes", Amount::Ratio(median(&ratios(server, reused))))
        .beside(bound, Amount::PerSecond(median(server)))
        .goal(Goal::AtLeast(0.95));
    let fresh_memory =
        Figure::new("logins, beside hashes in fresh memory", Amount::Ratio(median(&ratios(server, fresh))))
            .beside(Amount::PerSecond(median(fresh)), Amount::PerSecond(median(server)));
    Outcome { figures: vec![login, fresh_memory], notes: Vec::new() }
}
