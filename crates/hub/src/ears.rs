//! Tells those who follow a room that something has happened there: one task a room, so that publishing does not.

use std::sync::{Arc, Weak};

use tokio::task::yield_now;

use crate::bells::Bells;
use crate::room::Room;
use crate::walker::STRIDE;

/// Rings the ears of a room for as long as there is the room.
pub(crate) async fn ring_ears(room: Weak<Room>, bells: Arc<Bells>) {
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
