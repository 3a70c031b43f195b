//! The half of a connection that listens.

use std::cell::Cell;
use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::task::{Context, Poll, ready};
use std::{error, fmt, io};

use bytes::{Buf, BytesMut};
use tokio::io::ReadBuf;

use crate::message::Decoder;
use crate::transport::Source;
use crate::{Incoming, Limits, Violation};

/// The half that listens.
///
/// While nothing comes, it holds no buffer; in the middle of a message it holds what has come of it.
pub struct Reader {
    source: Source,
    message_bytes: usize,
    /// Whether compressed messages were agreed on.
    deflate: bool,
    peer: Peer,
    /// What has come and is not whole. An idle connection has none.
    begun: Option<Box<Begun>>,
}

/// What has come of messages that are not whole.
struct Begun {
    decoder: Decoder,
    /// Bytes that came in one read with a message, after it.
    unread: BytesMut,
}

/// Where what has come is while it is being looked at: only what must be kept is worth an allocation.
enum Place {
    New(Begun),
    Kept(Box<Begun>),
}

impl Place {
    fn into_box(self) -> Box<Begun> {
        match self {
            Self::New(begun) => Box::new(begun),
            Self::Kept(begun) => begun,
        }
    }
}

impl Deref for Place {
    type Target = Begun;

    fn deref(&self) -> &Begun {
        match self {
            Self::New(begun) => begun,
            Self::Kept(begun) => begun,
        }
    }
}

impl DerefMut for Place {
    fn deref_mut(&mut self) -> &mut Begun {
        match self {
            Self::New(begun) => begun,
            Self::Kept(begun) => begun,
        }
    }
}

impl Begun {
    fn is_something(&self) -> bool {
        self.decoder.has_begun() || !self.unread.is_empty()
    }

    fn decode_unread(&mut self) -> Poll<Result<Option<Incoming>, ReadError>> {
        let (taken, incoming) = self.decoder.decode(&mut self.unread)?;
        self.unread.advance(taken);
        Poll::Ready(Ok(incoming))
    }
}

/// Whether more is to be expected from the peer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Peer {
    Speaking,
    /// It said so, with a close frame.
    Closed,
    /// It broke the protocol: what follows has no meaning.
    Broken,
    /// The stream is at its end.
    Gone,
}

/// Why there is no next message.
#[derive(Debug)]
pub enum ReadError {
    /// The peer broke the protocol. [`Connection::close`] with [`Violation::close_code`] tells it so.
    Violation(Violation),
    /// The stream failed.
    Io(io::Error),
    /// The stream ended without a close frame, or an earlier call gave the last that there was.
    Ended,
}

impl Reader {
    /// Listens to `source`, of which `unread` was read with the handshake.
    pub(crate) fn new(source: Source, unread: &[u8], limits: Limits) -> Self {
        let mut reader =
            Self { source, message_bytes: limits.message_bytes, deflate: false, peer: Peer::Speaking, begun: None };
        let mut begun = reader.begun();
        // Copied, because hyper's buffer is larger than what is left in it and should not live on.
        begun.unread.extend_from_slice(unread);
        reader.keep(begun);
        reader
    }

    /// The next message, ping, pong or close. After a close or an error there is none.
    ///
    /// It may be dropped at any point, as `tokio::select!` does, and nothing is lost.
    pub async fn next(&mut self) -> Result<Incoming, ReadError> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Whether compressed messages were agreed on: this peer sends them as it likes, and takes
    /// [`frame::deflated_text`] as well as [`frame::text`].
    pub fn takes_deflated(&self) -> bool {
        self.deflate
    }

    pub(crate) fn set_deflate(&mut self, deflate: bool) {
        self.deflate = deflate;
        if let Some(begun) = &mut self.begun {
            begun.decoder.deflate = deflate;
        }
    }

    /// Whether a message has begun and is not whole: its parts are kept until it is. For the caller's deadlines.
    pub fn has_begun(&self) -> bool {
        self.begun.as_ref().is_some_and(|begun| begun.decoder.has_begun())
    }

    /// [`Reader::next`] for callers that poll. Only the task that polled last is woken.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Incoming, ReadError>> {
        if self.peer != Peer::Speaking {
            return Poll::Ready(Err(ReadError::Ended));
        }
        let result = ready!(self.poll_incoming(cx));
        self.peer = match &result {
            Ok(Incoming::Close(_)) => Peer::Closed,
            Ok(_) => return Poll::Ready(result),
            Err(ReadError::Violation(_)) => Peer::Broken,
            Err(_) => Peer::Gone,
        };
        // The rest will never be read, so it need not be kept until the connection is dropped.
        self.begun = None;
        Poll::Ready(result)
    }

    fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<Result<Incoming, ReadError>> {
        loop {
            let mut begun = self.begun();
            let incoming = if begun.unread.is_empty() { self.poll_read(&mut begun, cx) } else { begun.decode_unread() };
            self.keep(begun);
            if let Some(incoming) = ready!(incoming)? {
                return Poll::Ready(Ok(incoming));
            }
        }
    }

    /// Takes out what has come so far.
    fn begun(&mut self) -> Place {
        match self.begun.take() {
            Some(begun) => Place::Kept(begun),
            None => {
                Place::New(Begun { decoder: Decoder::new(self.message_bytes, self.deflate), unread: BytesMut::new() })
            }
        }
    }

    /// Keeps what has come, if it is not whole.
    fn keep(&mut self, begun: Place) {
        self.begun = begun.is_something().then(|| begun.into_box());
    }

    fn poll_read(&mut self, begun: &mut Begun, cx: &mut Context<'_>) -> Poll<Result<Option<Incoming>, ReadError>> {
        with_scratch(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            ready!(self.source.poll_read(cx, &mut buffer))?;
            let bytes = buffer.filled_mut();
            if bytes.is_empty() {
                return Poll::Ready(Err(ReadError::Ended));
            }
            let (taken, incoming) = begun.decoder.decode(bytes)?;
            begun.unread.extend_from_slice(&bytes[taken..]);
            Poll::Ready(Ok(incoming))
        })
    }

    /// Throws away all that still comes from a peer that broke the protocol.
    pub(crate) async fn drain_if_broken(&mut self) {
        if self.peer != Peer::Broken {
            return;
        }
        let source = &mut self.source;
        poll_fn(|cx| {
            with_scratch(|scratch| {
                loop {
                    let mut buffer = ReadBuf::new(scratch);
                    let result = ready!(source.poll_read(cx, &mut buffer));
                    if result.is_err() || buffer.filled().is_empty() {
                        return Poll::Ready(());
                    }
                }
            })
        })
        .await;
    }
}

/// Bytes read at once. Longer reads would save little, and this bounds what [`Reader::unread`] keeps for a slow caller.
const SCRATCH_BYTES: usize = 16 * 1024;

thread_local! {
    /// One buffer a thread instead of one a connection: it is used only between two awaits.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Lends the thread's buffer. Taken out while in use: a stream that reads from another connection finds a new one.
fn with_scratch<T>(read: impl FnOnce(&mut [u8]) -> T) -> T {
    let mut scratch = SCRATCH.take();
    scratch.resize(SCRATCH_BYTES, 0);
    let result = read(&mut scratch);
    SCRATCH.set(scratch);
    result
}

impl From<Violation> for ReadError {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation(violation) => violation.fmt(f),
            Self::Io(error) => error.fmt(f),
            Self::Ended => f.write_str("the stream ended"),
        }
    }
}

impl error::Error for ReadError {}
