//! The one port to the store: heads of rooms, and pages of their logs.

use std::error::Error;
use std::fmt;
use std::pin::Pin;

use parlour_model::{Epoch, Event, RoomId, RoomName, Seq, Timestamp};

/// A future that a trait object can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where a room's log stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The room.
    pub id: RoomId,
    /// Its name, as it was first written.
    pub name: String,
    /// Which life of its log this is.
    pub epoch: Epoch,
    /// The seq of the last committed event; 0 when there is none yet.
    pub last_seq: Seq,
    /// When that was, where it was asked for and is still kept.
    pub last_at: Option<Timestamp>,
}

/// What the hub asks of the store. Both answers must show what was committed before they were asked for.
pub trait History: Send + Sync + 'static {
    /// Where the log of a room stands, and since when; `None` while it has no row, because nobody has written there.
    fn head(&self, room: &RoomName) -> BoxFuture<'_, Result<Option<Head>, HistoryError>>;

    /// The heads of many rooms, in their order, at the price of one question.
    fn heads<'a>(&'a self, rooms: &'a [RoomName]) -> BoxFuture<'a, Result<Vec<Option<Head>>, HistoryError>>;

    /// At most `limit` events of a room's log after `seq`, in ascending order and without a gap.
    fn after(&self, room: RoomId, seq: Seq, limit: i64) -> BoxFuture<'_, Result<Vec<Event>, HistoryError>>;
}

/// The store is away. Why was logged where it happened; the hub tries again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryError;

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the history is away")
    }
}

impl Error for HistoryError {}
