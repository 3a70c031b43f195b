//! A hundred rooms of fifty members who all talk: batching where no room is large.

use super::contest::{Scene, play};
use crate::Result;
use crate::case::{Case, Section};
use crate::floor::chat::Way;
use crate::floor::store::{Batches, seconds_a_message};
use crate::load::crowd::Pace;
use crate::plan::Plan;
use crate::report::{Amount, Figure, Goal, Outcome};

pub(in crate::case) const CASE: Case =
    Case { section: Section::Chat, name: "chat-rooms", about: "100 rooms of 50 members, all talking", run };

const MEMBERS: usize = 50;

pub(super) const SCENE: Scene =
    Scene { name: "rooms", rooms: 100, seats: MEMBERS, senders: MEMBERS, pace: Pace::Each(1), rounds: 3, seconds: 2 };

fn run(plan: &Plan) -> Result<Outcome> {
    let contest = play(plan, &SCENE, &[Way::Send1, Way::Batch])?;
    let (server, batch) = (&contest.server, &contest.floors[1]);
    // Everybody has one message under way, so that no batch is larger than its room.
    let batches = Batches { rooms: SCENE.rooms, messages: MEMBERS };
    let store = plan.cores.apart().0.run(|| seconds_a_message(&contest.database(), batches, plan.window(2)))?;
    let together = 1.0 / (1.0 / batch.rate() + store / 50.0);
    let rate = Figure::new(
        "100 rooms of 50, all talking: deliveries, beside `batch` with the store",
        Amount::Ratio(server.rate() / together),
    )
    .beside(Amount::PerSecond(together), Amount::PerSecond(server.rate()))
    .goal(Goal::AtLeast(0.5));
    let notes = vec![format!(
        "100 rooms of 50, all talking: floor `send1` {}; floor `batch` {}; Parlour {}. The store alone took {:.2} µs a \
         message, in batches of {MEMBERS} from all rooms at once.",
        contest.floors[0].told(),
        batch.told(),
        server.told(),
        store * 1e6,
    )];
    Ok(Outcome { figures: vec![rate], notes })
}
