//! Tells those who follow a room that something has happened there: one task a room, so that publishing does not.

use std::sync::{Arc, Weak};

use tokio::runtime::Handle;
use tokio::task::yield_now;

use crate::bells::Bells;
use crate::room::Room;
use crate::walker::STRIDE;

/// Sees to it that those who follow a room are rung when something happens there.
pub(crate) fn begin(room: &Arc<Room>, runtime: &Handle) {
    if room.wants_ringer() {
        runtime.spawn(ring_ears(Arc::downgrade(room), Arc::clone(room.bells())));
    }
}

/// Rings the ears of a room for as long as there is the room.
async fn ring_ears(room: Weak<Room>, bells: Arc<Bells>) {
    loop {
        bells.rung_for_ears().await;
        let Some(room) = room.upgrade() else {
            return;
        };
        let mut first = 0;
        while room.read().ring_ears(first, STRIDE) {
            first += STRIDE;
            yield_now().await;
        }
    }
}
