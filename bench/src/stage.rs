//! A server with people in it, set up for a measurement.

use std::net::SocketAddr;
use std::path::Path;

use crate::Result;
use crate::folder::Folder;
use crate::people::{self, Person};
use crate::plan::Plan;
use crate::process::{Process, Settings};

/// Nobody is throttled, for all the load comes from one address; hashes cost what they cost by default.
const SETTINGS: Settings<'static> = &[("limits.enabled", "false"), ("password.hash", "default")];

/// As above; and a few people have as many connections as many people would have.
pub(crate) const CHAT_SETTINGS: Settings<'static> = &[
    ("limits.enabled", "false"),
    ("chat.connections_per_account", "100000"),
    // Nobody is left whose closing could be spread.
    ("server.drain_seconds", "0"),
    // The sign-ups before a measurement need not step back for anybody.
    ("password.hash_steps_back", "false"),
];

/// A running server, its folder, and those who have an account there.
pub(crate) struct Stage {
    /// Stops before its folder goes: fields are dropped in this order.
    pub(crate) server: Process,
    /// Those who signed up.
    pub(crate) people: Vec<Person>,
    folder: Folder,
}

impl Stage {
    /// Starts a server and signs up `count` people.
    pub(crate) fn set(plan: &Plan, count: usize) -> Result<Self> {
        let folder = Folder::new()?;
        let server = Process::parlour(&plan.server, folder.path(), SETTINGS)?;
        let people = people::gather(server.address(), count, plan.cores.count())?;
        Ok(Self { server, people, folder })
    }

    /// Starts a server in whose rooms nobody is throttled, with `more` settings; nobody has signed up.
    pub(crate) fn for_chat(plan: &Plan, more: Settings<'_>) -> Result<Self> {
        let folder = Folder::new()?;
        let server = Process::parlour(&plan.server, folder.path(), &[CHAT_SETTINGS, more].concat())?;
        Ok(Self { server, people: Vec::new(), folder })
    }

    /// Stops the server and starts another on what it kept: one that holds nothing in memory from before.
    pub(crate) fn restart(self, plan: &Plan) -> Result<Self> {
        let Self { server, people, folder } = self;
        server.stop()?;
        let server = Process::parlour(&plan.server, folder.path(), SETTINGS)?;
        Ok(Self { server, people, folder })
    }

    /// What the server keeps.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the server accepts.
    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Somebody.
    pub(crate) fn person(&self) -> Result<&Person> {
        Ok(self.people.first().ok_or("nobody has signed up")?)
    }
}
