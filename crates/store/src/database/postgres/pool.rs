//! The connections: as many as may be, made when they are wanted, dropped when they are broken.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::abandoned::{cancel, settle};
use super::line::Line;
use super::pause::Pause;
use super::settings::PostgresSettings;
use crate::{Error, Result};

/// How long a call waits for a connection before it is [`Error::Busy`]: for one that others have, and for a new one.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much longer than the server's own limit an answer may take, before it is the line that counts as broken.
const ON_THE_WAY: Duration = Duration::from_secs(5);

/// The pool. Cheap to clone.
#[derive(Clone)]
pub(super) struct Pool(Arc<Inner>);

/// A connection with a server, encrypted or not.
type Driven = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

struct Inner {
    config: Config,
    encryption: MakeRustlsConnect,
    settings: PostgresSettings,
    /// What opens a transaction, so that every promise of the store holds whatever the server's configuration says, and
    /// behind a pooler that gives every transaction another connection.
    opening: Arc<str>,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Line>>,
    gate: Mutex<Gate>,
}

/// While the server is away, not everybody tries to connect, and those who ask are told at once.
#[derive(Default)]
struct Gate {
    pause: Pause,
    closed_until: Option<Instant>,
}

/// A connection that somebody has. Dropped, it goes back, and its place in the pool with it.
pub(super) struct Taken {
    pool: Pool,
    held: Option<(Line, OwnedSemaphorePermit)>,
}

impl Pool {
    pub(super) fn new(settings: &PostgresSettings) -> Result<Self> {
        let timeout = settings.statement_timeout.as_millis();
        let opening = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL synchronous_commit = on; \
             SET LOCAL lock_timeout = {timeout}; SET LOCAL statement_timeout = {timeout}; \
             SET LOCAL idle_in_transaction_session_timeout = '60s'"
        );
        let (config, encryption) = settings.read()?;
        Ok(Self(Arc::new(Inner {
            config,
            encryption,
            settings: settings.clone(),
            opening: opening.into(),
            places: Arc::new(Semaphore::new(settings.connections)),
            idle: Mutex::default(),
            gate: Mutex::default(),
        })))
    }

    pub(super) fn settings(&self) -> &PostgresSettings {
        &self.0.settings
    }

    /// A connection of one's own, for as long as it is held.
    pub(super) async fn take(&self) -> Result<Taken> {
        let place = timeout(PATIENCE, Arc::clone(&self.0.places).acquire_owned()).await;
        let Ok(Ok(place)) = place else { return Err(Error::Busy) };
        let line = match self.idle_line() {
            Some(line) => line,
            None => self.new_line().await?,
        };
        Ok(Taken { pool: self.clone(), held: Some((line, place)) })
    }

    /// A connection outside the pool.
    pub(super) async fn connect(&self) -> Result<(Client, Driven)> {
        Ok(self.0.config.connect(self.0.encryption.clone()).await?)
    }

    /// Gives out no more, and lets go of what nobody has.
    pub(super) fn close(&self) {
        self.0.places.close();
        self.idle().clear();
    }

    fn idle_line(&self) -> Option<Line> {
        let mut idle = self.idle();
        while let Some(line) = idle.pop() {
            if line.is_fit() {
                return Some(line);
            }
        }
        None
    }

    async fn new_line(&self) -> Result<Line> {
        if self.gate().closed_until.is_some_and(|until| until > Instant::now()) {
            return Err(Error::Busy);
        }
        let made = timeout(PATIENCE, self.dial()).await.unwrap_or(Err(Error::Busy));
        let mut gate = self.gate();
        if made.is_ok() {
            *gate = Gate::default();
        } else if gate.closed_until.is_none_or(|until| until <= Instant::now()) {
            // Of several that fail together, one closes the gate.
            gate.closed_until = Some(Instant::now() + gate.pause.next());
        }
        made
    }

    async fn dial(&self) -> Result<Line> {
        let (client, connection) = self.connect().await?;
        tokio::spawn(connection);
        let settings = &self.0.settings;
        let mut line = Line::new(client, settings.prepare, settings.statement_timeout + ON_THE_WAY);
        if settings.prepare {
            // For what is read outside a transaction. Behind a pooler, the deadline on this side has to do.
            line.batch(&format!("SET statement_timeout = {}", settings.statement_timeout.as_millis())).await?;
        }
        Ok(line)
    }

    fn put_back(&self, line: Line) {
        if line.is_fit() && !self.0.places.is_closed() {
            self.idle().push(line);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Line>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.0.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    pub(super) fn open_transaction(&mut self) {
        let opening = Arc::clone(&self.pool.0.opening);
        self.open_with(opening);
    }
}

const HELD: &str = "it is taken out in the drop only";

impl Deref for Taken {
    type Target = Line;

    fn deref(&self) -> &Line {
        &self.held.as_ref().expect(HELD).0
    }
}

impl DerefMut for Taken {
    fn deref_mut(&mut self) -> &mut Line {
        &mut self.held.as_mut().expect(HELD).0
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let Some((line, place)) = self.held.take() else { return };
        if !line.is_asked() {
            self.pool.put_back(line);
            return;
        }
        // Without a runtime everything ends, and the line with it.
        if let Ok(runtime) = Handle::try_current() {
            let pool = self.pool.clone();
            runtime.spawn(async move {
                let encryption = pool.0.encryption.clone();
                if !line.is_fit() {
                    // Nobody gets it again, so nobody waits for it. It took its whole deadline to come to this, and a
                    // cancellation takes no longer: there are never more of these than there are places.
                    drop(place);
                    return cancel(&line, encryption).await;
                }
                if let Some(line) = settle(line, encryption).await {
                    pool.put_back(line);
                }
                drop(place);
            });
        }
    }
}
