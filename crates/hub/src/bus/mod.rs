//! The doorbell between nodes: hints of what was committed or ended. It may lose, repeat and reorder them;
//! nothing depends on it but latency.

mod local;

use std::sync::Arc;
use std::time::Duration;

use parlour_model::{AccountId, Author, Epoch, Event, RoomId, RoomName, SessionId};

use crate::farewell::PutOut;
use crate::note::Note;

pub(crate) use local::Local;

/// Events that were committed.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// What nodes tell each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// Events were committed.
    Published(Published),
    /// A session has ended.
    SessionEnded(SessionId),
    /// All sessions of an account have ended, but perhaps one.
    AccountEnded {
        /// Whose.
        id: AccountId,
        /// The one that stands.
        except: Option<SessionId>,
    },
    /// An account is gone: what it wrote is to be shown no more.
    Erased(AccountId),
    /// An account has another name.
    Renamed {
        /// Whose.
        id: AccountId,
        /// The name it has now.
        username: String,
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
        stay: Arc<[AccountId]>,
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
}

/// Who takes hints: the hub of a node.
pub(crate) trait Listener: Send + Sync {
    fn hear(&self, hint: Hint);
}

/// The bus that was chosen at start.
pub(crate) enum Bus {
    /// One node: what is told is heard here, at once.
    Local(Local),
}

impl Bus {
    /// How often the heads of the active rooms are to be compared with the log: bounds how late an event comes whose
    /// hint was lost.
    pub(crate) fn heads_every(&self) -> Duration {
        match self {
            // A call loses nothing; but a task may die between its commit and the call.
            Self::Local(_) => Duration::from_secs(5),
        }
    }

    /// Tells every node, this one included. Does not wait.
    pub(crate) fn tell(&self, hint: Hint) {
        match self {
            Self::Local(local) => local.tell(hint),
        }
    }
}
