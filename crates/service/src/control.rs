//! Hearing of what other processes did: the commands beside a running server, and other nodes.
//!
//! They write a numbered line for every session they end, account they change and key they add. Reading the
//! head of that sequence is one point read, so it can be done often; whoever has seen a number has seen all
//! before it. A node that writes tells the others, and waits a moment until they have seen it.

use std::time::Duration;

use parlour_model::{AccountId, RoomId, SessionId};
use parlour_store::control::{ControlKind, ControlLine};

use crate::Result;
use crate::app::App;

/// An ended session must be refused everywhere within two seconds; this leaves room for a slow read.
const EVERY: Duration = Duration::from_millis(500);

/// Follows the sequence from `seen` on until the application stops.
pub(crate) async fn watch(app: App, mut seen: i64) {
    let mut away = false;
    loop {
        tokio::select! {
            () = app.stopping() => return,
            () = tokio::time::sleep(EVERY) => {}
            () = app.live.hub().control_rung() => {}
        }
        match catch_up(&app, seen).await {
            Ok(newest) => {
                seen = newest;
                app.live.hub().control_heeded(seen);
                away = false;
            }
            Err(error) if !away => {
                tracing::warn!(?error, "the control sequence cannot be read; trying again");
                away = true;
            }
            Err(_still_away) => {}
        }
    }
}

async fn catch_up(app: &App, seen: i64) -> Result<i64> {
    let head = app.store.control_head().await?;
    if head == seen {
        return Ok(seen);
    }
    let lines = app.store.control_since(seen).await?;
    // When nothing follows, all that was missed is gone by now, or the database is an earlier one than it was.
    let mut newest = if lines.is_empty() { head } else { seen };
    if lines.first().is_none_or(|line| line.seq != seen + 1) {
        // Away for longer than the lines are kept: what they said is not known, so nothing remembered is believed.
        believe_nothing(app).await?;
    }
    for line in lines {
        heed(app, &line).await?;
        newest = line.seq;
    }
    Ok(newest)
}

async fn heed(app: &App, line: &ControlLine) -> Result<()> {
    match line.kind {
        ControlKind::SessionEnded => app.session_ended(SessionId(line.subject)),
        ControlKind::AccountEnded => {
            app.account_ended(AccountId(line.subject), None);
            account_changed(app, AccountId(line.subject)).await?;
        }
        ControlKind::AccountChanged => account_changed(app, AccountId(line.subject)).await?,
        ControlKind::KeysChanged => app.renew_keys().await?,
        ControlKind::RoomChanged => {
            let changed = RoomId(line.subject);
            app.live.memory().forget_number(changed);
            app.clear(changed).await;
        }
        ControlKind::Unknown => believe_nothing(app).await?,
    }
    Ok(())
}

async fn believe_nothing(app: &App) -> Result<()> {
    app.forget_everything();
    app.renew_keys().await
}

/// Shows what somebody wrote under the name they have now, or not at all when they are gone. What was remembered of them
/// says nothing of what the rooms know: it may have been read between the change and this line.
async fn account_changed(app: &App, id: AccountId) -> Result<()> {
    app.accounts.forget(&id);
    match app.known_account(id).await? {
        Some(now) => {
            app.live.hub().rename(id, now.username.as_str());
            app.readmit(&now).await;
        }
        None => app.live.hub().erase(id),
    }
    Ok(())
}
