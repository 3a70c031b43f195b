//! What other servers do in the same scenes: for scale, since none of them keeps a log and no two promise the same.

use super::contest::{Player, Rounds, Scene, play_all};
use super::{burst, large, one, rooms};
use crate::Result;
use crate::case::{Case, Section};
use crate::floor::chat::Way;
use crate::load::crowd::Dialect;
use crate::peer::{self, Peer, Running};
use crate::plan::Plan;
use crate::process::Process;
use crate::report::{Amount, Figure, Outcome};

pub(in crate::case) const CASE: Case =
    Case { section: Section::Peers, name: "chat-peers", about: "other servers in the same scenes", run };

const SCENES: [(&str, Scene); 4] = [
    ("1 → 1,000, one at a time", one::SCENE),
    ("1 → 1,000, 64 under way", burst::SCENE),
    ("1 → 5,000, 16 under way", large::SCENE),
    ("100 rooms of 50, all talking", rooms::SCENE),
];

fn run(plan: &Plan) -> Result<Outcome> {
    let (here, there) = plan.cores.apart();
    let mut outcome = Outcome { figures: Vec::new(), notes: Vec::new() };
    let mut running = Vec::new();
    for peer in peer::ALL {
        match here.run(|| peer.start()) {
            Ok(process) => running.push((peer, process)),
            Err(fault) => outcome.notes.push(format!("{} could not be started: {fault}.", peer.name)),
        }
    }
    let floor = here.run(|| Process::floor(&Way::Send1.arguments(None)))?;
    for (what, scene) in SCENES {
        let scene = Scene { rounds: 3, ..scene };
        let mut floor = [Player::open_to_all(&floor, Dialect::Rooms)];
        play_all(plan, &there, &scene, &mut floor)?;
        for (peer, process) in &running {
            compare(plan, &scene, (peer, process), (what, &floor[0].rounds), &mut outcome);
        }
    }
    Ok(outcome)
}

/// Plays a scene with one peer; a peer that breaks says so and leaves the others alone.
fn compare(
    plan: &Plan,
    scene: &Scene,
    (peer, running): (&Peer, &Running),
    (what, floor): (&str, &Rounds),
    outcome: &mut Outcome,
) {
    let mut player = [Player::open_to_all(&running.process, peer.dialect)];
    if let Err(fault) = play_all(plan, &plan.cores.apart().1, scene, &mut player) {
        outcome.notes.push(format!("{}, {what}: {fault}.", peer.name));
        return;
    }
    let [Player { rounds, .. }] = player;
    let figure = Figure::new(&format!("{what}: {}", peer.name), Amount::Ratio(rounds.rate() / floor.rate()));
    outcome.figures.push(figure.beside(Amount::PerSecond(floor.rate()), Amount::PerSecond(rounds.rate())));
    outcome.notes.push(format!("{}, {what}: {}.", peer.name, rounds.told()));
}
