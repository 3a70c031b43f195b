//! The stream under a connection, in two halves: TCP, known as such, or anything else that reads and writes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// What a connection can run over besides TCP.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The half that is read.
pub(crate) enum Source {
    Tcp(OwnedReadHalf),
    Other(ReadHalf<Box<dyn Stream>>),
}

/// The half that is written.
pub(crate) enum Sink {
    Tcp(OwnedWriteHalf),
    Other(Relayed),
}

pub(crate) fn tcp(stream: TcpStream) -> (Source, Sink) {
    let (source, sink) = stream.into_split();
    (Source::Tcp(source), Sink::Tcp(sink))
}

pub(crate) fn other(stream: Box<dyn Stream>) -> (Source, Sink) {
    let (source, sink) = tokio::io::split(stream);
    (Source::Other(source), Sink::Other(Relayed::new(sink)))
}

impl Source {
    /// Reads what is there, without holding a buffer while nothing is.
    ///
    /// Over TCP this waits in the one place for a reader's waker that hyper's finished task waited in, and so frees that task.
    /// `readable()` waits elsewhere and would keep 2 KB alive for as long as the connection is idle.
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(half) => Pin::new(half).poll_read(cx, buffer),
            Self::Other(half) => Pin::new(half).poll_read(cx, buffer),
        }
    }
}

impl Sink {
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(half) => send(half.as_ref(), bytes),
            Self::Other(half) => half.try_write(bytes),
        }
    }

    pub(crate) fn poll_writable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(half) => half.as_ref().poll_write_ready(cx),
            Self::Other(half) => half.poll_writable(cx).map(Ok),
        }
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(half) => Pin::new(half).poll_flush(cx),
            Self::Other(half) => half.poll(Some(cx), AsyncWrite::poll_flush),
        }
    }

    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(half) => Pin::new(half).poll_shutdown(cx),
            Self::Other(half) => half.poll(Some(cx), AsyncWrite::poll_shutdown),
        }
    }
}

/// Sends on a socket without asking the runtime first whether there is room: among thousands of sockets, what it
/// knows of this one is in no cache.
fn send(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    match SockRef::from(stream).send(bytes) {
        // Tried once more by the runtime's way, so that it learns that there is no room, and notices when there is.
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
            stream.try_write(bytes)
        }
        sent => sent,
    }
}

/// A stream that cannot be asked whether it is writable, only polled to write.
///
/// Whatever it waits for, it wakes the relay, which remembers that and wakes whoever waits for the stream. So a write may be
/// tried outside of any task, and its readiness awaited later in one.
pub(crate) struct Relayed {
    half: WriteHalf<Box<dyn Stream>>,
    relay: Arc<Relay>,
}

impl Relayed {
    fn new(half: WriteHalf<Box<dyn Stream>>) -> Self {
        let relay = Arc::new(Relay(Mutex::new(Readiness { ready: true, waiting: None })));
        Self { half, relay }
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.poll(None, |half, cx| half.poll_write(cx, bytes)) {
            Poll::Ready(result) => result,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn poll_writable(&self, cx: &Context<'_>) -> Poll<()> {
        self.relay.with(|readiness| {
            if readiness.ready {
                return Poll::Ready(());
            }
            readiness.waiting = Some(cx.waker().clone());
            Poll::Pending
        })
    }

    /// Polls the stream on the relay's behalf. A wake that comes while it is polled must not be lost: so not ready *before*.
    fn poll<T>(
        &mut self,
        cx: Option<&mut Context<'_>>,
        poll: impl FnOnce(Pin<&mut WriteHalf<Box<dyn Stream>>>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let waiting = cx.map(|cx| cx.waker().clone());
        self.relay.with(|readiness| *readiness = Readiness { ready: false, waiting });
        let waker = Waker::from(Arc::clone(&self.relay));
        let result = poll(Pin::new(&mut self.half), &mut Context::from_waker(&waker));
        if result.is_ready() {
            self.relay.with(|readiness| readiness.ready = true);
        }
        result
    }
}

struct Relay(Mutex<Readiness>);

struct Readiness {
    ready: bool,
    waiting: Option<Waker>,
}

impl Relay {
    fn with<T>(&self, look: impl FnOnce(&mut Readiness) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        let waiting = self.with(|readiness| {
            readiness.ready = true;
            readiness.waiting.take()
        });
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}
