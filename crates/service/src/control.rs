//! Hearing of what other processes did: the commands beside a running server, and other nodes.
//!
//! They write a numbered line for every session they end, account they change and key they add. Reading the
//! head of that sequence is one point read, so it can be done often; whoever has seen a number has seen all
//! before it. A node that writes tells the others, and waits a moment until they have seen it.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use parlour_hub::Names;
use parlour_model::{AccountId, RoomId, SessionId};
use parlour_store::control::{ControlHead, ControlKind, ControlLine};

use crate::Result;
use crate::app::App;
use crate::live::doubts::Doubt;

/// An ended session must be refused everywhere within two seconds; this leaves room for a slow read.
const EVERY: Duration = Duration::from_millis(500);

/// Follows the sequence from `seen` on until the application stops.
pub(crate) async fn watch(app: App, mut seen: ControlHead) {
    let mut away = false;
    loop {
        tokio::select! {
            () = app.stopping() => return,
            () = tokio::time::sleep(EVERY) => {}
            () = app.live.hub().control_rung() => {}
        }
        match catch_up(&app, &mut seen).await {
            Ok(()) => away = false,
            Err(error) if !away => {
                tracing::warn!(?error, "the control sequence cannot be read; trying again");
                away = true;
            }
            Err(_still_away) => {}
        }
    }
}

/// Heeds what was written since, in pages.
async fn catch_up(app: &App, seen: &mut ControlHead) -> Result<()> {
    loop {
        let head = app.store.control_head().await?;
        if head == *seen {
            return Ok(());
        }
        let lines = app.store.control_since(seen.seq).await?;
        let is_another = head.life != seen.life || head.seq < seen.seq;
        // What an unknown line says is not known, nor what was missed by being away for longer than the lines are kept.
        let has_missed = is_another
            || lines.first().is_none_or(|line| line.seq != seen.seq + 1)
            || lines.iter().any(|line| line.kind == ControlKind::Unknown);
        if has_missed {
            app.forget_everything();
        }
        // No end of a session that is told waits for what is looked at anew.
        heed(app, &lines).await?;
        if has_missed {
            app.look_at_everything_again().await?;
        }
        if is_another {
            // Perhaps nothing is lost. But if something is, these numbers count other lines than those that were heeded.
            tracing::info!(
                "the database was started anew, or it is another one; what is remembered is looked at again"
            );
            app.compare_rooms();
        }
        *seen = ControlHead { seq: lines.last().map_or(head.seq, |line| line.seq), ..head };
        app.live.hub().control_heeded(seen.seq);
    }
}

/// Heeds some lines. What is a call comes first, so that no end of a session waits for what is read; and who may stay
/// where is looked at by somebody else.
async fn heed(app: &App, lines: &[ControlLine]) -> Result<()> {
    let (mut accounts, mut rooms) = (BTreeSet::new(), HashSet::new());
    for line in lines {
        let account = AccountId(line.subject);
        match line.kind {
            ControlKind::SessionEnded => app.session_ended(SessionId(line.subject)),
            ControlKind::AccountEnded => {
                app.account_ended(account, None);
                accounts.insert(account);
            }
            ControlKind::AccountChanged => {
                app.accounts.forget(&account);
                accounts.insert(account);
            }
            ControlKind::RoomChanged => drop(rooms.insert(RoomId(line.subject))),
            ControlKind::KeysChanged | ControlKind::Unknown => {}
        }
    }
    if !rooms.is_empty() {
        app.live.memory().forget_numbers(&rooms);
        app.live.hub().rooms_of(&rooms).into_iter().for_each(|room| app.live.doubts().open(Doubt::Room(room)));
    }
    if lines.iter().any(|line| line.kind == ControlKind::KeysChanged) {
        app.renew_keys().await?;
    }
    accounts_changed(app, accounts).await
}

/// Shows what people wrote under the names they have now, or not at all when they are gone. What was remembered of them
/// says nothing of what the rooms know: it may have been read between the change and this line.
async fn accounts_changed(app: &App, ids: BTreeSet<AccountId>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let now = app.known_accounts(ids.iter().copied().collect()).await?;
    let name_of = |id: &AccountId| now.get(id).map(|account| account.username.as_str().to_owned());
    let names: Names = ids.into_iter().map(|id| (id, name_of(&id))).collect();
    let present = app.live.hub().show_as(&names).await;
    for id in present.into_iter().filter(|id| now.contains_key(id)) {
        app.live.doubts().open(Doubt::Account(id));
    }
    Ok(())
}
