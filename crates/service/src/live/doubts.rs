//! Doubts about who may stay where: opened when something was decided that this node has to look at anew, and open until
//! the store has answered.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use parlour_model::{AccountId, RoomName};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::PutOut;
use crate::Result;
use crate::app::App;

/// How long is waited before the store is asked again: twice as long each time, up to a bound.
const RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(4);

/// A doubt is open for so long at most: then nobody stays whom it is about.
const LONGEST: Duration = Duration::from_mins(1);

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

    fn open_since(&self, doubt: Doubt, since: Instant) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = open.entry(doubt).or_insert(since);
        *opened = since.min(*opened);
    }

    fn are_open(&self) -> bool {
        !self.open.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn take(&self) -> HashMap<Doubt, Instant> {
        std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Looks at what is in doubt until the application stops. It has a task of its own: no end of a session waits for it.
pub(crate) async fn settle(app: App) {
    let mut pause = RETRY;
    loop {
        let are_open = app.live.doubts().are_open();
        tokio::select! {
            () = app.stopping() => return,
            () = app.live.doubts().bell.notified() => {}
            () = sleep(pause), if are_open => {}
        }
        pause = if app.settle_doubts().await { RETRY } else { (pause * 2).min(LONGEST_RETRY) };
    }
}

impl App {
    /// Whether all could be settled.
    async fn settle_doubts(&self) -> bool {
        let mut are_settled = true;
        // Taken before they are looked at: what is decided meanwhile opens them again.
        for (doubt, since) in self.live.doubts().take() {
            let Err(error) = self.settle_doubt(&doubt).await else { continue };
            are_settled = false;
            if since.elapsed() < LONGEST {
                tracing::warn!(?error, ?doubt, "it cannot be read who may stay; trying again");
                self.live.doubts().open_since(doubt, since);
            } else {
                tracing::error!(?error, ?doubt, "it cannot be read who may stay, so nobody may");
                self.settle_blindly(&doubt);
            }
        }
        are_settled
    }

    async fn settle_doubt(&self, doubt: &Doubt) -> Result<()> {
        match doubt {
            Doubt::Room(room) => self.clear(room).await,
            Doubt::Account(account) => self.look_where(*account).await,
        }
    }

    fn settle_blindly(&self, doubt: &Doubt) {
        match doubt {
            Doubt::Room(room) => self.live.hub().turn_out_here(room, PutOut::Private, Vec::new()),
            Doubt::Account(account) => self.live.hub().end_account(*account, None),
        }
    }
}
