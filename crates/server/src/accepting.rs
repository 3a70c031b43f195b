//! Accepting connections: a bounded number, each with deadlines, until the server stops.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use parlour_contract::{Network, Peer};
use parlour_model::SourcePrefix;
use pin_project_lite::pin_project;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tower::Service;

/// How long a request's head may take, how long a connection may wait for its next request, and how long an answer
/// may take to be read.
const HEAD_DEADLINE: Duration = Duration::from_secs(15);

/// How often the deadlines are looked at. One look at all connections costs less than a timer of each request.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The longest head of a request, bytes.
const MOST_HEAD_BYTES: usize = 32 * 1024;

/// What to do when the system has no more sockets: wait for some to close.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(50);

/// Connections that may wait to be accepted. The usual 1,024 overflows when a thousand clients come back at
/// once, and what overflows is reset; the kernel cuts this to its own limit.
const BACKLOG: u32 = 4_096;

/// Listens on an address, or on the first that a name stands for.
pub(crate) async fn listen(address: &str) -> io::Result<TcpListener> {
    let mut found = tokio::net::lookup_host(address).await?;
    let address = found.next().ok_or_else(|| io::Error::other("the name stands for no address"))?;
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Otherwise a restart waits for the last connections of the process before it.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// How long the kernel may sit on bytes that a peer does not take before it gives the connection up. Without it a
/// client that asks and never reads holds its place for ever.
const UNREAD_DEADLINE: Duration = Duration::from_mins(1);

/// The most connections of all, and from one source. Proxies are sources of their own, and are not counted.
#[derive(Clone)]
pub(crate) struct Places {
    pub(crate) all: usize,
    pub(crate) per_source: usize,
    pub(crate) uncounted: Vec<Network>,
}

/// Accepts on `listener` and serves every connection with a clone of `service`, until `stop` says so. Answers
/// when every connection is over, or handed to its WebSocket.
pub(crate) async fn accept<S, B>(listener: TcpListener, service: S, most: Places, stop: watch::Receiver<bool>)
where
    S: Service<hyper::Request<hyper::body::Incoming>, Response = hyper::Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: hyper::body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let places = Arc::new(Semaphore::new(most.all));
    let sources = Arc::new(Sources::default());
    let mut stopping = stop.clone();
    let watched = Arc::new(Mutex::new(Vec::new()));
    let deadlines = tokio::spawn(keep_deadlines(watched.clone()));
    loop {
        let accepted = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => break,
            accepted = next(&listener, &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let Some(share) = sources.enter(peer.ip(), &most) else { continue };
        let activity = Arc::new(Activity::default());
        let service = Introducing { service: service.clone(), peer: Peer(peer.ip()), activity: activity.clone() };
        let task = tokio::spawn(serve(stream, service, stop.clone(), (place, share)));
        watched.lock().unwrap_or_else(PoisonError::into_inner).push(Watched::new(task.abort_handle(), activity));
    }
    drop(listener);
    // Every connection holds a place until it is over.
    let all = u32::try_from(most.all).unwrap_or(u32::MAX);
    drop(places.acquire_many(all).await);
    deadlines.abort();
}

/// What a connection has been doing.
#[derive(Default)]
struct Activity {
    /// Requests whose head has come. It may wrap: only a change counts.
    heads: AtomicU32,
    /// Requests whose answer is not ready.
    unanswered: AtomicU32,
}

/// A connection under a deadline.
struct Watched {
    task: AbortHandle,
    activity: Arc<Activity>,
    heads: u32,
    quiet_since: Instant,
}

impl Watched {
    fn new(task: AbortHandle, activity: Arc<Activity>) -> Self {
        Self { task, activity, heads: 0, quiet_since: Instant::now() }
    }

    /// Looks at the connection. `false` when it is over, and it is over when it was quiet for too long.
    fn look(&mut self, now: Instant) -> bool {
        let heads = self.activity.heads.load(Ordering::Relaxed);
        if heads != self.heads || self.activity.unanswered.load(Ordering::Relaxed) > 0 {
            self.heads = heads;
            self.quiet_since = now;
        }
        if now - self.quiet_since > HEAD_DEADLINE {
            self.task.abort();
        }
        !self.task.is_finished()
    }
}

async fn keep_deadlines(watched: Arc<Mutex<Vec<Watched>>>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = Instant::now();
        let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.retain_mut(|connection| connection.look(now));
    }
}

async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    // A full house leaves the rest in the kernel's queue, where they cost nothing here.
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(OUT_OF_SOCKETS).await;
            None
        }
    }
}

async fn serve<S, B>(
    stream: TcpStream,
    service: S,
    mut stop: watch::Receiver<bool>,
    place: (OwnedSemaphorePermit, Share),
) where
    S: Service<hyper::Request<hyper::body::Incoming>, Response = hyper::Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: hyper::body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let _place = place;
    // Small answers must not wait for the peer's acknowledgement; a failure costs only time.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(UNREAD_DEADLINE));
    let connection = http1::Builder::new()
        // The deadlines are kept for all connections together.
        .header_read_timeout(None)
        .max_buf_size(MOST_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let stopped = async move { stop.wait_for(|stop| *stop).await.is_ok() };
    // Whatever ends a connection is the peer's affair: there is nobody left to tell.
    tokio::select! {
        biased;
        _ended = connection.as_mut() => return,
        _ = stopped => connection.as_mut().graceful_shutdown(),
    }
    let _ended = connection.await;
}

/// How many connections each source has.
#[derive(Default)]
struct Sources(Mutex<HashMap<SourcePrefix, usize>>);

/// A source's share of the places, given back when dropped.
struct Share {
    sources: Arc<Sources>,
    source: SourcePrefix,
}

impl Sources {
    /// Counts one more connection of a source; `None` when it has as many as it may.
    fn enter(self: &Arc<Self>, peer: IpAddr, most: &Places) -> Option<Share> {
        let source = SourcePrefix::of(peer);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(source).or_default();
        if *count >= most.per_source && !most.uncounted.iter().any(|network| network.contains(peer)) {
            return None;
        }
        *count += 1;
        Some(Share { sources: self.clone(), source })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut counts = self.sources.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.source);
            }
        }
    }
}

/// Puts the peer's address into every request.
#[derive(Clone)]
struct Introducing<S> {
    service: S,
    peer: Peer,
    activity: Arc<Activity>,
}

pin_project! {
    /// An answer in the making. Dropping it is the end of it, too.
    struct Answering<F> {
        #[pin]
        answer: F,
        _unanswered: Unanswered,
    }
}

/// A request whose answer is not ready.
struct Unanswered(Arc<Activity>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        self.0.unanswered.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<F: Future> Future for Answering<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.project().answer.poll(context)
    }
}

impl<S, B> Service<hyper::Request<B>> for Introducing<S>
where
    S: Service<hyper::Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: hyper::Request<B>) -> Self::Future {
        self.activity.heads.fetch_add(1, Ordering::Relaxed);
        self.activity.unanswered.fetch_add(1, Ordering::Relaxed);
        request.extensions_mut().insert(self.peer);
        Answering { answer: self.service.call(request), _unanswered: Unanswered(self.activity.clone()) }
    }
}
