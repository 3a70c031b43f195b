//! What a second node adds: the same rooms with all seats on one node, and with half of them on each of two.
//!
//! A load takes about as much of a processor as the servers that it reads from. Where it has no machine of its own, more
//! nodes on more cores only wait for it. So the whole is doubled: first one node, all that it stands on and the load share one
//! core, then two nodes and the same share two. What does not depend on the load at all is the processor time of a delivery,
//! all nodes together: with a core for each, two nodes deliver twice as much as one of them takes time for.

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
    Scene { name: "large", rooms: 32, seats: 125, senders: 1, pace: Pace::Each(1), rounds: 3, seconds: 2 };
const SMALL: Scene = Scene { name: "small", rooms: 80, seats: 50, ..LARGE };

const SCENES: [(&str, Scene); 2] = [("32 rooms of 125", LARGE), ("80 rooms of 50", SMALL)];

fn run(plan: &Plan) -> Result<Outcome> {
    let (here, there) = plan.cores.apart();
    let (small, large) = (here.run(Ground::lay)?, Ground::lay()?);
    let wanted = |cores| Wanted { name: "nodes", cores, has_bus: true };
    let lone = Cluster::start(plan, &small, wanted(std::slice::from_ref(&here)))?;
    let pair = Cluster::start(plan, &large, wanted(&[here.clone(), there.clone()]))?;
    let (alone, together) = (tokens(&lone)?, tokens(&pair)?);
    let mut outcome = Outcome { figures: Vec::new(), notes: Vec::new() };
    for (what, scene) in SCENES {
        let mut players =
            [Player { load: Some(here.clone()), ..player(&lone, &small, &alone) }, player(&pair, &large, &together)];
        play_all(plan, &plan.cores, &scene, &mut players)?;
        let [one, two] = players.map(|player| player.rounds);
        outcome.figures.extend(figures(what, &one, &two));
        outcome.notes.push(format!(
            "{what}, one message under way in each: one node, PostgreSQL, NATS and the load on one core {}; two nodes, half of the seats of each              room on either, and the same on two cores {}.",
            told(&one),
            told_of_nodes(&two),
        ));
    }
    Ok(outcome)
}

fn figures(what: &str, one: &Rounds, two: &Rounds) -> [Figure; 2] {
    let wall = Figure::new(
        &format!("{what}: deliveries of two nodes and all else on two cores, beside one node and all else on one"),
        Amount::Ratio(two.rate_beside(one)),
    )
    .beside(Amount::PerSecond(one.rate()), Amount::PerSecond(two.rate()));
    let capacity = Figure::new(
        &format!("{what}: what two nodes deliver on a whole core each, beside one, from their processor time"),
        Amount::Ratio(2.0 * one.cost_beside(two)),
    )
    .beside(Amount::PerSecond(1e6 / one.cost()), Amount::PerSecond(2e6 / two.cost()))
    .goal(Goal::AtLeast(1.7));
    [capacity, wall]
}
