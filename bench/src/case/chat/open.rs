//! Fifty thousand deliveries a second, whatever happens: how long a message takes where nobody is at the limit.
//!
//! `commit` is a transaction of one page. What the log itself adds, on the core that also delivers, shows in the floor that
//! delivers only what the server's own store has committed.

use super::contest::{Scene, play};
use crate::Result;
use crate::case::{Case, Section};
use crate::floor::chat::Way;
use crate::floor::store::{commit, one_message};
use crate::load::crowd::Pace;
use crate::plan::Plan;
use crate::report::{Amount, Figure, Goal, Outcome};

pub(in crate::case) const CASE: Case =
    Case { section: Section::Chat, name: "chat-open", about: "50,000 deliveries a second in 100 rooms", run };

/// A thousand messages a second, to fifty members each.
const SCENE: Scene =
    Scene { name: "open", rooms: 100, seats: 50, senders: 1, pace: Pace::Rate(1_000), rounds: 5, seconds: 2 };

fn run(plan: &Plan) -> Result<Outcome> {
    let contest = play(plan, &SCENE, &[Way::Send1, Way::Logged])?;
    let (server, floor, logged) = (&contest.server, &contest.floors[0], &contest.floors[1]);
    let folder = contest.folder();
    let (here, _) = plan.cores.apart();
    let commit = here.run(|| commit(folder, plan.window(2)))?;
    let message = here.run(|| one_message(&contest.database(), SCENE.rooms, plan.window(2)))?;
    let figure = |what: &str, share: f64, commit: f64, times: f64| {
        let (bound, latency) = (floor.latency(share) + commit, server.latency(share));
        Figure::new(
            &format!("50,000 deliveries/s in 100 rooms: {what}, beside floor and commit"),
            Amount::Milliseconds(latency),
        )
        .beside(Amount::Milliseconds(bound), Amount::Milliseconds(latency))
        .goal(Goal::AtMost(times * bound))
    };
    let beside_logged = |what: &str, share: f64| {
        let (bound, latency) = (logged.latency(share), server.latency(share));
        Figure::new(
            &format!("50,000 deliveries/s in 100 rooms: {what}, beside the floor with the store"),
            Amount::Milliseconds(latency),
        )
        .beside(Amount::Milliseconds(bound), Amount::Ratio(latency / bound))
    };
    let figures = vec![
        figure("p50", 0.5, commit.p50, 1.0),
        figure("p99", 0.99, commit.p99, 2.0),
        beside_logged("p50", 0.5),
        beside_logged("p99", 0.99),
    ];
    let notes = vec![format!(
        "50,000 deliveries/s in 100 rooms: floor {}; floor with the store {}; Parlour {}. A durable transaction of one page alone took {:.2} ms (p50) \
         and {:.2} ms (p99); the store alone took {:.2} ms and {:.2} ms for one message.",
        floor.told(),
        logged.told(),
        server.told(),
        commit.p50,
        commit.p99,
        message.p50,
        message.p99,
    )];
    Ok(Outcome { figures, notes })
}
