//! The application: what every use case stands on, behind one handle that is cheap to clone.

use std::sync::Arc;

use parlour_hub::{Hub, Note};
use parlour_model::{Account, AccountId, Clock, SessionId, Timestamp};
use parlour_store::Store;
use tokio::sync::{Notify, Semaphore, watch};

use crate::cache::Cache;
use crate::doors::Doors;
use crate::limits::Limits;
use crate::live::history::StoredHistory;
use crate::live::talk::Live;
use crate::picture::Darkroom;
use crate::secret::Chance;
use crate::secret::hashing::HashPool;
use crate::secret::keyring::{self, Keyring};
use crate::secret::seal::MasterKey;
use crate::settings::Settings;
use crate::{Result, audit, cluster};

/// Accounts kept in memory, and as many again that go next.
const ACCOUNTS_IN_MEMORY: usize = 50_000;

/// The most password resets that are made behind their answers at once.
const RESETS_AT_ONCE: usize = 64;

/// The application. Every use case is an `impl App` in the file of its verb.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What the use cases stand on.
pub struct Parts {
    /// Where everything is kept.
    pub store: Store,
    /// What the operator chose.
    pub settings: Settings,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub chance: Arc<dyn Chance>,
    /// The key that seals.
    pub master: MasterKey,
    /// The keys that sign.
    pub keyring: Keyring,
    /// The pool that hashes passwords.
    pub hashing: HashPool,
    /// Throttles.
    pub limits: Limits,
    /// Rooms, seats, messages.
    pub live: Live,
    /// What is remembered of tokens, cookies and sessions.
    pub(crate) doors: Doors,
    pub(crate) accounts: Cache<AccountId, Arc<Account>>,
    /// Resets that are being made behind their answers.
    pub(crate) resets: Arc<Semaphore>,
    /// Where pictures are worked on.
    pub(crate) darkroom: Darkroom,
    /// When this began.
    pub(crate) started_at: Timestamp,
    /// Rung when mail was queued.
    pub(crate) mail_waits: Notify,
    pub(crate) stop: watch::Sender<bool>,
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Puts the application together over an open store. The first start makes the first signing key.
    ///
    /// # Errors
    /// The store cannot be read, the master key is not the one the signing keys were sealed under, or the
    /// hash pool cannot start.
    pub async fn new(
        store: Store,
        settings: Settings,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
        master: MasterKey,
    ) -> Result<Self> {
        let now = clock.now();
        let keyring = open_keyring(&store, &settings, &master, &*chance, now).await?;
        let history = Arc::new(StoredHistory(store.clone()));
        let hub = match &settings.cluster {
            Some(others) => {
                let others = cluster::others(&store, others, clock.clone(), &*chance)?;
                Hub::start_among(settings.chat.hub, history, clock.clone(), others)
            }
            None => Hub::start(settings.chat.hub, history, clock.clone()),
        };
        store.on_announce(hub.control_bell());
        Ok(Self(Arc::new(Parts {
            live: Live::new(store.clone(), hub, clock.clone(), &settings.chat),
            hashing: HashPool::start(settings.hashing, chance.clone())?,
            limits: Limits::new(settings.limits, &clock),
            doors: Doors::new(&*chance)?,
            accounts: Cache::new(ACCOUNTS_IN_MEMORY),
            resets: Arc::new(Semaphore::new(RESETS_AT_ONCE)),
            darkroom: Darkroom::new(),
            started_at: now,
            mail_waits: Notify::new(),
            stop: watch::Sender::new(false),
            store,
            settings,
            clock,
            chance,
            master,
            keyring,
        })))
    }

    /// Whether what is asked now would be durable.
    ///
    /// # Errors
    /// The database is away.
    pub async fn ready(&self) -> Result<()> {
        Ok(self.store.ready().await?)
    }

    /// Whether other nodes are heard only through the database, because the bus is away.
    pub fn is_bus_away(&self) -> bool {
        self.live.hub().bus_counts().is_some_and(|counts| !counts.is_connected)
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Resolves when the application stops.
    pub(crate) async fn stopping(&self) {
        // The sender lives as long as `self`, so the only end of this wait is the stop.
        drop(self.stop.subscribe().wait_for(|stop| *stop).await);
    }

    /// Makes an ended session end here: forgotten at the door, its sockets closed.
    pub(crate) fn session_ended(&self, id: SessionId) {
        self.doors.forget_session(id);
        self.live.hub().end_session(id);
    }

    /// Tells somebody's connections that something about them is to be read anew.
    pub(crate) fn tell(&self, id: AccountId, note: Note) {
        self.live.hub().note(id, note);
    }

    /// Makes an account's end, or the end of all its sessions, end here.
    pub(crate) fn account_ended(&self, id: AccountId, except: Option<SessionId>) {
        self.accounts.forget(&id);
        self.doors.forget_account(id, except);
        self.live.hub().end_account(id, except);
    }
}

async fn open_keyring(
    store: &Store,
    settings: &Settings,
    master: &MasterKey,
    chance: &dyn Chance,
    now: Timestamp,
) -> Result<Keyring> {
    let mut rows = store.signing_keys(now).await?;
    if rows.is_empty() {
        let first = keyring::generate(&settings.tokens, master, chance, now, now)?;
        let entry = audit::entry("keys_rotate", &parlour_model::Client::console());
        store.add_signing_key(first, now, true, entry).await?;
        rows = store.signing_keys(now).await?;
    }
    Keyring::open(master.clone(), &rows)
}
