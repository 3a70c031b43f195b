//! Housekeeping: writing the last use of sessions, throwing out what has expired.

use std::fmt::Debug;
use std::time::Duration;

use crate::app::App;

/// Small duties, such as writing who was here.
const OFTEN: Duration = Duration::from_secs(30);

/// Every so many rounds of small duties, a large one.
const ROUNDS: u32 = 120;

/// Keeps house until the application stops, and once more then, so that the last uses are not lost.
pub(crate) async fn run(app: App) {
    say("the deletion of accounts", app.finish_farewells().await);
    let mut round = 0;
    loop {
        let stopping = tokio::select! {
            () = app.stopping() => true,
            () = tokio::time::sleep(OFTEN) => false,
        };
        tidy_up(&app, round == 0 && !stopping).await;
        if stopping {
            return;
        }
        round = (round + 1) % ROUNDS;
    }
}

async fn tidy_up(app: &App, thoroughly: bool) {
    let touched = app.doors.take_touched();
    if !touched.is_empty() {
        say("the last use of sessions", app.store.touch_sessions(touched).await);
    }
    app.limits.prune();
    say("the deletion of accounts", app.finish_farewells().await);
    say("the sweeping of rooms", app.store.sweep_rooms(app.now()).await);
    if thoroughly {
        say("the pruning of what has expired", app.store.prune(app.now()).await);
        say("the renewal of keys", app.renew_keys().await);
    }
}

/// What fails comes round again, and keeps nothing else from being done.
fn say<T, E: Debug>(what: &str, outcome: std::result::Result<T, E>) {
    if let Err(error) = outcome {
        tracing::warn!(?error, "housekeeping could not finish {what}; it comes round again");
    }
}
