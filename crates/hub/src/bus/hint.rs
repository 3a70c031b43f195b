//! What nodes tell each other.

use std::fmt;

use parlour_model::{AccountId, Author, Epoch, Event, RoomId, RoomName, Seq};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::farewell::PutOut;
use crate::note::Note;

/// A node, by the number that it has drawn at its start.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u64);

/// Events that were committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Where.
    pub room: RoomName,
    /// The room's number.
    pub head_id: RoomId,
    /// Which life of its log.
    pub epoch: Epoch,
    /// What: ascending, without a gap.
    pub events: Vec<Event>,
}

/// What nodes tell each other. Nodes of another version know other kinds: what cannot be read is dropped.
///
/// That a session has ended or an account has another name is not among it: for that all nodes follow the control log, of
/// which [`Control`] tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Hint {
    /// Events were committed.
    Published(Published),
    /// Events were committed that are too large for the bus.
    Stands {
        /// Where.
        room: RoomName,
        /// The room's number.
        head_id: RoomId,
        /// Which life of its log.
        epoch: Epoch,
        /// The last of them.
        last: Seq,
    },
    /// An account may no longer read a room.
    Expelled {
        /// Which.
        room: RoomName,
        /// Whose.
        account: AccountId,
        /// Why.
        why: PutOut,
    },
    /// Nobody may read a room any more but some.
    TurnedOut {
        /// Which.
        room: RoomName,
        /// Why.
        why: PutOut,
        /// Who may, in order.
        stay: Vec<AccountId>,
    },
    /// Something about an account is to be read anew.
    Noted {
        /// Whose.
        account: AccountId,
        /// What.
        note: Note,
    },
    /// Somebody is writing. May be lost.
    Typing {
        /// Where.
        room: RoomName,
        /// Who.
        author: Author,
    },
    /// About the log of what other processes must heed.
    Control(Control),
    /// About who is where.
    Presence(Presence),
}

/// About the log of what other processes must heed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Control {
    /// Something was written there, up to this place.
    Written(i64),
    /// The node that says so heeds all up to this place.
    Heeded(i64),
    /// What was written there last is to be heeded now: there was more to say of it than the bus takes.
    Look,
}

/// About who is where. Each node speaks of the people that it has itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Presence {
    /// The node lives; the number grows.
    Beat {
        /// It.
        beat: u64,
        /// Up to here it heeds the control log.
        heeded: i64,
    },
    /// The node stops. Its people may come back elsewhere.
    Leaving,
    /// People came to the node, or have gone from there.
    Changed {
        /// Which room.
        room: RoomName,
        /// The version of the node's people there before that; 0 when it had none.
        since: u64,
        /// The version that it is now.
        version: u64,
        /// What has happened, in order.
        changes: Vec<Change>,
    },
    /// All people that the node has in a room, or a part of them.
    Everybody {
        /// Which room.
        room: RoomName,
        /// The version of that.
        version: u64,
        /// Which part, from 0.
        part: u32,
        /// Of how many.
        parts: u32,
        /// Who.
        people: Vec<Author>,
    },
    /// Every node, or one, is to say whom it has in a room.
    WhoIsHere {
        /// Which.
        room: RoomName,
        /// Who is to say it, if not all are.
        of: Option<NodeId>,
    },
}

/// Somebody came to a node, or has gone from there with all they had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// Came.
    Here(Author),
    /// Has gone.
    Gone(AccountId),
}

/// Who takes hints: the hub of a node.
pub(crate) trait Listener: Send + Sync {
    /// Takes a hint of this node.
    fn hear(&self, hint: Hint);

    /// Takes a hint of another node.
    fn hear_from(&self, node: NodeId, hint: Hint);
}

impl Hint {
    /// The room that this concerns, and nobody where that is not active.
    pub(crate) fn room(&self) -> Option<&RoomName> {
        match self {
            Self::Published(Published { room, .. })
            | Self::Stands { room, .. }
            | Self::Expelled { room, .. }
            | Self::TurnedOut { room, .. }
            | Self::Typing { room, .. }
            | Self::Presence(Presence::Changed { room, .. } | Presence::Everybody { room, .. }) => Some(room),
            _ => None,
        }
    }

    /// The same in fewer bytes, for a bus that does not take so many.
    pub(crate) fn shortened(&self) -> Option<Self> {
        match self {
            Self::Published(Published { room, head_id, epoch, events }) => {
                let last = events.last()?.seq;
                Some(Self::Stands { room: room.clone(), head_id: *head_id, epoch: *epoch, last })
            }
            // Who may stay, every node can find out itself.
            Self::TurnedOut { .. } => Some(Self::Control(Control::Look)),
            // Lists of people are cut before they are sent, and the rest is short.
            _ => None,
        }
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As text, because a number of JSON is not the same everywhere when it is so large.
impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16).map(Self).map_err(de::Error::custom)
    }
}
