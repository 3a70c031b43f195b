//! One sender and a thousand seats, one message at a time: what a delivery costs where nothing can be batched.

use super::contest::{Scene, play};
use crate::Result;
use crate::case::{Case, Section};
use crate::floor::chat::Way;
use crate::load::crowd::Pace;
use crate::plan::Plan;
use crate::report::{Amount, Figure, Goal, Outcome};

pub(in crate::case) const CASE: Case =
    Case { section: Section::Chat, name: "chat-one", about: "1 sender, 1,000 seats, one message at a time", run };

pub(super) const SCENE: Scene =
    Scene { name: "one", rooms: 1, seats: 1_000, senders: 1, pace: Pace::Each(1), rounds: 5, seconds: 2 };

fn run(plan: &Plan) -> Result<Outcome> {
    let contest = play(plan, &SCENE, &[Way::Send1])?;
    let (server, floor) = (&contest.server, &contest.floors[0]);
    let cost = Figure::new("1 → 1,000, one at a time: processor a delivery", Amount::Ratio(server.cost_beside(floor)))
        .beside(Amount::Microseconds(floor.cost()), Amount::Microseconds(server.cost()))
        .goal(Goal::AtMost(1.2));
    let rate = Figure::new("1 → 1,000, one at a time: deliveries", Amount::Ratio(server.rate_beside(floor)))
        .beside(Amount::PerSecond(floor.rate()), Amount::PerSecond(server.rate()));
    let notes = vec![format!("One at a time: floor {}; Parlour {}.", floor.told(), server.told())];
    Ok(Outcome { figures: vec![cost, rate], notes })
}
