//! By which names people are shown, in what they wrote and where they are.

use std::collections::HashSet;
use std::sync::Arc;

use parlour_model::AccountId;
use tokio::task::yield_now;

use crate::Hub;
use crate::node::Inner;
use crate::presence::Names;
use crate::room::Room;

/// So many rooms are gone through before others have their turn.
const AT_ONCE: usize = 64;

impl Hub {
    /// Shows people by the names they have now, in all rooms: what they wrote bears them, and where they are they leave under the
    /// old one and join under the new. Of those that are gone nothing is shown any more that they wrote; the log must have
    /// forgotten it before. Each node does this for itself. Says who of them is present in any room.
    pub async fn show_as(&self, names: &Names) -> HashSet<AccountId> {
        let mut present = HashSet::new();
        for (count, room) in self.0.rooms.all().iter().enumerate() {
            if count % AT_ONCE == AT_ONCE - 1 {
                yield_now().await;
            }
            self.0.show_in(room, names);
            present.extend(names.keys().filter(|id| room.has(**id)));
        }
        present
    }

    /// As [`Hub::show_as`], of one account that has another name.
    pub fn rename(&self, id: AccountId, username: &str) {
        self.0.show_everywhere(&Names::from([(id, Some(username.to_owned()))]));
    }

    /// As [`Hub::show_as`], of one account that is gone.
    pub fn erase(&self, id: AccountId) {
        self.0.show_everywhere(&Names::from([(id, None)]));
    }
}

impl Inner {
    fn show_everywhere(&self, names: &Names) {
        self.rooms.all().iter().for_each(|room| self.show_in(room, names));
    }

    fn show_in(&self, room: &Arc<Room>, names: &Names) {
        for id in room.outdated(names) {
            match names.get(&id) {
                Some(Some(name)) => self.tell_later(room, room.rename(id, name, self.clock.now())),
                _ => room.erase(id),
            }
        }
    }
}
