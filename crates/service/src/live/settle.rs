//! Settles what is in doubt: asks the store who may stay where, for as long as it takes.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::PutOut;
use super::doubts::{Doubt, Doubts};
use crate::Result;
use crate::app::App;

/// How long is waited before the store is asked again: twice as long each time, up to a bound.
const RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(4);

/// Looks at what is in doubt until the application stops. It has a task of its own: no end of a session waits for it. Rooms
/// are compared with the log meanwhile, one at a time.
pub(crate) async fn settle(app: App) {
    tokio::join!(settle_all(&app, app.live.doubts()), settle_all(&app, app.live.comparisons()));
}

async fn settle_all(app: &App, doubts: &Doubts) {
    let mut pause = RETRY;
    loop {
        let are_open = doubts.are_open();
        tokio::select! {
            () = app.stopping() => return,
            () = doubts.opened() => {}
            () = sleep(pause), if are_open => {}
        }
        // There may be thousands, and the application does not wait for them when it stops.
        let are_settled = tokio::select! {
            () = app.stopping() => return,
            are_settled = app.settle_doubts(doubts) => are_settled,
        };
        pause = if are_settled { RETRY } else { (pause * 2).min(LONGEST_RETRY) };
    }
}

impl App {
    /// Whether all could be settled.
    async fn settle_doubts(&self, doubts: &Doubts) -> bool {
        let (mut left, mut why) = (0_usize, None);
        // Taken before they are looked at: what is decided meanwhile opens them again.
        for (doubt, standing) in doubts.take() {
            let Err(error) = self.settle_doubt(&doubt).await else { continue };
            if doubts.open_again(&doubt, standing, Instant::now()) {
                left += 1;
                why = Some(error);
            } else {
                tracing::error!(?error, ?doubt, "it cannot be read who may stay, so nobody may");
                self.settle_blindly(&doubt);
            }
        }
        if let Some(error) = &why {
            tracing::warn!(?error, left, "it cannot be read who may stay; trying again");
        }
        why.is_none()
    }

    async fn settle_doubt(&self, doubt: &Doubt) -> Result<()> {
        match doubt {
            Doubt::Room(room) => self.clear(room).await,
            Doubt::Account(account) => self.look_where(*account).await,
            Doubt::Told(room) => self.turn_over_if_differing(room).await,
        }
    }

    fn settle_blindly(&self, doubt: &Doubt) {
        match doubt {
            Doubt::Room(room) => self.live.hub().turn_out_here(room, PutOut::Private, Vec::new()),
            Doubt::Account(account) => self.live.hub().end_account(*account, None),
            // It is no decision about anybody.
            Doubt::Told(_) => {}
        }
    }
}
