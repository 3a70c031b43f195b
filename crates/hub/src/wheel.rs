//! The time by which connections are pinged and given up: one wheel for all of them, instead of a timer for each.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::lock::lock;
use crate::settings::HubSettings;

/// A time, counted from the wheel's start.
pub(crate) type Tick = u32;

/// How finely time is counted: so that the shortest deadline has many ticks, within these bounds.
const PARTS: u32 = 40;
const SHORTEST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(500);

/// A timing wheel: every connection stands in the slot of the tick at which it is to be looked at again.
pub(crate) struct Wheel<T> {
    start: Instant,
    tick: Duration,
    now: AtomicU32,
    slots: Mutex<Box<[Vec<Weak<T>>]>>,
}

impl<T> Wheel<T> {
    pub(crate) fn new(settings: &HubSettings) -> Self {
        let (shorter, longer) =
            (settings.ping_every.min(settings.idle_timeout), settings.ping_every.max(settings.idle_timeout));
        let tick = (shorter / PARTS).clamp(SHORTEST, LONGEST);
        let around = ticks(longer, tick) as usize + 2;
        let slots = (0..around).map(|_| Vec::new()).collect();
        Self { start: Instant::now(), tick, now: AtomicU32::new(1), slots: Mutex::new(slots) }
    }

    /// How long a tick is.
    pub(crate) fn tick(&self) -> Duration {
        self.tick
    }

    /// The time, as of the last turn. Never 0.
    pub(crate) fn now(&self) -> Tick {
        self.now.load(Ordering::Relaxed)
    }

    /// A span in ticks, rounded up.
    pub(crate) fn ticks(&self, span: Duration) -> Tick {
        ticks(span, self.tick)
    }

    /// Has one looked at after a while; at the latest after a whole turn of the wheel.
    pub(crate) fn put(&self, one: &Arc<T>, after: Tick) {
        let mut slots = lock(&self.slots);
        let around = slots.len();
        let after = (after.max(1) as usize).min(around - 1);
        slots[(self.now() as usize + after) % around].push(Arc::downgrade(one));
    }

    /// Turns the wheel to the present and returns who is to be looked at.
    pub(crate) fn turn(&self) -> Vec<Weak<T>> {
        let before = self.now();
        let now = ticks(self.start.elapsed(), self.tick).max(before);
        let mut slots = lock(&self.slots);
        self.now.store(now, Ordering::Relaxed);
        let around = slots.len();
        let passed = ((now - before) as usize).min(around);
        let mut due = Vec::new();
        for step in 1..=passed {
            due.append(&mut slots[(before as usize + step) % around]);
        }
        due
    }
}

fn ticks(span: Duration, tick: Duration) -> Tick {
    let ticks = span.as_nanos().div_ceil(tick.as_nanos().max(1));
    Tick::try_from(ticks).unwrap_or(Tick::MAX / 2).max(1)
}
