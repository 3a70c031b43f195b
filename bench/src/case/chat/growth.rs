//! Ten of a thing and ten thousand: what a delivery costs as rooms and members become many.

use super::contest::{Contest, Scene, play};
use crate::Result;
use crate::case::{Case, Section};
use crate::floor::chat::Way;
use crate::load::crowd::Pace;
use crate::plan::Plan;
use crate::report::{Amount, Figure, Goal, Outcome};

pub(in crate::case) const CASE: Case = Case {
    section: Section::Chat,
    name: "chat-growth",
    about: "10 and 10,000 rooms, 10 and 10,000 members of a room",
    run,
};

const FEW: usize = 10;
const MANY: usize = 10_000;

/// The rooms' only members talk to themselves by turns, ten messages under way in all, however many rooms there are.
fn rooms(count: usize) -> Scene {
    Scene { name: "growing-rooms", rooms: count, seats: 1, senders: 1, pace: Pace::Together(10), rounds: 3, seconds: 1 }
}

fn members(count: usize) -> Scene {
    Scene { name: "growing-room", rooms: 1, seats: count, senders: 1, pace: Pace::Each(1), rounds: 3, seconds: 1 }
}

fn run(plan: &Plan) -> Result<Outcome> {
    let mut outcome = Outcome { figures: Vec::new(), notes: Vec::new() };
    for (what, few, many) in [("rooms", rooms(FEW), rooms(MANY)), ("members", members(FEW), members(MANY))] {
        let few = play(plan, &few, &[Way::Send1])?;
        let many = play(plan, &many, &[Way::Send1])?;
        outcome.figures.push(figure(what, &few, &many));
        outcome.notes.push(format!(
            "10 {what}: floor {}; Parlour {}. 10,000 {what}: floor {}; Parlour {}.",
            few.floors[0].told(),
            few.server.told(),
            many.floors[0].told(),
            many.server.told(),
        ));
    }
    Ok(outcome)
}

fn figure(what: &str, few: &Contest, many: &Contest) -> Figure {
    let floor = many.floors[0].cost() / few.floors[0].cost();
    let server = many.server.cost() / few.server.cost();
    let what = format!("10 → 10,000 {what}: growth of a delivery's processor time");
    Figure::new(&what, Amount::Ratio(server / floor))
        .beside(Amount::Ratio(floor), Amount::Ratio(server))
        .goal(Goal::AtMost(1.5))
}
