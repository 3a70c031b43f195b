//! Looking into rooms without going there: who is present, wherever they are.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use parlour_model::RoomName;
use tokio::time::sleep;

use crate::Hub;
use crate::node::Inner;
use crate::rooms::Hold;

/// How long a room that was looked into is followed: whoever looks again meanwhile costs the other nodes nothing.
const KEPT: Duration = Duration::from_secs(30);

/// The most rooms that are followed for that.
pub(crate) const MOST_KEPT: usize = 256;

/// A look into some rooms: for as long as it lasts, what this node says of their people is true of all nodes.
pub struct Glance {
    _holds: Vec<Hold>,
}

impl Hub {
    /// Looks into rooms: learns of whoever is there on other nodes, as far as those answer in a moment. On a node that is
    /// alone there is nothing to learn.
    pub async fn look_into(&self, rooms: &[RoomName]) -> Glance {
        if self.0.cluster.is_none() {
            return Glance { _holds: Vec::new() };
        }
        Glance { _holds: join_all(rooms.iter().map(|room| self.0.look_into(room))).await }
    }
}

impl Inner {
    async fn look_into(self: &Arc<Self>, name: &RoomName) -> Hold {
        let hold = self.rooms.hold(name, || self.new_room(name));
        let is_new = !hold.room.activation.initialized();
        // Where the history is away one knows at least what the others have said.
        let is_active = self.activate(&hold.room).await.is_ok();
        if is_new
            && is_active
            && let Ok(permit) = Arc::clone(&self.kept).try_acquire_owned()
        {
            let kept = hold.clone();
            self.runtime.spawn(async move {
                sleep(KEPT).await;
                drop((kept, permit));
            });
        }
        hold
    }
}
