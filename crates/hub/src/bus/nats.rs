//! The bus over NATS: its core, which keeps nothing. A subject for what concerns all nodes, and one for each active room.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::carrier::{Carrier, Inbox, Topic};
use crate::history::BoxFuture;
use crate::lock::lock;

/// The most letters that wait to be sent, and again in the client.
const MOST_WAITING: usize = 1_024;

/// The most letters of one subject that wait to be read. What is over is dropped by the client.
const MOST_UNREAD: usize = 4_096;

/// NATS refuses more than 1 MiB unless it was told otherwise; the rest is for what it writes itself.
const MOST_BYTES: usize = 960 * 1024;

/// A line that carries nothing is tried so often; a second silence in a row and it counts as broken.
const PING_EVERY: Duration = Duration::from_secs(1);

/// How long one attempt to connect may take, and how long is waited between two: twice as long each time, up to a bound.
const CONNECTING: Duration = Duration::from_secs(3);
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long the last letters may take before the node stops.
const FLUSHING: Duration = Duration::from_secs(1);

/// Where NATS is, and how one is let in.
#[derive(Clone)]
pub struct NatsSettings {
    /// Its servers: `nats://user:password@host:4222` or `tls://…`.
    pub urls: Vec<String>,
    /// A credentials file as NATS makes them.
    pub credentials: Option<PathBuf>,
    /// A file with the certificates of the authorities that are believed besides the system's.
    pub ca: Option<PathBuf>,
    /// What all subjects begin with: several clusters may share the servers.
    pub prefix: String,
}

impl fmt::Debug for NatsSettings {
    /// Without the URLs, which may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsSettings").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// The bus over NATS.
pub struct Nats {
    shared: Arc<Shared>,
    queue: mpsc::Sender<Parcel>,
    sending: Mutex<Option<mpsc::Receiver<Parcel>>>,
    inbox: OnceLock<Inbox>,
    /// What is heard, with the task of each.
    heard: Mutex<HashMap<Topic, AbortHandle>>,
    tasks: Mutex<Vec<AbortHandle>>,
}

struct Shared {
    servers: Vec<ServerAddr>,
    login: Option<(String, String)>,
    credentials: Option<String>,
    ca: Option<PathBuf>,
    prefix: String,
    client: watch::Sender<Option<Client>>,
}

enum Parcel {
    Letter(Topic, Bytes),
    /// Says when all before it is sent.
    Flush(oneshot::Sender<()>),
}

impl Nats {
    /// Reads the settings. It connects when the hub starts, however long that takes.
    ///
    /// # Errors
    /// A sentence for the operator, without a secret: a URL or a file that cannot be read.
    pub fn new(settings: NatsSettings) -> Result<Self, String> {
        let NatsSettings { urls, credentials, ca, prefix } = settings;
        let mut servers = Vec::new();
        let mut login = None;
        for url in &urls {
            let (server, own_login) = server(url).ok_or("no URL of a NATS server")?;
            servers.push(server);
            login = login.or(own_login);
        }
        let in_file = |path: &PathBuf, error: std::io::Error| format!("{}: {error}", path.display());
        let credentials = credentials.map(|path| std::fs::read_to_string(&path).map_err(|error| in_file(&path, error)));
        let credentials = credentials.transpose()?;
        if let Some(text) = &credentials {
            ConnectOptions::with_credentials(text).map_err(|_| "the credentials of NATS cannot be read")?;
        }
        if let Some(ca) = &ca {
            std::fs::metadata(ca).map_err(|error| in_file(ca, error))?;
        }
        let shared = Shared { servers, login, credentials, ca, prefix, client: watch::Sender::new(None) };
        let (queue, sending) = mpsc::channel(MOST_WAITING);
        Ok(Self {
            shared: Arc::new(shared),
            queue,
            sending: Mutex::new(Some(sending)),
            inbox: OnceLock::new(),
            heard: Mutex::default(),
            tasks: Mutex::default(),
        })
    }

    fn hear(&self, topic: Topic) -> Option<oneshot::Receiver<()>> {
        let (now, in_force) = oneshot::channel();
        let inbox = self.inbox.get()?.clone();
        let task = tokio::spawn(listen(self.shared.client.subscribe(), self.shared.subject(topic), inbox, now));
        // One that was heard before under this topic is over: topics come and go in order.
        if let Some(other) = lock(&self.heard).insert(topic, task.abort_handle()) {
            other.abort();
        }
        Some(in_force)
    }
}

impl Carrier for Nats {
    fn begin(&self, inbox: Inbox) {
        let (Ok(()), Some(sending)) = (self.inbox.set(inbox.clone()), lock(&self.sending).take()) else { return };
        let connecting = tokio::spawn(Arc::clone(&self.shared).keep_connected(inbox));
        let sending = tokio::spawn(Arc::clone(&self.shared).send_all(sending));
        lock(&self.tasks).extend([connecting.abort_handle(), sending.abort_handle()]);
        self.hear(Topic::All);
    }

    fn send(&self, topic: Topic, letter: Bytes) -> bool {
        // What waited until NATS is back would be old by then.
        self.shared.client.borrow().is_some() && self.queue.try_send(Parcel::Letter(topic, letter)).is_ok()
    }

    fn tune_in(&self, topic: Topic) -> BoxFuture<'static, ()> {
        let in_force = self.hear(topic);
        Box::pin(async move {
            if let Some(in_force) = in_force {
                // An end without word is as good as one with it.
                let _ = in_force.await;
            }
        })
    }

    fn tune_out(&self, topic: Topic) {
        if let Some(task) = lock(&self.heard).remove(&topic) {
            task.abort();
        }
    }

    fn most_bytes(&self) -> usize {
        MOST_BYTES
    }

    fn flush(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let (done, is_done) = oneshot::channel();
            let flushing = async {
                if self.queue.send(Parcel::Flush(done)).await.is_ok() {
                    let _ = is_done.await;
                }
            };
            let _late = timeout(FLUSHING, flushing).await;
        })
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let heard = lock(&self.heard);
        lock(&self.tasks).iter().chain(heard.values()).for_each(AbortHandle::abort);
    }
}

impl Shared {
    fn subject(&self, topic: Topic) -> String {
        match topic {
            Topic::All => format!("{}.all", self.prefix),
            Topic::Room(hash) => format!("{}.room.{hash:016x}", self.prefix),
        }
    }

    /// Connects, and again whenever the client has given up: it tries itself as long as it is let in.
    async fn keep_connected(self: Arc<Self>, inbox: Inbox) {
        let mut attempts = 0;
        while !inbox.is_over() {
            let closed = Arc::new(Notify::new());
            let connecting = self.options(&inbox, &closed).connect(&self.servers[..]);
            match connecting.await {
                Ok(client) => {
                    attempts = 0;
                    self.client.send_replace(Some(client));
                    inbox.set_connected(true);
                    closed.notified().await;
                    inbox.set_connected(false);
                    self.client.send_replace(None);
                }
                Err(error) if attempts == 0 => warn!(%error, "NATS cannot be reached; trying again"),
                Err(_still_away) => {}
            }
            attempts += 1;
            sleep(pause(attempts, &inbox)).await;
        }
    }

    fn options(&self, inbox: &Inbox, closed: &Arc<Notify>) -> ConnectOptions {
        let mut options = ConnectOptions::new();
        if let Some((user, password)) = &self.login {
            options = options.user_and_password(user.clone(), password.clone());
        }
        if let Some(credentials) = &self.credentials {
            // They were read at the start, and the same text is read the same way again.
            options = options.credentials(credentials).unwrap_or_default();
        }
        if let Some(ca) = &self.ca {
            options = options.add_root_certificates(ca.clone());
        }
        let (telling, closed, waiting) = (inbox.clone(), Arc::clone(closed), inbox.clone());
        options
            .name("parlour")
            .no_echo()
            .ping_interval(PING_EVERY)
            .connection_timeout(CONNECTING)
            .client_capacity(MOST_WAITING)
            .subscription_capacity(MOST_UNREAD)
            .reconnect_delay_callback(move |attempts| pause(attempts, &waiting))
            .event_callback(move |event| {
                heed(&event, &telling, &closed);
                std::future::ready(())
            })
    }

    async fn send_all(self: Arc<Self>, mut parcels: mpsc::Receiver<Parcel>) {
        while let Some(parcel) = parcels.recv().await {
            let client = self.client.borrow().clone();
            let Some(client) = client else { continue };
            // What fails here is a hint that is lost.
            match parcel {
                Parcel::Letter(topic, letter) => drop(client.publish(self.subject(topic), letter).await),
                Parcel::Flush(done) => {
                    drop(client.flush().await);
                    let _ = done.send(());
                }
            }
        }
    }
}

fn heed(event: &Event, inbox: &Inbox, closed: &Notify) {
    match event {
        Event::Connected => {
            info!("NATS is connected");
            inbox.set_connected(true);
        }
        Event::Disconnected => {
            warn!("NATS is away; other nodes are heard through the database");
            inbox.set_connected(false);
        }
        Event::Closed => closed.notify_one(),
        Event::SlowConsumer(_) => tracing::debug!("hints came faster than they were read, and some are lost"),
        other => tracing::debug!(%other, "NATS"),
    }
}

/// Hears one subject, over whichever client there is.
async fn listen(
    mut clients: watch::Receiver<Option<Client>>,
    subject: String,
    inbox: Inbox,
    in_force: oneshot::Sender<()>,
) {
    let mut in_force = Some(in_force);
    loop {
        let client = clients.wait_for(Option::is_some).await.ok().and_then(|client| client.clone());
        let Some(client) = client else { return };
        if let Ok(mut letters) = client.subscribe(subject.clone()).await {
            // NATS takes what comes from one client in order: whoever is asked after this is heard.
            drop(client.flush().await);
            if let Some(in_force) = in_force.take() {
                // Whoever has not waited so long needs no word.
                let _ = in_force.send(());
            }
            while let Some(letter) = letters.next().await {
                inbox.take(&letter.payload);
            }
        }
        if clients.changed().await.is_err() {
            return;
        }
    }
}

/// How long is waited before an attempt; nodes that lost the same server do not all come at once.
fn pause(attempts: usize, inbox: &Inbox) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    let longest = (SHORTEST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE);
    let chance = inbox.node().0.rotate_left(doublings * 8).to_le_bytes()[0];
    longest / 2 + longest / 2 * u32::from(chance) / 256
}

/// The server without its secrets, which the client would write into a log of the finest level, and those.
fn server(url: &str) -> Option<(ServerAddr, Option<(String, String)>)> {
    let whole: ServerAddr = url.trim().parse().ok()?;
    let login = whole.username().map(decoded).zip(whole.password().map(decoded));
    let (scheme, rest) = url.trim().split_once("://").unwrap_or(("nats", url.trim()));
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    Some((format!("{scheme}://{place}").parse().ok()?, login))
}

/// What stands for `%40` and its like (RFC 3986 §2.1). What is none stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let digits = others.first_chunk::<2>().filter(|_| *first == b'%').and_then(|two| str::from_utf8(two).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = &others[if byte.is_some() { 2 } else { 0 }..];
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_out_of_the_url() {
        let (address, login) = server("nats://ada:p%40ss@bus.example.com:4223").expect("a URL");
        assert_eq!(login, Some(("ada".to_owned(), "p@ss".to_owned())));
        assert!(!format!("{address:?}").contains("40ss"), "{address:?}");
        assert_eq!((address.host(), address.port()), ("bus.example.com", 4223));
        let (address, login) = server("tls://bus.example.com").expect("a URL");
        assert!(address.tls_required() && login.is_none());
        assert!(server("nats://:::").is_none());
    }
}
