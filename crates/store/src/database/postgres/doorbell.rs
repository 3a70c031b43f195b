//! The connection that listens and tells: made anew whenever it breaks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::poll_fn;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{AsyncMessage, Client};

use super::Postgres;
use super::pause::Pause;
use crate::doorbell::{Heard, MOST_BYTES};
use crate::{Error, Result};

/// Hints that come closer together than this are told together: every telling makes all commits of the server that tell
/// something wait for one another.
const GATHER: Duration = Duration::from_millis(5);

/// After this time without a hint it is looked whether the line still stands.
const QUIET: Duration = Duration::from_secs(5);

/// How long an answer may take before the line counts as broken.
const ANSWER: Duration = Duration::from_secs(5);

/// A doorbell may lose what a crash takes with it, so that it waits for no disk.
const CASUAL: &str = "SET synchronous_commit TO off";

const TELL: &str = "SELECT pg_notify($1, $2)";

struct Keeper {
    postgres: Postgres,
    channel: String,
    hints: mpsc::Receiver<String>,
    heard: mpsc::Sender<Heard>,
    connected: Arc<AtomicBool>,
}

impl Postgres {
    /// Keeps a listening connection until nobody listens to it any more. `None` behind a pooler.
    pub(crate) fn keep_doorbell(
        &self,
        channel: &str,
        hints: mpsc::Receiver<String>,
        heard: mpsc::Sender<Heard>,
        connected: Arc<AtomicBool>,
    ) -> Option<()> {
        if !self.pool.settings().prepare {
            return None;
        }
        let keeper = Keeper { postgres: self.clone(), channel: channel.to_owned(), hints, heard, connected };
        tokio::spawn(keeper.keep());
        Some(())
    }
}

impl Keeper {
    async fn keep(mut self) {
        let mut pause = Pause::default();
        while !self.heard.is_closed() {
            match timeout(ANSWER, self.connect()).await {
                Ok(Ok((client, driver))) => {
                    pause = Pause::default();
                    self.connected.store(true, Ordering::Relaxed);
                    let _ = self.heard.send(Heard::Connected).await;
                    let end = self.serve(&client, driver).await;
                    self.connected.store(false, Ordering::Relaxed);
                    tracing::warn!(?end, "the doorbell's connection broke");
                    // What waited is old by the time that anybody hears it.
                    while self.hints.try_recv().is_ok() {}
                    let _ = self.heard.send(Heard::Away).await;
                }
                Ok(Err(error)) => tracing::debug!(%error, "the doorbell cannot connect"),
                Err(_late) => tracing::debug!("the doorbell cannot connect in time"),
            }
            tokio::select! {
                () = sleep(pause.next()) => {}
                () = self.heard.closed() => {}
            }
        }
    }

    /// A connection that listens, and the task that drives it.
    async fn connect(&self) -> Result<(Client, JoinHandle<()>)> {
        let (client, mut connection) = self.postgres.pool.connect().await?;
        let heard = self.heard.clone();
        let (own, own_process) = tokio::sync::oneshot::channel::<i32>();
        let driver = tokio::spawn(async move {
            let mut own_process = own_process;
            let mut own = None;
            while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                let AsyncMessage::Notification(notification) = message else { continue };
                own = own.or_else(|| own_process.try_recv().ok());
                if own == Some(notification.process_id()) {
                    continue;
                }
                for hint in notification.payload().split('\n') {
                    // Whoever does not keep up loses hints, and learns what they said from the store.
                    let _ = heard.try_send(Heard::Hint(hint.to_owned()));
                }
            }
        });
        let process: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        let _ = own.send(process);
        let quoted = self.channel.replace('"', "\"\"");
        client.batch_execute(&format!("{CASUAL}; LISTEN \"{quoted}\"")).await?;
        Ok((client, driver))
    }

    /// Tells what is to be told, until the line breaks or nobody listens.
    async fn serve(&mut self, client: &Client, mut driver: JoinHandle<()>) -> Result<()> {
        let mut next = Instant::now();
        let mut is_rung = true;
        loop {
            tokio::select! {
                _ = &mut driver => return Err(Error::Busy),
                () = self.heard.closed() => return Ok(()),
                hint = self.hints.recv(), if is_rung => {
                    let Some(hint) = hint else {
                        // Only ears are left.
                        is_rung = false;
                        continue;
                    };
                    sleep_until(next).await;
                    next = Instant::now() + GATHER;
                    self.tell(client, hint).await?;
                }
                () = sleep(QUIET) => within(client.batch_execute("")).await?,
            }
        }
    }

    /// Tells a hint and all that have gathered behind it.
    async fn tell(&mut self, client: &Client, first: String) -> Result<()> {
        let mut together = first;
        loop {
            match self.hints.try_recv() {
                Ok(hint) if together.len() + 1 + hint.len() <= MOST_BYTES => {
                    together.push('\n');
                    together.push_str(&hint);
                }
                Ok(hint) => {
                    let full = std::mem::replace(&mut together, hint);
                    self.notify(client, &full).await?;
                }
                Err(_nothing_more) => return self.notify(client, &together).await,
            }
        }
    }

    async fn notify(&self, client: &Client, payload: &str) -> Result<()> {
        let what: [(&(dyn ToSql + Sync), Type); 2] = [(&self.channel, Type::TEXT), (&payload, Type::TEXT)];
        within(client.execute_typed(TELL, &what)).await.map(drop)
    }
}

async fn within<T>(answer: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>) -> Result<T> {
    Ok(timeout(ANSWER, answer).await.map_err(|_late| Error::Busy)??)
}
