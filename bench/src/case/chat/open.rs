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
    let mut figures = Vec::new();
    for (what, share, commit, times) in [("p50", 0.5, commit.p50, 1.0), ("p99", 0.99, commit.p99, 2.0)] {
        let latency = server.latency(share);
        let beside = |other: &str, bound: f64, result: Amount| {
            let name = format!("50,000 deliveries/s in 100 rooms: {what}, beside {other}");
            Figure::new(&name, Amount::Milliseconds(latency)).beside(Amount::Milliseconds(bound), result)
        };
        let (bound, logged) = (floor.latency(share) + commit, logged.latency(share));
        let goal = Goal::AtMost(times * bound);
        figures.push(beside("floor and commit", bound, Amount::Milliseconds(latency)).goal(goal));
        figures.push(beside("the floor with the store", logged, Amount::Ratio(latency / logged)));
    }
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
