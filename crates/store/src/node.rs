//! The servers that run on one database. A node holds a lease by letting its beat grow; who is alive is what an observer
//! says that has seen a beat grow, by its own clock.

use parlour_model::Timestamp;

use crate::database::{FromRow, Row};
use crate::{Result, Store, params, sql};

/// A server that enters.
#[derive(Clone, Debug)]
pub struct NewNode {
    /// Drawn at its start.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// Where it listens.
    pub address: String,
    /// Which program it is.
    pub version: String,
}

/// A server that entered and has not left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRow {
    /// Drawn at its start.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// Where it listens.
    pub address: String,
    /// Which program it is.
    pub version: String,
    /// Grows while it lives.
    pub beat: i64,
    /// When it entered, by its own clock.
    pub started_at: Timestamp,
    /// When its beat grew last, by its own clock: for people. No clocks are compared.
    pub beat_at: Timestamp,
}

impl Store {
    /// Enters a node. One that is taken away while it lives enters again.
    pub async fn enter_node(&self, node: NewNode, now: Timestamp) -> Result<()> {
        let enter = sql!(
            "INSERT INTO node (id, name, address, version, beat, started_at, beat_at) VALUES ($1, $2, $3, $4, 1, $5, $5) \
             ON CONFLICT (id) DO UPDATE SET beat = node.beat + 1, beat_at = excluded.beat_at"
        );
        let params = params![node.id, node.name, node.address, node.version, now];
        self.db.run(enter, params).await.map(drop)
    }

    /// Lets a node's beat grow. False when it was taken away: it then enters again.
    pub async fn beat(&self, id: i64, now: Timestamp) -> Result<bool> {
        let beat = sql!("UPDATE node SET beat = beat + 1, beat_at = $2 WHERE id = $1");
        Ok(self.db.run(beat, params![id, now]).await? == 1)
    }

    /// All nodes that have entered and were not taken away, by their numbers.
    pub async fn nodes(&self) -> Result<Vec<NodeRow>> {
        let all = sql!("SELECT id, name, address, version, beat, started_at, beat_at FROM node ORDER BY id");
        self.db.all(all, params![]).await
    }

    /// Takes away a node that stops.
    pub async fn leave_node(&self, id: i64) -> Result<()> {
        self.db.run(sql!("DELETE FROM node WHERE id = $1"), params![id]).await.map(drop)
    }

    /// Takes away a node whose beat has stood at `beat` for long. False when it has grown meanwhile, or is gone.
    pub async fn remove_dead_node(&self, id: i64, beat: i64) -> Result<bool> {
        Ok(self.db.run(sql!("DELETE FROM node WHERE id = $1 AND beat = $2"), params![id, beat]).await? == 1)
    }
}

impl FromRow for NodeRow {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            name: row.take()?,
            address: row.take()?,
            version: row.take()?,
            beat: row.take()?,
            started_at: row.take()?,
            beat_at: row.take()?,
        })
    }
}
