//! Housekeeping: writing the last use of sessions, throwing out what has expired.

use std::time::Duration;

use crate::Result;
use crate::app::App;

/// Small duties, such as writing who was here.
const OFTEN: Duration = Duration::from_secs(30);

/// Every so many rounds of small duties, a large one.
const ROUNDS: u32 = 120;

/// Keeps house until the application stops, and once more then, so that the last uses are not lost.
pub(crate) async fn run(app: App) {
    if let Err(error) = app.finish_farewells().await {
        tracing::warn!(?error, "an account that goes could not be deleted; it comes round again");
    }
    let mut round = 0;
    loop {
        let stopping = tokio::select! {
            () = app.stopping() => true,
            () = tokio::time::sleep(OFTEN) => false,
        };
        if let Err(error) = tidy_up(&app, round == 0 && !stopping).await {
            tracing::warn!(?error, "housekeeping could not finish; it comes round again");
        }
        if stopping {
            return;
        }
        round = (round + 1) % ROUNDS;
    }
}

async fn tidy_up(app: &App, thoroughly: bool) -> Result<()> {
    let touched = app.doors.take_touched();
    if !touched.is_empty() {
        app.store.touch_sessions(touched).await?;
    }
    app.limits.prune();
    app.finish_farewells().await?;
    app.store.sweep_rooms(app.now()).await?;
    if thoroughly {
        let pruned = app.store.prune(app.now()).await?;
        app.renew_keys().await?;
        tracing::debug!(pruned, "threw out what had expired");
    }
    Ok(())
}
