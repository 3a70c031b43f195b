//! A logout, which is answered when every node heeds it: alone, and with another node to agree with.

use std::time::Instant;

use crate::Result;
use crate::case::{Case, Section};
use crate::cluster::{Cluster, Ground, Wanted};
use crate::cores::Cores;
use crate::load::request;
use crate::load::visitor::Visitor;
use crate::measure::percentile;
use crate::people::{self, Person};
use crate::plan::Plan;
use crate::process::Process;
use crate::report::{Amount, Figure, Outcome};
use crate::stage::Stage;

pub(in crate::case) const CASE: Case = Case {
    section: Section::Cluster,
    name: "cluster-logout",
    about: "a logout on one node and on two, with NATS and without",
    run,
};

/// Logouts of each.
const LOGOUTS: usize = 100;

/// What the clusters are called, their nodes, and whether they have NATS.
const CLUSTERS: [(&str, &str, usize, bool); 4] = [
    ("one node, PostgreSQL alone", "one", 1, false),
    ("two nodes, PostgreSQL alone", "two", 2, false),
    ("one node, NATS", "one_nats", 1, true),
    ("two nodes, NATS", "two_nats", 2, true),
];

fn run(plan: &Plan) -> Result<Outcome> {
    let ground = Ground::lay()?;
    let stage = Stage::for_chat(plan, &[])?;
    let sqlite = log_out(plan, &[&stage.server])?;
    let mut outcome = Outcome { figures: Vec::new(), notes: Vec::new() };
    for (what, name, count, has_bus) in CLUSTERS {
        let cores: Vec<Cores> = vec![plan.cores.clone(); count];
        let cluster = Cluster::start(plan, &ground, Wanted { name, cores: &cores, has_bus })?;
        let nodes: Vec<&Process> = cluster.nodes.iter().collect();
        let took = log_out(plan, &nodes)?;
        let [p50, p99] = [50, 99].map(|share| Amount::Milliseconds(percentile(&took, share)));
        let beside = Amount::Milliseconds(percentile(&sqlite, 50));
        outcome.figures.push(Figure::new(&format!("a logout, {what}: p50, beside SQLite"), p50).beside(beside, p50));
        outcome.notes.push(format!("{LOGOUTS} logouts, {what}: p99 {p99}."));
    }
    Ok(outcome)
}

/// Logs somebody in and out again and again at the first node, milliseconds of each logout. The last node knew the session, and
/// must refuse it as soon as the logout is answered.
fn log_out(plan: &Plan, nodes: &[&Process]) -> Result<Vec<f64>> {
    let [first, .., last] = [nodes[0], nodes[nodes.len() - 1]];
    let people = people::gather(first.address(), 1, 1)?;
    let somebody: &Person = people.first().ok_or("nobody has signed up")?;
    let (mut here, mut there) = (Visitor::open(first.address())?, Visitor::open(last.address())?);
    let mut took = Vec::new();
    for _ in 0..plan.rounds(LOGOUTS) {
        let token = somebody.token(first.address())?;
        let me = people::me_by_token(&token);
        there.expect(&me, 200)?;
        let bearer = format!("Authorization: Bearer {token}");
        let log_out = request::bare("DELETE", "/api/v2/sessions/current", &[&bearer]);
        let begun = Instant::now();
        here.expect(&log_out, 204)?;
        took.push(begun.elapsed().as_secs_f64() * 1e3);
        there.expect(&me, 401)?;
    }
    Ok(took)
}
