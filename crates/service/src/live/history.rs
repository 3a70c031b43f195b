//! The hub's one port to the store.

use parlour_hub::{BoxFuture, Head, History, HistoryError};
use parlour_model::{Event, RoomId, RoomName, Seq};
use parlour_store::Store;
use parlour_store::room::RoomHead;

/// The store's rooms and logs, as the hub asks for them.
pub struct StoredHistory(pub Store);

impl History for StoredHistory {
    fn head(&self, room: &RoomName) -> BoxFuture<'_, Result<Option<Head>, HistoryError>> {
        let room = room.clone();
        Box::pin(async move {
            let end = self.0.room_end(&room).await.map_err(away)?;
            Ok(end.map(|(head, last_at)| Head { last_at, ..as_head(head) }))
        })
    }

    fn heads<'a>(&'a self, rooms: &'a [RoomName]) -> BoxFuture<'a, Result<Vec<Option<Head>>, HistoryError>> {
        Box::pin(async move {
            let heads = self.0.rooms(rooms).await.map_err(away)?;
            Ok(heads.into_iter().map(|head| head.map(as_head)).collect())
        })
    }

    fn after(&self, room: RoomId, seq: Seq, limit: i64) -> BoxFuture<'_, Result<Vec<Event>, HistoryError>> {
        Box::pin(async move { self.0.history(room, seq, limit).await.map_err(away) })
    }
}

fn as_head(room: RoomHead) -> Head {
    Head { id: room.id, name: room.name, epoch: room.epoch, last_seq: room.last_seq, last_at: None }
}

#[expect(clippy::needless_pass_by_value, reason = "a function to map an error with")]
fn away(error: parlour_store::Error) -> HistoryError {
    tracing::warn!(%error, "a room's history cannot be read");
    HistoryError
}
