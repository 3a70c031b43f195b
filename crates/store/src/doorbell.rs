//! The doorbell of a cluster that has nothing but PostgreSQL: a connection of its own that listens and tells.
//!
//! It may lose, repeat and reorder. Nothing is told inside the transactions of others, which would make them wait for
//! one another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use crate::Store;
use crate::database::Database;

/// The most bytes of a hint: PostgreSQL's limit for what is told at once.
pub const MOST_BYTES: usize = 7_999;

/// Hints that wait in either direction. What does not fit is lost, as it may be.
const QUEUE: usize = 4_096;

/// What a listening connection has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// From now on everything is heard. What was told before is not known.
    Connected,
    /// Another node's hint.
    Hint(String),
    /// Nothing is heard until it is connected again.
    Away,
}

/// What became of a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// It is on its way.
    Queued,
    /// It has more than [`MOST_BYTES`], or a line's end in it.
    TooLarge,
    /// There is no connection, or too much waits for it.
    Lost,
}

/// The button: tells the other nodes. Cheap to clone.
#[derive(Clone)]
pub struct Doorbell {
    hints: mpsc::Sender<String>,
    connected: Arc<AtomicBool>,
}

/// The ears: hears the other nodes, and never this one. The connection is kept while they are, whatever breaks it.
pub struct Ears {
    heard: mpsc::Receiver<Heard>,
}

impl Store {
    /// Opens a doorbell on a channel of this database, inside a tokio runtime. `None` on SQLite, which has one node, and
    /// behind a pooler, where nobody can listen.
    pub fn doorbell(&self, channel: &str) -> Option<(Doorbell, Ears)> {
        let Database::Postgres(postgres) = &self.db else { return None };
        let (hints, waiting) = mpsc::channel(QUEUE);
        let (saying, heard) = mpsc::channel(QUEUE);
        let connected = Arc::new(AtomicBool::new(false));
        postgres.keep_doorbell(channel, waiting, saying, Arc::clone(&connected))?;
        Some((Doorbell { hints, connected }, Ears { heard }))
    }
}

impl Doorbell {
    /// Tells the other nodes. Hints that come close together are told together, in their order.
    pub fn ring(&self, hint: String) -> Rung {
        if hint.len() > MOST_BYTES || hint.contains('\n') {
            return Rung::TooLarge;
        }
        if self.is_connected() && self.hints.try_send(hint).is_ok() { Rung::Queued } else { Rung::Lost }
    }

    /// Whether hints go out now.
    pub fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }
}

impl Ears {
    /// What is heard next; `None` when nothing will be any more.
    pub async fn next(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }
}
