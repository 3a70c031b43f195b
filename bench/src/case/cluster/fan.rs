//! What a delivery costs a node of a cluster, beside the server that is alone with its SQLite: the same rooms, the same
//! readers, by turns.

use super::{player, tokens, told};
use crate::Result;
use crate::case::chat::contest::{Player, Scene, play_all, stage};
use crate::case::{Case, Section};
use crate::cluster::{Cluster, Ground, Wanted};
use crate::load::crowd::{Dialect, Pace};
use crate::plan::Plan;
use crate::report::{Amount, Figure, Goal, Outcome};

pub(in crate::case) const CASE: Case = Case {
    section: Section::Cluster,
    name: "cluster-fan",
    about: "1 sender, 1,000 and 5,000 seats, on SQLite and on PostgreSQL with NATS",
    run,
};

const ONE: Scene =
    Scene { name: "fan-one", rooms: 1, seats: 1_000, senders: 1, pace: Pace::Each(1), rounds: 7, seconds: 1 };
const FOUR: Scene = Scene { name: "fan-four", rooms: 4, seats: 500, ..ONE };
const BURST: Scene = Scene { name: "fan-burst", pace: Pace::Each(64), ..ONE };
const LARGE: Scene = Scene { name: "fan-large", seats: 5_000, pace: Pace::Each(16), ..ONE };

/// What is played, what a reader calls it, and whether a goal is set for the deliveries or for their price. With one message
/// under way in all, a node waits for the disk of another program before it has anything to deliver; with many in one room, how
/// many go out together decides on the price of each.
const SCENES: [(&str, Scene, [bool; 2]); 4] = [
    ("1 → 1,000, one at a time", ONE, [false, true]),
    ("4 rooms of 500, one at a time in each", FOUR, [true, true]),
    ("1 → 1,000, 64 under way", BURST, [true, false]),
    ("1 → 5,000, 16 under way", LARGE, [true, false]),
];

fn run(plan: &Plan) -> Result<Outcome> {
    let (here, there) = plan.cores.apart();
    let ground = Ground::lay()?;
    let wanted = Wanted { name: "fan", cores: std::slice::from_ref(&here), has_bus: true };
    let cluster = Cluster::start(plan, &ground, wanted)?;
    let people = tokens(&cluster)?;
    let (stage, others) = here.run(|| stage(plan, &[]))?;
    let mut outcome = Outcome { figures: Vec::new(), notes: Vec::new() };
    for (what, scene, asked) in SCENES {
        let sqlite = Player { tokens: &others, ..Player::open_to_all(&stage.server, Dialect::Rooms) };
        let mut players = [sqlite, player(&cluster, &ground, &people)];
        play_all(plan, &there, &scene, &mut players)?;
        let [sqlite, node] = players.map(|player| player.rounds);
        let rate = Figure::new(&format!("{what}: deliveries, beside SQLite"), Amount::Ratio(node.rate_beside(&sqlite)))
            .beside(Amount::PerSecond(sqlite.rate()), Amount::PerSecond(node.rate()));
        let cost = Figure::new(
            &format!("{what}: deliveries for a second of the server's processor, beside SQLite"),
            Amount::Ratio(sqlite.cost_beside(&node)),
        )
        .beside(Amount::PerSecond(1e6 / sqlite.cost()), Amount::PerSecond(1e6 / node.cost()));
        let goals = [(rate, asked[0]), (cost, asked[1])];
        let figure =
            |(figure, is_asked): (Figure, bool)| if is_asked { figure.goal(Goal::AtLeast(0.9)) } else { figure };
        outcome.figures.extend(goals.map(figure));
        outcome.notes.push(format!("{what}: SQLite {}; PostgreSQL and NATS {}.", sqlite.told(), told(&node)));
    }
    Ok(outcome)
}
