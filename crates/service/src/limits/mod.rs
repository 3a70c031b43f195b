//! Throttles: one set for every contract and socket, by source, by account, and by who sends messages.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use governor::clock::Clock as GovernorClock;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use parlour_model::{AccountId, Clock, SourcePrefix};

use crate::secret::Digest;
use crate::settings::{LimitSettings, Rate};
use crate::{Error, Result};

/// The most keys a throttle remembers. Beyond it the throttle starts anew: those who guess are still counted
/// at the account, in the store.
const MOST_KEYS: usize = 100_000;

/// All throttles.
pub struct Limits {
    settings: LimitSettings,
    sources: Throttle<SourcePrefix>,
    logins: Throttle<LoginTarget>,
    messages: Throttle<AccountId>,
    requests: Throttle<Requester>,
    exports: Throttle<AccountId>,
    /// Failures at names that are nobody's, counted as the store counts those of accounts: otherwise the account
    /// that is locked would be told from the name that never is.
    nobodys: Mutex<HashMap<Digest, i64>>,
}

/// What a login aims at. An account that knows a source keeps a place for it, so that no stranger can lock its owner out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LoginTarget {
    /// An account, from a source it knows.
    Known(AccountId, SourcePrefix),
    /// An account, from anywhere else.
    Stranger(AccountId),
    /// A name that is nobody's, so that it answers like one that is.
    Nobody(Digest),
}

/// Whose requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Requester {
    /// An account's, wherever they come from.
    Account(AccountId),
    /// Those of a source where nobody is logged in.
    Source(SourcePrefix),
}

/// What is left to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The most that they may do at once.
    pub most: u32,
    /// What they may still do at once.
    pub left: u32,
    /// How long until it is the most again.
    pub full_in: Duration,
}

impl Limits {
    /// Throttles with nothing used yet.
    pub fn new(settings: LimitSettings, clock: &Arc<dyn Clock>) -> Self {
        Self {
            settings,
            sources: Throttle::new(settings.source, clock),
            logins: Throttle::new(settings.account, clock),
            messages: Throttle::new(settings.messages, clock),
            requests: Throttle::new(settings.api, clock),
            exports: Throttle::of(exports(), clock),
            nobodys: Mutex::default(),
        }
    }

    /// Counts one sign-up, login or mail asked for by a source.
    ///
    /// # Errors
    /// [`Error::Throttled`] when it asked too often.
    pub fn source(&self, source: SourcePrefix) -> Result<()> {
        self.when_enabled(|| self.sources.take(&source))
    }

    /// Counts one login at an account. `failures` is the number of consecutive failures that the store has counted for this source.
    ///
    /// # Errors
    /// [`Error::Throttled`] when too many were tried, or too many failed in a row.
    pub fn login(&self, target: &LoginTarget, failures: i64) -> Result<()> {
        self.when_enabled(|| {
            if failures >= self.settings.failures {
                return Err(Error::Throttled(LOCKED));
            }
            self.logins.take(target)
        })
    }

    /// Counts one login at a name that is nobody's.
    ///
    /// # Errors
    /// As [`Limits::login`].
    pub fn nobodys_login(&self, name: Digest) -> Result<()> {
        let failures = self.nobodys().get(&name).copied().unwrap_or(0);
        self.login(&LoginTarget::Nobody(name), failures)
    }

    /// Remembers that a login failed at a name that is nobody's.
    pub fn nobodys_login_failed(&self, name: Digest) {
        let mut nobodys = self.nobodys();
        if nobodys.len() >= MOST_KEYS {
            nobodys.clear();
        }
        *nobodys.entry(name).or_default() += 1;
    }

    fn nobodys(&self) -> MutexGuard<'_, HashMap<Digest, i64>> {
        self.nobodys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one message of an account, whichever socket it came by.
    ///
    /// # Errors
    /// [`Error::Throttled`] when it sends too fast.
    pub fn message(&self, account: AccountId) -> Result<()> {
        self.when_enabled(|| self.messages.take(&account))
    }

    /// Counts one request through the native contract, and says what is left; `None` when nothing is throttled.
    ///
    /// # Errors
    /// [`Error::Throttled`] when there were too many.
    pub fn request(&self, requester: Requester) -> Result<Option<Allowance>> {
        if !self.settings.enabled {
            return Ok(None);
        }
        self.requests.count(&requester).map(|left| Some(self.allowance(left)))
    }

    /// Counts one export of an account.
    ///
    /// # Errors
    /// [`Error::Throttled`] when there were a few today.
    pub fn export(&self, account: AccountId) -> Result<()> {
        self.when_enabled(|| self.exports.take(&account))
    }

    /// What is left to somebody of whom `left` requests are.
    pub fn allowance(&self, left: u32) -> Allowance {
        let Rate { burst: most, per_minute } = self.settings.api;
        let (missing, per_minute) = (u64::from(most.saturating_sub(left)), u64::from(per_minute.max(1)));
        Allowance { most, left, full_in: Duration::from_secs((missing * 60).div_ceil(per_minute)) }
    }

    /// Forgets who has been quiet long enough.
    pub fn prune(&self) {
        self.sources.prune();
        self.logins.prune();
        self.messages.prune();
        self.requests.prune();
        self.exports.prune();
    }

    fn when_enabled(&self, take: impl FnOnce() -> Result<()>) -> Result<()> {
        if self.settings.enabled { take() } else { Ok(()) }
    }
}

/// Exports of an account: each reads all that it ever wrote.
fn exports() -> Quota {
    let most = NonZeroU32::MIN.saturating_add(2);
    Quota::with_period(Duration::from_hours(8)).unwrap_or(Quota::per_hour(NonZeroU32::MIN)).allow_burst(most)
}

/// What is said to one who met a locked account. Only its owner opens it, by a login from a known source or by a new
/// password; nobody can say when, so this is how often it is worth asking.
const LOCKED: Duration = Duration::from_hours(1);

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, HouseClock, StateInformationMiddleware>;

struct Throttle<K: Hash + Eq + Clone> {
    quota: Quota,
    clock: HouseClock,
    limiter: ArcSwap<Limiter<K>>,
}

impl<K: Hash + Eq + Clone> Throttle<K> {
    fn new(rate: Rate, clock: &Arc<dyn Clock>) -> Self {
        let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(at_least_one(rate.per_minute)).allow_burst(at_least_one(rate.burst));
        Self::of(quota, clock)
    }

    fn of(quota: Quota, clock: &Arc<dyn Clock>) -> Self {
        let clock = HouseClock(clock.clone());
        let limiter = ArcSwap::from_pointee(fresh(quota, &clock));
        Self { quota, clock, limiter }
    }

    fn take(&self, key: &K) -> Result<()> {
        self.count(key).map(drop)
    }

    /// Counts one, and says how many more there may be at once.
    fn count(&self, key: &K) -> Result<u32> {
        let limiter = self.limiter.load();
        if limiter.len() >= MOST_KEYS {
            self.make_room(&limiter);
        }
        let counted = limiter.check_key(key);
        let state = counted.map_err(|not_until| Error::Throttled(not_until.wait_time_from(self.clock.now())))?;
        Ok(state.remaining_burst_capacity())
    }

    fn make_room(&self, limiter: &Limiter<K>) {
        limiter.retain_recent();
        if limiter.len() >= MOST_KEYS {
            self.limiter.store(Arc::new(fresh(self.quota, &self.clock)));
        }
    }

    fn prune(&self) {
        let limiter = self.limiter.load();
        limiter.retain_recent();
        limiter.shrink_to_fit();
    }
}

fn fresh<K: Hash + Eq + Clone>(quota: Quota, clock: &HouseClock) -> Limiter<K> {
    RateLimiter::new(quota, HashMapStateStore::default(), clock.clone())
}

/// The house's clock, as governor reads it.
#[derive(Clone)]
struct HouseClock(Arc<dyn Clock>);

impl GovernorClock for HouseClock {
    type Instant = Nanos;

    fn now(&self) -> Self::Instant {
        let microseconds = u64::try_from(self.0.now().0).unwrap_or(0);
        Nanos::from(Duration::from_micros(microseconds))
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::atomic::{AtomicI64, Ordering};

    use parlour_model::Timestamp;

    use super::*;

    struct ManualClock(AtomicI64);

    impl Clock for ManualClock {
        fn now(&self) -> Timestamp {
            Timestamp(self.0.load(Ordering::Relaxed))
        }
    }

    fn limits(clock: &Arc<ManualClock>) -> Limits {
        let rate = Rate { burst: 2, per_minute: 60 };
        let settings =
            LimitSettings { enabled: true, source: rate, account: rate, failures: 100, messages: rate, api: rate };
        let clock: Arc<dyn Clock> = clock.clone();
        Limits::new(settings, &clock)
    }

    #[test]
    fn a_source_may_ask_again_after_the_time_it_was_told() {
        let clock = Arc::new(ManualClock(AtomicI64::new(1_000_000_000)));
        let limits = limits(&clock);
        let source = SourcePrefix::of(IpAddr::from([203, 0, 113, 9]));
        assert!(limits.source(source).is_ok() && limits.source(source).is_ok());
        let Err(Error::Throttled(wait)) = limits.source(source) else { panic!("the third was let in") };
        assert!(wait <= Duration::from_secs(1));
        assert!(limits.source(SourcePrefix::of(IpAddr::from([203, 0, 113, 10]))).is_ok());
        clock.0.fetch_add(i64::try_from(wait.as_micros()).expect("a short time") + 1, Ordering::Relaxed);
        assert!(limits.source(source).is_ok());
    }

    #[test]
    fn whoever_asks_knows_what_is_left() {
        let clock = Arc::new(ManualClock(AtomicI64::new(1_000_000_000)));
        let limits = limits(&clock);
        let ada = Requester::Account(AccountId(1));
        let allowance = |left, seconds| Some(Allowance { most: 2, left, full_in: Duration::from_secs(seconds) });
        assert_eq!(limits.request(ada).ok(), Some(allowance(1, 1)));
        assert_eq!(limits.request(ada).ok(), Some(allowance(0, 2)));
        assert!(matches!(limits.request(ada), Err(Error::Throttled(_))));
        assert_eq!(limits.request(Requester::Account(AccountId(2))).ok(), Some(allowance(1, 1)));
    }

    #[test]
    fn strangers_do_not_lock_a_known_device_out() {
        let clock = Arc::new(ManualClock(AtomicI64::new(1_000_000_000)));
        let limits = limits(&clock);
        let home = SourcePrefix::of(IpAddr::from([203, 0, 113, 9]));
        let stranger = LoginTarget::Stranger(AccountId(1));
        while limits.login(&stranger, 0).is_ok() {}
        assert!(matches!(limits.login(&stranger, 100), Err(Error::Throttled(LOCKED))));
        assert!(limits.login(&LoginTarget::Known(AccountId(1), home), 0).is_ok());
    }
}
