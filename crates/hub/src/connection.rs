//! One socket, known to the hub from its handshake to its end, so that it can be told to go.

use std::future::{pending, poll_fn};
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use parlour_model::{AccountId, SessionId, SourcePrefix};
use tokio::select;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::Hub;
use crate::farewell::Farewell;
use crate::note::Concerned;
use crate::registry::{Key, Owner, Registry, TooManyConnections, send_away};
use crate::signal::Signal;

/// An open socket. Dropping it takes it out of the registry.
pub struct Connection {
    registry: Arc<Registry>,
    key: Key,
    signal: Arc<Signal>,
}

impl Hub {
    /// Registers a socket.
    ///
    /// A session may end between the check of its token and this call. So look at the session once more *after*
    /// registering (and after [`Connection::bind`]): who ends it from then on finds the connection here.
    pub fn connect(&self, owner: Option<Owner>, source: SourcePrefix) -> Result<Connection, TooManyConnections> {
        let registry = Arc::clone(&self.0.registry);
        let (key, signal) = registry.enter(owner, source)?;
        Ok(Connection { registry, key, signal })
    }

    /// Every session that has a connection here, and whose it is.
    pub fn sessions(&self) -> Vec<(SessionId, AccountId)> {
        self.0.registry.sessions()
    }

    /// Ends the connections of a session. As with the other ends and names, each node does this for itself.
    pub fn end_session(&self, id: SessionId) {
        self.0.registry.end_session(id);
    }

    /// Ends the connections of an account, but those of one session.
    pub fn end_account(&self, id: AccountId, except: Option<SessionId>) {
        self.0.registry.end_account(id, except);
    }

    /// Sends every connection away with [`Farewell::Restarting`], spread over four fifths of `over` so that they do
    /// not all come back at once, and returns when all are gone or the time is up. Whoever connects meanwhile is
    /// sent away at once.
    pub async fn drain(&self, over: Duration) {
        let start = Instant::now();
        let signals = self.0.registry.close();
        let step = over * 4 / 5 / u32::try_from(signals.len().max(1)).unwrap_or(u32::MAX);
        let spread = async {
            for (count, signal) in (0..).zip(&signals) {
                sleep_until(start + step * count).await;
                send_away(signal);
            }
            pending::<()>().await;
        };
        let over_or_gone = async {
            select! {
                () = spread => {}
                () = self.0.registry.emptied() => {}
            }
        };
        let _ = timeout_at(start + over, over_or_gone).await;
        // Whoever was not told in time is told now; then the end of the process closes them.
        for signal in &signals {
            send_away(signal);
        }
    }
}

impl Connection {
    /// Makes this the connection of a login, in place of what it was before; another expiry of the same login takes the
    /// place of the last. See [`Hub::connect`] for the check that must follow.
    pub fn bind(&self, owner: Owner) -> Result<(), TooManyConnections> {
        self.registry.bind(self.key, owner)
    }

    /// Makes this nobody's connection: the end of the login no longer closes it.
    pub fn unbind(&self) {
        self.registry.unbind(self.key);
    }

    /// Who it speaks for now.
    pub fn owner(&self) -> Option<Owner> {
        self.registry.owner(self.key)
    }

    /// Resolves when this connection must go. May be dropped and called again, but not while it is being served.
    pub async fn farewell(&self) -> Farewell {
        poll_fn(|cx| {
            self.signal.heed(cx);
            self.signal.farewell().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    pub(crate) fn listen(&self, listener: Weak<dyn Concerned>) {
        self.registry.listen(self.key, listener);
    }

    pub(crate) fn signal(&self) -> &Arc<Signal> {
        &self.signal
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.registry.leave(self.key);
    }
}
