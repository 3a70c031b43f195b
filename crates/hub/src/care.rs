//! The hub's own tasks: what time brings, and lost hints.

use std::future::pending;
use std::sync::Weak;
use std::time::Duration;

use tokio::select;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tracing::warn;

use crate::node::Inner;
use crate::walker::STRIDE;

/// How often expiries and graces are looked at.
const CLOCKS_EVERY: Duration = Duration::from_millis(250);
/// How many heads are asked for at once.
const HEADS_AT_ONCE: usize = 256;
/// When the bus is back, all nodes look at once: so long they let the store rest in between.
const SPREAD: Duration = Duration::from_millis(20);

/// Ends tokens whose time is up, by the clock, and graces, by the runtime's time.
pub(crate) async fn watch_clocks(hub: Weak<Inner>) {
    let mut ticks = interval(CLOCKS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(hub) = hub.upgrade() else {
            return;
        };
        hub.registry.expire(hub.clock.now());
        hub.give_up(Instant::now());
    }
}

/// Looks after the connections whose time has come.
pub(crate) async fn turn_wheel(hub: Weak<Inner>) {
    let Some(wheel) = hub.upgrade().map(|hub| hub.wheel.clone()) else {
        return;
    };
    let mut ticks = interval(wheel.tick());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if hub.strong_count() == 0 {
            return;
        }
        for (count, line) in (1_usize..).zip(wheel.turn()) {
            if let Some(line) = line.upgrade()
                && let Some(next) = line.look()
            {
                wheel.put(&line, next);
            }
            if count.is_multiple_of(STRIDE) {
                yield_now().await;
            }
        }
    }
}

/// Looks for events whose hints were lost.
pub(crate) async fn watch_heads(hub: Weak<Inner>) {
    let mut connects = hub.upgrade().and_then(|hub| Some(hub.bus.remote()?.connects()));
    let mut was_away = false;
    loop {
        let Some(every) = hub.upgrade().map(|hub| hub.bus.heads_every()) else {
            return;
        };
        let is_back = select! {
            () = sleep(every) => false,
            () = changed(&mut connects) => true,
        };
        let Some(hub) = hub.upgrade() else {
            return;
        };
        let is_away = !check_heads(&hub, if is_back { SPREAD } else { Duration::ZERO }).await;
        if is_away && !was_away {
            warn!("the heads of the rooms cannot be checked; lost hints stay unnoticed until they can");
        }
        was_away = is_away;
    }
}

/// The bus is connected anew; never, where there is none.
async fn changed(connects: &mut Option<watch::Receiver<u64>>) {
    let is_over = match connects {
        Some(connects) => connects.changed().await.is_err(),
        None => true,
    };
    if is_over {
        pending::<()>().await;
    }
}

/// One look at every active room. `false`: the history is away, and the rest of the rooms can wait.
async fn check_heads(hub: &Inner, between: Duration) -> bool {
    let rooms = hub.rooms.all();
    let active: Vec<_> = rooms.iter().filter(|room| room.activation.initialized()).collect();
    for some in active.chunks(HEADS_AT_ONCE) {
        let names: Vec<_> = some.iter().map(|room| room.name.clone()).collect();
        let Ok(heads) = hub.history.heads(&names).await else {
            return false;
        };
        for (room, head) in some.iter().zip(heads) {
            if head.is_some_and(|head| room.learn(&head)) {
                hub.repair(room);
            }
        }
        if between > Duration::ZERO {
            sleep(between).await;
        }
    }
    true
}
