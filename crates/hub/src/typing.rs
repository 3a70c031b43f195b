//! That somebody is writing: a passing word, told seldom and to few.

use std::sync::Mutex;
use std::time::Duration;

use parlour_model::{AccountId, Author, RoomName};
use tokio::time::Instant;

use crate::Hub;
use crate::bus::Hint;
use crate::lock::lock;

/// In a room with more places taken nobody hears who is writing.
pub(crate) const MOST_WHO_HEAR: usize = 100;

/// How often it is told of one person.
const EVERY: Duration = Duration::from_secs(3);

/// Who has lately been told of as writing in one room.
#[derive(Default)]
pub(crate) struct Typists(Mutex<Vec<(AccountId, Instant)>>);

impl Typists {
    /// Whether somebody is to be told of, who is not again until a while has passed.
    fn begin(&self, id: AccountId, now: Instant) -> bool {
        let mut told = lock(&self.0);
        told.retain(|(_, at)| now.duration_since(*at) < EVERY);
        let is_news = told.len() < MOST_WHO_HEAR && told.iter().all(|(one, _)| *one != id);
        if is_news {
            told.push((id, now));
        }
        is_news
    }
}

impl Hub {
    /// Tells those in a room that somebody is writing: at most once in three seconds, and not where more than a hundred
    /// are.
    pub fn typing(&self, room: &RoomName, author: &Author) {
        let is_news = |id| self.0.rooms.find(room).is_some_and(|room| room.typists.begin(id, Instant::now()));
        if is_news(author.id) {
            self.0.bus.tell(Hint::Typing { room: room.clone(), author: author.clone() });
        }
    }
}
