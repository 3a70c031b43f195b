//! What happens in a room, in the order of its log.

use crate::{AccountId, Timestamp};

/// An event's place in its room's log: contiguous from 1.
pub type Seq = i64;

/// Who wrote something, under the name they have now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The account.
    pub id: AccountId,
    /// Its name now.
    pub username: String,
}

/// One event of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its place in the log.
    pub seq: Seq,
    /// When the server took it; one time for everybody.
    pub at: Timestamp,
    /// What happened.
    pub body: EventBody,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventBody {
    /// Somebody wrote.
    Message {
        /// Who.
        author: Author,
        /// What: UTF-8, within the configured size.
        text: String,
        /// The client's own key, if it gave one.
        key: Option<String>,
    },
    /// Something was written here and its author's account is gone: the place in the log stays.
    Erased,
}
