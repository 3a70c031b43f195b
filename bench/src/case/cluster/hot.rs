//! One hot room on PostgreSQL: a hundred members, each of whom waits until its message is durable and back before it
//! sends the next, beside one of them who speaks alone, so that every message is a transaction.

use super::{player, tokens, told};
use crate::Result;
use crate::case::chat::contest::{Player, Scene, play_all, stage};
use crate::case::{Case, Section};
use crate::cluster::{Cluster, Ground, Wanted};
use crate::load::crowd::{Dialect, Pace};
use crate::measure::real;
use crate::plan::Plan;
use crate::report::{Amount, Figure, Goal, Outcome};

pub(in crate::case) const CASE: Case = Case {
    section: Section::Cluster,
    name: "cluster-hot",
    about: "one room on PostgreSQL, 100 senders with one message under way each",
    run,
};

const MEMBERS: usize = 100;

const ALL: Scene =
    Scene { name: "hot", rooms: 1, seats: MEMBERS, senders: MEMBERS, pace: Pace::Each(1), rounds: 5, seconds: 2 };

const ALONE: Scene = Scene { name: "alone", senders: 1, rounds: 3, ..ALL };

fn run(plan: &Plan) -> Result<Outcome> {
    let (here, there) = plan.cores.apart();
    let ground = Ground::lay()?;
    let wanted = Wanted { name: "hot", cores: std::slice::from_ref(&here), has_bus: true };
    let cluster = Cluster::start(plan, &ground, wanted)?;
    let people = tokens(&cluster)?;
    let (stage, others) = here.run(|| stage(plan, &[]))?;
    let sqlite = Player { tokens: &others, ..Player::open_to_all(&stage.server, Dialect::Rooms) };
    let mut all = [sqlite, player(&cluster, &ground, &people)];
    play_all(plan, &there, &ALL, &mut all)?;
    let mut alone = [player(&cluster, &ground, &people)];
    play_all(plan, &there, &ALONE, &mut alone)?;
    let ([sqlite, all], [alone]) = (all, alone);
    let connections = ground.postgres.connections(wanted.name)?;
    let rate = |player: &Player<'_>| player.rounds.rate() / real(MEMBERS as u64);
    let beside = |what: &str, other: &Player<'_>, result: Amount| {
        Figure::new(&format!("one hot room on PostgreSQL: durable messages{what}"), result)
            .beside(Amount::PerSecond(rate(other)), Amount::PerSecond(rate(&all)))
    };
    let ratio = |other: &Player<'_>| Amount::Ratio(rate(&all) / rate(other));
    let figures = vec![
        beside(", beside one a transaction", &alone, Amount::PerSecond(rate(&all))).goal(Goal::AtLeast(10_000.0)),
        beside(", as often as one a transaction", &alone, ratio(&alone)),
        beside(", beside SQLite", &sqlite, ratio(&sqlite)),
    ];
    let notes = vec![format!(
        "One hot room, 100 senders through sockets: SQLite {}; PostgreSQL {}; one sender on PostgreSQL, whose every message \
         is a transaction, {}. The node had {connections} connections to PostgreSQL.",
        sqlite.rounds.told(),
        told(&all.rounds),
        told(&alone.rounds),
    )];
    Ok(Outcome { figures, notes })
}
