//! Rooms: made, seen, changed, joined, moderated, read, ended.
//!
//! Who may do what is decided by `live/access` as far as it is a matter of reading and writing, and by the store in the
//! transaction of the change as far as roles matter: there nobody's role changes in between.

mod end_room;
mod invite;
mod join_room;
mod list_members;
mod list_rooms;
mod make_room;
mod moderate;
mod read_log;
mod search;

use parlour_model::hidden::{Lines, holds_hidden};
use parlour_model::{Field, RoomId, RoomName, Rule, Violation};

pub use invite::Invitation;
pub use list_members::{Ban, RoomMember};
pub use list_rooms::{Activity, RoomSeen};
pub use parlour_store::RoomView;
pub use read_log::{Timeline, Window};
pub use search::Found;

use crate::app::App;
use crate::authenticate::Caller;
use crate::{Error, Result};

/// The most characters of what a room is about.
const MOST_TOPIC_CHARACTERS: usize = 250;

/// The most seconds between two messages of one person.
const MOST_SLOW_MODE: i64 = 3_600;

impl App {
    /// The number of a room that the caller may read, and how it stands with it.
    async fn readable(&self, room: &RoomName, caller: Option<&Caller>) -> Result<RoomId> {
        self.may_read(room, caller).await?.id().ok_or(Error::UnknownRoom)
    }
}

/// The topic of a room, if it can be one.
fn checked_topic(topic: &str) -> Option<Violation> {
    let violation = |rule| Some(Violation::new(Field::Topic, rule));
    if topic.chars().count() > MOST_TOPIC_CHARACTERS {
        return violation(Rule::TooLong(MOST_TOPIC_CHARACTERS));
    }
    if holds_hidden(topic, Lines::One) {
        return violation(Rule::ForbiddenCharacter);
    }
    None
}

fn checked_slow_mode(seconds: i64) -> Option<Violation> {
    let is_in = (0..=MOST_SLOW_MODE).contains(&seconds);
    (!is_in).then(|| Violation::new(Field::SlowMode, Rule::OutOfRange(0, MOST_SLOW_MODE)))
}
