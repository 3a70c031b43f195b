//! Doubts about who may stay where: opened when something was decided that this node has to look at anew, and open until
//! the store has answered.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use parlour_model::{AccountId, RoomName};
use tokio::sync::Notify;
use tokio::time::Instant;

/// What is to be looked at anew.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Doubt {
    /// Who may be in a room.
    Room(RoomName),
    /// Where an account may be.
    Account(AccountId),
}

/// The open doubts, with when each was opened: not more than there are active rooms, and people in them.
#[derive(Default)]
pub(crate) struct Doubts {
    open: Mutex<HashMap<Doubt, Instant>>,
    bell: Notify,
}

impl Doubts {
    /// Opens a doubt.
    pub(crate) fn open(&self, doubt: Doubt) {
        self.open_since(doubt, Instant::now());
        self.bell.notify_one();
    }

    /// Opens one that was taken and could not be settled.
    pub(super) fn open_since(&self, doubt: Doubt, since: Instant) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = open.entry(doubt).or_insert(since);
        *opened = since.min(*opened);
    }

    /// Waits until one is opened.
    pub(super) async fn opened(&self) {
        self.bell.notified().await;
    }

    /// Whether there are any.
    pub(super) fn are_open(&self) -> bool {
        !self.open.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Takes all there are.
    pub(super) fn take(&self) -> HashMap<Doubt, Instant> {
        std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
