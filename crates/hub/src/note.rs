//! What an account is told of itself, apart from all rooms.

use parlour_model::{RoomName, Seq, Timestamp};
use serde::{Deserialize, Serialize};

/// What an account is told on every connection that listens. A later one of a kind takes the place of an earlier one
/// that has not been told yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// The account itself has changed.
    Me,
    /// The rooms that it is a member of, or what it may do there.
    Rooms,
    /// Its invitations.
    Invitations,
    /// Its logins.
    Sessions,
    /// How far it has read.
    Read {
        /// Where.
        room: RoomName,
        /// Up to here.
        seq: Seq,
    },
}

/// A connection that hears what concerns its owner.
pub(crate) trait Concerned: Send + Sync {
    /// Something about its owner.
    fn note(&self, note: Note);

    /// The token ends soon.
    fn expires(&self, at: Timestamp);
}
