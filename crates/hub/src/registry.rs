//! Every open connection, by session, account, source and expiry, whether or not it is in a room.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use parlour_model::{AccountId, SessionId, SourcePrefix, Timestamp};
use tokio::sync::Notify;

use crate::farewell::Farewell;
use crate::lock::lock;
use crate::note::Concerned;
use crate::settings::HubSettings;
use crate::signal::Signal;

/// Who a connection speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The account.
    pub account_id: AccountId,
    /// The login.
    pub session_id: SessionId,
    /// When the token's time is up; `None` when only the session's end ends it.
    pub expires_at: Option<Timestamp>,
}

/// This account, this source, or everybody together has as many connections as are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyConnections;

/// A connection's number in the registry.
pub(crate) type Key = u64;

/// How long before its token's end a connection that listens is told of it.
const WARNED_BEFORE: Duration = Duration::from_mins(1);

/// The table of open connections.
pub(crate) struct Registry {
    book: Mutex<Book>,
    limits: Limits,
    /// Rung when the last connection is gone.
    emptied: Notify,
}

struct Limits {
    account: usize,
    source: usize,
    all: usize,
}

#[derive(Default)]
struct Book {
    next: Key,
    lines: HashMap<Key, Line>,
    by_session: HashMap<SessionId, HashSet<Key>>,
    by_account: HashMap<AccountId, HashSet<Key>>,
    by_source: HashMap<SourcePrefix, usize>,
    by_expiry: BTreeSet<(Timestamp, Key)>,
    /// Those that hear what concerns their owner.
    listeners: HashMap<Key, Weak<dyn Concerned>>,
    /// Up to here those that listen were told that their token ends.
    warned: Timestamp,
    /// Since the drain began whoever still comes is sent away at once.
    draining: bool,
}

struct Line {
    owner: Option<Owner>,
    source: SourcePrefix,
    signal: Arc<Signal>,
}

impl Registry {
    pub(crate) fn new(settings: &HubSettings) -> Self {
        Self {
            book: Mutex::default(),
            limits: Limits {
                account: settings.connections_per_account,
                source: settings.connections_per_source,
                all: settings.connections,
            },
            emptied: Notify::new(),
        }
    }

    pub(crate) fn enter(
        &self,
        owner: Option<Owner>,
        source: SourcePrefix,
    ) -> Result<(Key, Arc<Signal>), TooManyConnections> {
        let mut book = lock(&self.book);
        let from_source = book.by_source.get(&source).copied().unwrap_or(0);
        if book.lines.len() >= self.limits.all || from_source >= self.limits.source {
            return Err(TooManyConnections);
        }
        if owner.is_some_and(|owner| book.of(owner.account_id) >= self.limits.account) {
            return Err(TooManyConnections);
        }
        let key = book.enter(source);
        book.give_owner(key, owner);
        let signal = Arc::clone(&book.lines[&key].signal);
        if book.draining {
            signal.give(Farewell::Restarting);
        }
        Ok((key, signal))
    }

    pub(crate) fn leave(&self, key: Key) {
        let mut book = lock(&self.book);
        book.give_owner(key, None);
        book.leave(key);
        if book.lines.is_empty() {
            self.emptied.notify_waiters();
        }
    }

    pub(crate) fn bind(&self, key: Key, owner: Owner) -> Result<(), TooManyConnections> {
        let mut book = lock(&self.book);
        let is_new = book.owner(key).is_none_or(|old| old.account_id != owner.account_id);
        if is_new && book.of(owner.account_id) >= self.limits.account {
            return Err(TooManyConnections);
        }
        book.give_owner(key, Some(owner));
        let late = book.late(key);
        drop(book);
        warn(late);
        Ok(())
    }

    /// Has a connection hear from now on what concerns its owner.
    pub(crate) fn listen(&self, key: Key, listener: Weak<dyn Concerned>) {
        let mut book = lock(&self.book);
        book.listeners.insert(key, listener);
        let late = book.late(key);
        drop(book);
        warn(late);
    }

    /// Those of an account's connections that listen.
    pub(crate) fn listeners(&self, account: AccountId) -> Vec<Arc<dyn Concerned>> {
        let book = lock(&self.book);
        let keys = book.by_account.get(&account).into_iter().flatten();
        keys.filter_map(|key| book.listeners.get(key)?.upgrade()).collect()
    }

    pub(crate) fn unbind(&self, key: Key) {
        lock(&self.book).give_owner(key, None);
    }

    pub(crate) fn owner(&self, key: Key) -> Option<Owner> {
        lock(&self.book).owner(key)
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.book).lines.len()
    }

    /// Every login that has a connection, and whose it is.
    pub(crate) fn sessions(&self) -> Vec<(SessionId, AccountId)> {
        let book = lock(&self.book);
        let owners = book.by_session.iter().filter_map(|(id, keys)| Some((*id, book.owner(*keys.iter().next()?)?)));
        owners.map(|(id, owner)| (id, owner.account_id)).collect()
    }

    pub(crate) fn end_session(&self, id: SessionId) {
        let book = lock(&self.book);
        for key in book.by_session.get(&id).into_iter().flatten() {
            book.lines[key].signal.give(Farewell::SessionEnded);
        }
    }

    pub(crate) fn end_account(&self, id: AccountId, except: Option<SessionId>) {
        let book = lock(&self.book);
        for key in book.by_account.get(&id).into_iter().flatten() {
            let line = &book.lines[key];
            if except.is_none() || line.owner.map(|owner| owner.session_id) != except {
                line.signal.give(Farewell::SessionEnded);
            }
        }
    }

    /// Sends away those whose token's time is up, and tells those that listen when it will soon be.
    pub(crate) fn expire(&self, now: Timestamp) {
        let mut book = lock(&self.book);
        let late = book.newly_late(now + WARNED_BEFORE);
        while let Some((at, key)) = book.by_expiry.first().copied().filter(|(at, _)| *at <= now) {
            book.by_expiry.remove(&(at, key));
            book.lines[&key].signal.give(Farewell::Expired);
        }
        drop(book);
        warn(late);
    }

    /// Begins the drain and returns who was there.
    pub(crate) fn close(&self) -> Vec<Arc<Signal>> {
        let mut book = lock(&self.book);
        book.draining = true;
        book.lines.values().map(|line| Arc::clone(&line.signal)).collect()
    }

    /// Resolves when there is no connection.
    pub(crate) async fn emptied(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.len() == 0 {
                return;
            }
            emptied.await;
        }
    }
}

/// Tells one of those that [`Registry::close`] returned to come back later.
pub(crate) fn send_away(signal: &Signal) {
    signal.give(Farewell::Restarting);
}

/// Those whose token ends soon, and when.
type Late = Vec<(Arc<dyn Concerned>, Timestamp)>;

/// Outside of the lock, because listeners have one of their own.
fn warn(late: impl IntoIterator<Item = (Arc<dyn Concerned>, Timestamp)>) {
    for (listener, at) in late {
        listener.expires(at);
    }
}

impl Book {
    /// Who has come into the time in which one is told.
    fn newly_late(&mut self, until: Timestamp) -> Late {
        if until <= self.warned || self.listeners.is_empty() {
            self.warned = self.warned.max(until);
            return Vec::new();
        }
        let after = (Bound::Excluded((self.warned, Key::MAX)), Bound::Included((until, Key::MAX)));
        self.warned = until;
        let soon = self.by_expiry.range(after);
        soon.filter_map(|(at, key)| Some((self.listeners.get(key)?.upgrade()?, *at))).collect()
    }

    /// Whether one that listens comes too late to be found there.
    fn late(&self, key: Key) -> Option<(Arc<dyn Concerned>, Timestamp)> {
        let at = self.owner(key)?.expires_at.filter(|at| *at <= self.warned)?;
        Some((self.listeners.get(&key)?.upgrade()?, at))
    }

    fn enter(&mut self, source: SourcePrefix) -> Key {
        let key = self.next;
        self.next += 1;
        *self.by_source.entry(source).or_default() += 1;
        let signal = Arc::default();
        let line = Line { owner: None, source, signal };
        self.lines.insert(key, line);
        key
    }

    fn leave(&mut self, key: Key) {
        let Some(line) = self.lines.remove(&key) else {
            return;
        };
        self.listeners.remove(&key);
        if let Some(count) = self.by_source.get_mut(&line.source) {
            *count -= 1;
            if *count == 0 {
                self.by_source.remove(&line.source);
            }
        }
    }

    fn owner(&self, key: Key) -> Option<Owner> {
        self.lines.get(&key).and_then(|line| line.owner)
    }

    fn of(&self, account: AccountId) -> usize {
        self.by_account.get(&account).map_or(0, HashSet::len)
    }

    /// Replaces a connection's owner, in the line and in every index.
    fn give_owner(&mut self, key: Key, owner: Option<Owner>) {
        let Some(line) = self.lines.get_mut(&key) else {
            return;
        };
        if let Some(old) = std::mem::replace(&mut line.owner, owner) {
            forget(&mut self.by_session, &old.session_id, key);
            forget(&mut self.by_account, &old.account_id, key);
            if let Some(at) = old.expires_at {
                self.by_expiry.remove(&(at, key));
            }
        }
        if let Some(new) = owner {
            self.by_session.entry(new.session_id).or_default().insert(key);
            self.by_account.entry(new.account_id).or_default().insert(key);
            self.by_expiry.extend(new.expires_at.map(|at| (at, key)));
        }
    }
}

fn forget<T: std::hash::Hash + Eq>(index: &mut HashMap<T, HashSet<Key>>, of: &T, key: Key) {
    if let Some(keys) = index.get_mut(of) {
        keys.remove(&key);
        if keys.is_empty() {
            index.remove(of);
        }
    }
}
