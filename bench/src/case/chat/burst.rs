//! One sender and a thousand seats, 64 messages under way: how well what is pending goes out together.

use super::contest::{Scene, play};
use crate::Result;
use crate::case::{Case, Section};
use crate::floor::chat::Way;
use crate::load::crowd::Pace;
use crate::plan::Plan;
use crate::report::{Amount, Figure, Goal, Outcome};

pub(in crate::case) const CASE: Case = Case {
    section: Section::Chat,
    name: "chat-burst",
    about: "1 sender, 1,000 seats, 64 messages under way",
    run: |plan| run(plan, &SCENE),
};

pub(super) const SCENE: Scene =
    Scene { name: "burst", rooms: 1, seats: 1_000, senders: 1, pace: Pace::Each(64), rounds: 5, seconds: 2 };

pub(super) fn run(plan: &Plan, scene: &Scene) -> Result<Outcome> {
    let contest = play(plan, scene, &[Way::Send1, Way::Batch])?;
    let (server, batch) = (&contest.server, &contest.floors[1]);
    let Pace::Each(under_way) = scene.pace else { return Err("this is about messages under way".into()) };
    let what = format!("1 → {}, {under_way} under way: deliveries", thousands(scene.seats));
    let rate = Figure::new(&what, Amount::Ratio(server.rate_beside(batch)))
        .beside(Amount::PerSecond(batch.rate()), Amount::PerSecond(server.rate()))
        .goal(Goal::AtLeast(0.5));
    let notes = vec![format!(
        "{what}: floor `send1` {}; floor `batch` {}; Parlour {}.",
        contest.floors[0].told(),
        batch.told(),
        server.told(),
    )];
    Ok(Outcome { figures: vec![rate], notes })
}

fn thousands(count: usize) -> String {
    format!("{},{:03}", count / 1000, count % 1000)
}
