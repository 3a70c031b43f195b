//! How long a message takes to those who are connected to another node: through NATS, and through the database alone.

use super::{player, tokens, told_of_nodes};
use crate::Result;
use crate::case::chat::contest::{Player, Scene, play_all};
use crate::case::{Case, Section};
use crate::cluster::{Cluster, Ground, Wanted};
use crate::load::crowd::Pace;
use crate::plan::Plan;
use crate::report::{Amount, Figure, Outcome};

pub(in crate::case) const CASE: Case = Case {
    section: Section::Cluster,
    name: "cluster-crossing",
    about: "from a node to another one, through NATS and through PostgreSQL alone",
    run,
};

/// Two people in a room, one on each node; one message under way in all.
const SCENE: Scene =
    Scene { name: "crossing", rooms: 10, seats: 2, senders: 1, pace: Pace::Together(1), rounds: 3, seconds: 2 };

fn run(plan: &Plan) -> Result<Outcome> {
    let (here, there) = plan.cores.apart();
    let ground = Ground::lay()?;
    let cores = [here, there];
    let wanted = |name, has_bus| Wanted { name, cores: &cores, has_bus };
    let with_nats = Cluster::start(plan, &ground, wanted("with_nats", true))?;
    let without = Cluster::start(plan, &ground, wanted("without", false))?;
    let (theirs, others) = (tokens(&with_nats)?, tokens(&without)?);
    let mut players = [player(&with_nats, &ground, &theirs), player(&without, &ground, &others)];
    let before = ground.broker.traffic()?;
    play_all(plan, &plan.cores, &SCENE, &mut players)?;
    let after = ground.broker.traffic()?;
    let [nats, database] = players;
    let mut figures = Vec::new();
    for (what, share) in [("p50", 0.5), ("p99", 0.99)] {
        let took = |player: &Player<'_>| Amount::Milliseconds(player.rounds.crossing(share));
        let own = |player: &Player<'_>| Amount::Milliseconds(player.rounds.latency(share));
        for (way, player) in [("NATS", &nats), ("PostgreSQL alone", &database)] {
            let name = format!("sent to read on the other node through {way}: {what}, beside all readers");
            figures.push(Figure::new(&name, took(player)).beside(own(player), took(player)));
        }
    }
    let each = |after: f64, before: f64| (after - before) / f64::from(nats.sent);
    let notes = vec![format!(
        "Two people in a room, one on each node, and one message under way: NATS {}; PostgreSQL alone {}. NATS took {:.2} messages and {:.0} bytes for each message, \
         and handed {:.0} bytes on.",
        told_of_nodes(&nats.rounds),
        told_of_nodes(&database.rounds),
        each(after.messages, before.messages),
        each(after.bytes_in, before.bytes_in),
        each(after.bytes_out, before.bytes_out),
    )];
    Ok(Outcome { figures, notes })
}
