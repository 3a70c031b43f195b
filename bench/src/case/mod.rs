//! What is measured: one file a case.

mod chat;
mod cluster;
mod flood;
mod login;
mod me;
mod start;

use crate::Result;
use crate::plan::Plan;
use crate::report::Outcome;

/// One thing to measure.
pub(crate) struct Case {
    /// Where its figures stand.
    pub(crate) section: Section,
    /// What `--only` calls it.
    pub(crate) name: &'static str,
    /// What it does, for whoever waits.
    pub(crate) about: &'static str,
    /// Measures it.
    pub(crate) run: fn(&Plan) -> Result<Outcome>,
}

/// A part of the figures that is measured, and kept, as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// Accounts, sessions, and the server at rest.
    Accounts,
    /// Live chat.
    Chat,
    /// Live chat on PostgreSQL and NATS.
    Cluster,
    /// Live chat with other servers: only when asked for, since they must be installed.
    Peers,
}

impl Section {
    /// All of them, in the order in which they are measured.
    pub(crate) const ALL: [Self; 4] = [Self::Accounts, Self::Chat, Self::Cluster, Self::Peers];

    /// What `--section` calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Chat => "chat",
            Self::Cluster => "cluster",
            Self::Peers => "peers",
        }
    }

    /// The heading in `bench/RESULTS.md` below which its figures are kept.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Accounts => "## Accounts, sessions, and the server at rest",
            Self::Chat => "## Chat",
            Self::Cluster => "## A cluster",
            Self::Peers => "## Chat with other servers",
        }
    }

    /// What all its cases have in common, for whoever reads the figures.
    pub(crate) fn settings(self) -> &'static str {
        match self {
            Self::Accounts => "",
            Self::Chat => {
                " Texts of 128 bytes through the `rooms` contract, SQLite with `synchronous=FULL`, no throttles; the \
                 server on one core, the load on another; every seat verified that each message came once and in \
                 the order that all the others saw."
            }
            Self::Cluster => {
                " Texts of 128 bytes through the `rooms` contract; PostgreSQL and NATS with their own defaults (so with `fsync` and \
                 `synchronous_commit`) on the same machine and on any of its cores, beside them SQLite with `synchronous=FULL`; every seat \
                 verified that each message came once and in the order that all the others saw."
            }
            Self::Peers => {
                " The same load and scenes; the floor is `send1`, and the column of Parlour is the other server's. They \
                 are as they come, without a log, on one core."
            }
        }
    }
}

/// All cases, in the order of the table.
pub(crate) const ALL: [Case; 19] = [
    login::CASE,
    flood::CASE,
    me::CASE,
    start::CASE,
    chat::one::CASE,
    chat::burst::CASE,
    chat::large::CASE,
    chat::rooms::CASE,
    chat::open::CASE,
    chat::hot::CASE,
    chat::idle::CASE,
    chat::growth::CASE,
    cluster::hot::CASE,
    cluster::fan::CASE,
    cluster::nodes::CASE,
    cluster::crossing::CASE,
    cluster::logout::CASE,
    cluster::idle::CASE,
    chat::peers::CASE,
];
