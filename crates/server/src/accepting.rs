//! Accepting connections: a bounded number, each with deadlines, until the server stops.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use parlour_contract::{Lasting, Network, Peer};
use parlour_model::SourcePrefix;
use pin_project_lite::pin_project;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

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

/// How long the kernel may sit on bytes that a peer does not take before it gives the connection up. While we hold it,
/// deadlines of our own come first; this is for what is still to be sent when it is closed, and for idle sockets.
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
pub(crate) async fn accept<S, B>(listener: TcpListener, service: S, most: Places, mut stop: watch::Receiver<bool>)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: hyper::body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let places = Arc::new(Semaphore::new(most.all));
    let sources = Arc::new(Sources::default());
    let watched = Arc::new(Mutex::new(Vec::new()));
    tokio::spawn(keep_deadlines(Arc::downgrade(&watched)));
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = next(&listener, &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let Some(share) = sources.enter(peer.ip(), &most) else { continue };
        let life = Arc::new(Life::default());
        let service = Introducing { service: service.clone(), peer: Peer(peer.ip()), life: life.clone() };
        tokio::spawn(serve(stream, service, Living(life.clone()), (place, share)));
        lock(&watched).push(Watched::new(life));
    }
    drop(listener);
    for connection in lock(&watched).iter() {
        connection.life.tell(FINISH);
    }
    // Every connection holds a place until it is over.
    let all = u32::try_from(most.all).unwrap_or(u32::MAX);
    drop(places.acquire_many(all).await);
}

/// What a connection is told: nothing, to finish what is under way and take no more, or to end as it is.
const GO_ON: u8 = 0;
const FINISH: u8 = 1;
const END: u8 = 2;

/// What those who keep the deadlines know of a connection, and tell it.
#[derive(Default)]
struct Life {
    /// What it has been doing: a step when a request's head has come, another when its answer is ready. An odd number
    /// of steps is a request without its answer, for HTTP/1 answers one request after the other. It may wrap.
    steps: AtomicU32,
    told: AtomicU8,
    /// Woken when it is told something. A handle of its task would do, too, but would keep the task's memory for
    /// as long as somebody might use it.
    task: Mutex<Option<Waker>>,
}

impl Life {
    fn step(&self) {
        // Only the connection's own task comes by here, so nobody adds between the load and the store.
        self.steps.store(self.steps.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    fn tell(&self, what: u8) {
        self.told.store(what, Ordering::Release);
        let task = lock(&self.task).take();
        if let Some(task) = task {
            task.wake();
        }
    }
}

/// A connection's own hold of its life.
struct Living(Arc<Life>);

impl Drop for Living {
    fn drop(&mut self) {
        *lock(&self.0.task) = None;
    }
}

/// A connection under a deadline.
struct Watched {
    life: Arc<Life>,
    steps: u32,
    quiet_since: Instant,
}

impl Watched {
    fn new(life: Arc<Life>) -> Self {
        Self { life, steps: 0, quiet_since: Instant::now() }
    }

    /// Looks at the connection. `false` when it is over, and it is over when it was quiet for too long.
    fn look(&mut self, now: Instant) -> bool {
        let steps = self.life.steps.load(Ordering::Relaxed);
        if steps != self.steps || !steps.is_multiple_of(2) {
            self.steps = steps;
            self.quiet_since = now;
        }
        if now - self.quiet_since > HEAD_DEADLINE {
            self.life.tell(END);
        }
        // Nobody else has it any more.
        Arc::strong_count(&self.life) > 1
    }
}

/// Looks at all connections for as long as somebody accepts them.
async fn keep_deadlines(watched: Weak<Mutex<Vec<Watched>>>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = Instant::now();
        let Some(watched) = watched.upgrade() else { return };
        let mut watched = lock(&watched);
        watched.retain_mut(|connection| connection.look(now));
        // Thousands that have come at once and became sockets are not kept room for.
        let kept = watched.len();
        watched.shrink_to(kept * 2);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

async fn serve<S, B>(stream: TcpStream, service: S, living: Living, place: (OwnedSemaphorePermit, Share))
where
    S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
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
        // Answers are small: copied behind their head they cost less than a gathering write.
        .writev(false)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let mut told = GO_ON;
    let task = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
    *lock(&living.0.task) = Some(task);
    let served = poll_fn(|cx| {
        let now_told = living.0.told.load(Ordering::Acquire);
        if now_told != told {
            told = now_told;
            if told == END {
                return Poll::Ready(());
            }
            *lock(&living.0.task) = Some(cx.waker().clone());
            connection.as_mut().graceful_shutdown();
        }
        // Whatever ends a connection is the peer's affair: there is nobody left to tell.
        connection.as_mut().poll(cx).map(drop)
    });
    served.await;
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
        let mut counts = lock(&self.0);
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
        let mut counts = lock(&self.sources.0);
        if let Some(count) = counts.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.source);
            }
        }
    }
}

/// Puts the peer's address into every request.
struct Introducing<S> {
    service: S,
    peer: Peer,
    life: Arc<Life>,
}

pin_project! {
    /// An answer in the making. Dropping it is the end of it, too.
    struct Answering<F> {
        #[pin]
        answer: F,
        unanswered: Option<Unanswered>,
    }
}

/// A request whose answer is not ready.
struct Unanswered(Arc<Life>);

impl Unanswered {
    fn new(life: &Arc<Life>) -> Self {
        life.step();
        Self(life.clone())
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        self.0.step();
    }
}

impl<F, B, E> Future for Answering<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let answer = ready!(this.answer.poll(context));
        // One that goes on is not answered before it is over.
        if let Ok(response) = &answer
            && let Some(lasting) = response.extensions().get::<Lasting>()
        {
            this.unanswered.take().into_iter().for_each(|unanswered| lasting.keep(unanswered));
        }
        Poll::Ready(answer)
    }
}

impl<S, B> Service<Request<Incoming>> for Introducing<S>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let unanswered = Some(Unanswered::new(&self.life));
        request.extensions_mut().insert(self.peer);
        Answering { answer: self.service.call(request), unanswered }
    }
}
