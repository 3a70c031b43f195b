//! One sender and five thousand seats, 16 messages under way: what a delivery costs when every socket is cold.

use super::burst;
use super::contest::Scene;
use crate::case::{Case, Section};
use crate::load::crowd::Pace;

pub(in crate::case) const CASE: Case = Case {
    section: Section::Chat,
    name: "chat-large",
    about: "1 sender, 5,000 seats, 16 messages under way",
    run: |plan| burst::run(plan, &SCENE),
};

pub(super) const SCENE: Scene =
    Scene { name: "large", rooms: 1, seats: 5_000, senders: 1, pace: Pace::Each(16), rounds: 3, seconds: 2 };
