//! Connections that only listen: what they hold on the nodes of a cluster, and what the nodes ask of PostgreSQL and NATS
//! while nobody says anything.

use std::time::{Duration, Instant};

use super::tokens;
use crate::Result;
use crate::case::chat::contest::stage;
use crate::case::{Case, Section};
use crate::cluster::{Cluster, Ground, Wanted};
use crate::cores::Cores;
use crate::load::crowd::{Crowd, Dialect, Layout};
use crate::measure::real;
use crate::plan::Plan;
use crate::process::{Process, Worker, pause};
use crate::report::{Amount, Figure, Outcome};

pub(in crate::case) const CASE: Case = Case {
    section: Section::Cluster,
    name: "cluster-idle",
    about: "5,000 connections a node that only listen, on SQLite and on two nodes",
    run,
};

const ROOMS: usize = 100;

/// In each room, a node; and before the ones that count, since what a process needs for the first ones is not theirs: rooms
/// and connections to its database.
const MEMBERS: usize = 50;
const FIRST: usize = 20;

/// What opening left to be done is no idleness.
const SETTLING: Duration = Duration::from_secs(2);

fn run(plan: &Plan) -> Result<Outcome> {
    let (here, there) = plan.cores.apart();
    let ground = Ground::lay()?;
    let cores = [here.clone(), there.clone()];
    let cluster = Cluster::start(plan, &ground, Wanted { name: "idle", cores: &cores, has_bus: true })?;
    let people = tokens(&cluster)?;
    let (stage, others) = here.run(|| stage(plan, &[]))?;
    let (sqlite, _) = hold(&there, &[&stage.server], &others)?;
    let both: Vec<&Process> = cluster.nodes.iter().collect();
    let (node, _crowds) = hold(&there, &both, &people)?;
    let clocks = [&ground.postgres as &dyn Worker, &ground.broker, both[0], both[1]];
    let read = || clocks.iter().map(|clock| clock.computed()).collect::<Result<Vec<f64>>>();
    let (before, begun) = (read()?, Instant::now());
    pause(plan.window(8));
    let seconds = begun.elapsed().as_secs_f64();
    let spent: Vec<f64> = read()?.iter().zip(&before).map(|(after, before)| (after - before) * 1e6 / seconds).collect();
    let memory = Figure::new("idle connection: resident memory of a node, beside SQLite", Amount::Ratio(node / sqlite))
        .beside(Amount::Kibibytes(sqlite), Amount::Kibibytes(node));
    let connections = real(u64::try_from(ground.postgres.connections("idle")?)?) / real(both.len() as u64);
    let lines = Figure::new("connections of an idle node to PostgreSQL", Amount::Count(connections));
    let notes = vec![format!(
        "5,000 idle connections in 100 rooms on SQLite, and as many on each of two nodes with the same rooms. In a second, PostgreSQL computed \
         {:.0} µs, NATS {:.0} µs, the two nodes {:.0} and {:.0} µs.",
        spent[0], spent[1], spent[2], spent[3],
    )];
    Ok(Outcome { figures: vec![memory, lines], notes })
}

/// Opens the connections of all servers, a few at a time, so that none of the memory is that of hundreds of handshakes under way; KiB
/// of each.
fn hold(there: &Cores, servers: &[&Process], tokens: &[String]) -> Result<(f64, Vec<Crowd>)> {
    let addresses: Vec<_> = servers.iter().map(|server| server.address()).collect();
    let layout =
        Layout { dialect: Dialect::Rooms, name: "idle", rooms: ROOMS, seats: servers.len(), senders: 0, tokens };
    let open = |count: usize| -> Result<Vec<Crowd>> { (0..count).map(|_| Crowd::open(&addresses, &layout)).collect() };
    let resident = || servers.iter().map(|server| server.resident()).sum::<Result<f64>>();
    let _first = there.run(|| open(FIRST))?;
    pause(SETTLING);
    let before = resident()?;
    let crowds = there.run(|| open(MEMBERS))?;
    pause(SETTLING);
    let connections: usize = crowds.iter().map(Crowd::len).sum();
    Ok(((resident()? - before) * 1024.0 / real(u64::try_from(connections)?), crowds))
}
