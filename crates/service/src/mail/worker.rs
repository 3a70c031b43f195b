//! The worker that sends what is queued: one letter at a time, each claimed so that no other worker sends it too.

use std::time::Duration;

use parlour_model::Timestamp;
use parlour_store::mail::QueuedMail;

use super::transport::{Transport, Unsent};
use crate::Result;
use crate::app::App;

/// Without being rung, the queue is looked at this often: another process may have put something in.
const LOOK: Duration = Duration::from_secs(2);

/// How long a claimed letter is this worker's. If the process dies, the letter is due again after it.
const LEASE: Duration = Duration::from_mins(2);

/// A letter that could not be sent in this time is given up.
const GIVE_UP_AFTER: Duration = Duration::from_hours(24);

/// Sends until the application stops.
pub(crate) async fn run(app: App, transport: Transport) {
    loop {
        if let Err(error) = send_all(&app, &transport).await {
            tracing::warn!(?error, "the mail queue cannot be read; trying again");
        }
        tokio::select! {
            () = app.stopping() => return,
            () = app.mail_waits.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn send_all(app: &App, transport: &Transport) -> Result<()> {
    while let Some(letter) = app.store.claim_mail(app.now(), LEASE).await? {
        match transport.send(&letter).await {
            Ok(()) => app.store.mail_sent(letter.id, app.now()).await?,
            Err(Unsent { reason, for_good }) => {
                let next_try = next_try(&letter, app.now()).filter(|_| !for_good);
                tracing::warn!(
                    mail = letter.id,
                    tries = letter.tries,
                    gives_up = next_try.is_none(),
                    "a letter was not sent: {reason:?}"
                );
                app.store.mail_failed(letter.id, &reason, next_try, app.now()).await?;
            }
        }
    }
    Ok(())
}

/// 5 s after the first try, then twice as long each time, at most an hour; `None` when it is time to give up.
fn next_try(letter: &QueuedMail, now: Timestamp) -> Option<Timestamp> {
    let doublings = u32::try_from(letter.tries.clamp(1, 20) - 1).unwrap_or(0);
    let wait = Duration::from_secs(5).saturating_mul(1 << doublings).min(Duration::from_hours(1));
    (now.since(letter.created_at) < GIVE_UP_AFTER).then(|| now + wait)
}
