//! How much, how many, how long.

use std::time::Duration;

/// How much, how many, how long.
#[derive(Clone, Copy, Debug)]
pub struct HubSettings {
    /// The most entries that a room keeps for its seats.
    pub ring_entries: usize,
    /// The most bytes of them, frames included.
    pub ring_bytes: usize,
    /// How long a person whose line broke is still counted as present.
    pub leave_grace: Duration,
    /// How often a peer is pinged: below the 60 s after which proxies give up on a silent connection.
    pub ping_every: Duration,
    /// How long a peer may be silent, and how long a write may make no progress, before the line counts as broken.
    pub idle_timeout: Duration,
    /// A room with more people than this gathers their comings and goings for [`HubSettings::gather`].
    pub large_room: usize,
    /// How long a large room gathers comings and goings before it tells of them.
    pub gather: Duration,
    /// How many tasks write to the seats of one large room: as many as there are cores.
    pub walkers: usize,
    /// The most connections of one account.
    pub connections_per_account: usize,
    /// The most connections from one source.
    pub connections_per_source: usize,
    /// The most connections of all.
    pub connections: usize,
}

impl Default for HubSettings {
    fn default() -> Self {
        Self {
            ring_entries: 1_024,
            ring_bytes: 1024 * 1024,
            leave_grace: Duration::from_secs(10),
            ping_every: Duration::from_secs(25),
            idle_timeout: Duration::from_mins(1),
            large_room: 1_000,
            gather: Duration::from_millis(500),
            walkers: std::thread::available_parallelism().map_or(1, usize::from),
            connections_per_account: 32,
            connections_per_source: 1_024,
            connections: 100_000,
        }
    }
}
