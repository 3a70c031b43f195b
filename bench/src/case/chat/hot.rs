//! One hot room: a hundred members, each of whom waits until its message is durable and back before it sends the next.

use super::contest::{Scene, play};
use crate::Result;
use crate::case::{Case, Section};
use crate::floor::chat::Way;
use crate::floor::store::{Batches, seconds_a_message};
use crate::load::crowd::Pace;
use crate::measure::real;
use crate::plan::Plan;
use crate::report::{Amount, Figure, Goal, Outcome};

pub(in crate::case) const CASE: Case = Case {
    section: Section::Chat,
    name: "chat-hot",
    about: "one room, 100 senders with one message under way each",
    run,
};

const MEMBERS: usize = 100;

/// What a batch of the server may hold; with a hundred under way, the line is long enough to fill it.
const BATCH: usize = 64;

const SCENE: Scene =
    Scene { name: "hot", rooms: 1, seats: MEMBERS, senders: MEMBERS, pace: Pace::Each(1), rounds: 5, seconds: 2 };

fn run(plan: &Plan) -> Result<Outcome> {
    let contest = play(plan, &SCENE, &[Way::Send1])?;
    let (server, floor) = (&contest.server, &contest.floors[0]);
    let batches = Batches { rooms: 1, messages: BATCH };
    let store = plan.cores.apart().0.run(|| seconds_a_message(&contest.database(), batches, plan.window(2)))?;
    let members = real(MEMBERS as u64);
    let (messages, floors) = (server.rate() / members, floor.rate() / members);
    let together = 1.0 / (store + 1.0 / floors);
    let rate = Figure::new("one hot room, 100 senders: messages", Amount::PerSecond(messages))
        .beside(Amount::PerSecond(floors), Amount::PerSecond(messages))
        .goal(Goal::AtLeast(10_000.0));
    let ratio =
        Figure::new("one hot room: messages, beside `send1` with the store", Amount::Ratio(messages / together))
            .beside(Amount::PerSecond(together), Amount::PerSecond(messages))
            .goal(Goal::AtLeast(0.8));
    let notes = vec![format!(
        "One hot room: floor {}; Parlour {}. The store alone took {:.2} µs a message, in batches of {BATCH}.",
        floor.told(),
        server.told(),
        store * 1e6,
    )];
    Ok(Outcome { figures: vec![rate, ratio], notes })
}
