//! The doorbell between nodes: hints of what was committed or ended. It may lose, repeat and reorder them;
//! nothing depends on it but latency.
//!
//! What is told is heard on this node at once, by a call. A [`Remote`] sends it to the other nodes besides: as a letter
//! (`letter`), by a [`Carrier`], which is NATS (`nats`) or whatever else brings letters from node to node.

mod carrier;
mod hint;
mod letter;
mod local;
mod nats;
mod portion;
mod remote;

use std::time::Duration;

pub use carrier::{BusCounts, Carrier, Inbox, Topic};
pub(crate) use hint::{Change, Control, Hint, Listener, Presence};
pub use hint::{NodeId, Published};
pub(crate) use local::Local;
pub use nats::{Nats, NatsSettings};
pub(crate) use portion::Portion;
pub(crate) use remote::{Remote, TUNING, Tuned};

/// The bus that was chosen at start.
pub(crate) enum Bus {
    /// One node: what is told is heard here, at once.
    Local(Local),
    /// One of several nodes.
    Remote(Remote),
}

impl Bus {
    /// How long until the heads of the active rooms are to be compared with the log again: bounds how late an event
    /// comes whose hint was lost.
    pub(crate) fn heads_every(&self) -> Duration {
        match self {
            // A call loses nothing; but a task may die between its commit and the call.
            Self::Local(_) => Duration::from_secs(5),
            Self::Remote(remote) => remote.heads_every(),
        }
    }

    /// Tells every node, this one included. Does not wait.
    pub(crate) fn tell(&self, hint: Hint) {
        match self {
            Self::Local(local) => local.tell(hint),
            Self::Remote(remote) => {
                remote.send(&hint);
                remote.local.tell(hint);
            }
        }
    }

    /// The other nodes, if there may be any.
    pub(crate) fn remote(&self) -> Option<&Remote> {
        match self {
            Self::Local(_) => None,
            Self::Remote(remote) => Some(remote),
        }
    }
}
