//! What a second node adds: the same rooms with all seats on one node, and with half of them on each of two.
//!
//! A load takes about as much of a processor as the servers that it reads from. Where it has no machine of its own, more
//! nodes on more cores only wait for it. So the whole is doubled: first one node, all that it stands on and the load share one
//! core, then two nodes and the same share two. What does not depend on how much the load takes is the processor time of a delivery,
//! all nodes together: with a core for each, two nodes deliver twice what they take it for. It is held against one node in both
//! places that it can have, beside the load and apart from it, whichever is cheaper: waking a reader on another core costs the writer.

use super::{player, tokens, told, told_of_nodes};
use crate::Result;
use crate::case::chat::contest::{Player, Rounds, Scene, play_all};
use crate::case::{Case, Section};
use crate::cluster::{Cluster, Ground, Wanted};
use crate::load::crowd::Pace;
use crate::plan::Plan;
use crate::report::{Amount, Figure, Goal, Outcome};

pub(in crate::case) const CASE: Case =
    Case { section: Section::Cluster, name: "cluster-nodes", about: "the same rooms on one node and on two", run };

/// One message under way in each room, so that nothing can be batched; so many rooms that no core waits for a commit.
const LARGE: Scene =
    Scene { name: "large", rooms: 4, seats: 1_000, senders: 1, pace: Pace::Each(1), rounds: 5, seconds: 1 };
const SMALL: Scene = Scene { name: "small", rooms: 32, seats: 125, ..LARGE };

const SCENES: [(&str, Scene); 2] = [("4 rooms of 1,000", LARGE), ("32 rooms of 125", SMALL)];

fn run(plan: &Plan) -> Result<Outcome> {
    let (here, there) = plan.cores.apart();
    let (small, large) = (here.run(Ground::lay)?, Ground::lay()?);
    let wanted = |name, cores| Wanted { name, cores, has_bus: true };
    let crowded = Cluster::start(plan, &small, wanted("crowded", std::slice::from_ref(&here)))?;
    let lone = Cluster::start(plan, &large, wanted("lone", std::slice::from_ref(&here)))?;
    let pair = Cluster::start(plan, &large, wanted("pair", &[here.clone(), there.clone()]))?;
    let people = [tokens(&crowded)?, tokens(&lone)?, tokens(&pair)?];
    let mut outcome = Outcome { figures: Vec::new(), notes: Vec::new() };
    for (what, scene) in SCENES {
        let mut players = [
            Player { load: Some(here.clone()), ..player(&crowded, &small, &people[0]) },
            Player { load: Some(there.clone()), ..player(&lone, &large, &people[1]) },
            player(&pair, &large, &people[2]),
        ];
        play_all(plan, &plan.cores, &scene, &mut players)?;
        let [crowded, lone, pair] = players.map(|player| player.rounds);
        outcome.figures.extend(figures(what, &crowded, &lone, &pair));
        outcome.notes.push(format!(
            "{what}, one message under way in each: one node, PostgreSQL, NATS and the load on one core {}; one node on a core of its own, all \
             else on either {}; two nodes on a core each, half of the seats of each room on either, all else on both {}.",
            told(&crowded),
            told(&lone),
            told_of_nodes(&pair),
        ));
    }
    Ok(outcome)
}

fn figures(what: &str, crowded: &Rounds, lone: &Rounds, pair: &Rounds) -> [Figure; 2] {
    let one = if crowded.cost() < lone.cost() { crowded } else { lone };
    let capacity = Figure::new(
        &format!("{what}: what two nodes deliver on a whole core each, beside one, from their processor time"),
        Amount::Ratio(2.0 * one.cost_beside(pair)),
    )
    .beside(Amount::PerSecond(1e6 / one.cost()), Amount::PerSecond(2e6 / pair.cost()))
    .goal(Goal::AtLeast(1.7));
    let wall = Figure::new(
        &format!("{what}: deliveries of two nodes and all else on two cores, beside one node and all else on one"),
        Amount::Ratio(pair.rate_beside(crowded)),
    )
    .beside(Amount::PerSecond(crowded.rate()), Amount::PerSecond(pair.rate()));
    [capacity, wall]
}
