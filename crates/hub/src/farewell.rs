//! Why somebody must go: out of a room, or with the whole connection.

use parlour_websocket::CloseCode;
use serde::{Deserialize, Serialize};

/// Why somebody may no longer read a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PutOut {
    /// They are kept out of it.
    Banned,
    /// They are no member any more.
    Removed,
    /// It is for members now, and they are none.
    Private,
    /// It is gone.
    Deleted,
}

impl PutOut {
    /// The word for it, which a connection is closed with.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Banned => "banned",
            Self::Removed => "removed",
            Self::Private => "private",
            Self::Deleted => "deleted",
        }
    }
}

/// Why a connection must go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// Its session was ended: close with 1008.
    SessionEnded,
    /// Its token's time is up: close with 1008.
    Expired,
    /// The server restarts: close with 1012, which tells the peer to come back.
    Restarting,
    /// It sat in a room that its owner may no longer read: close with 1008.
    PutOut(PutOut),
}

impl Farewell {
    /// With which code, and which reason.
    pub const fn words(self) -> (CloseCode, &'static str) {
        match self {
            Self::SessionEnded => (CloseCode::POLICY, "session ended"),
            Self::Expired => (CloseCode::POLICY, "token expired"),
            Self::Restarting => (CloseCode::SERVICE_RESTART, "restarting"),
            Self::PutOut(why) => (CloseCode::POLICY, why.word()),
        }
    }
}
