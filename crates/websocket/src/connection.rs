//! A WebSocket after its handshake: what listens and what speaks, and the closing handshake that needs both.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::{fmt, io};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::reader::Reader;
use crate::transport::{self, Sink, Source};
use crate::{CloseCode, Deflate, frame};

/// What a peer may make this end keep.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest message, all its fragments together, in bytes; a compressed one as it comes and when inflated.
    pub message_bytes: usize,
}

/// One WebSocket, server side. Its halves can be taken apart and used in different tasks.
pub struct Connection {
    /// What the peer says.
    pub reader: Reader,
    /// What is said to it.
    pub writer: Writer,
}

impl Connection {
    /// Takes over the stream of a request that was answered with 101.
    ///
    /// If it is a [`TcpStream`], as hyper-util's [`TokioIo`] holds one, it is used as such from here on.
    pub fn from_upgraded(upgraded: Upgraded, limits: Limits) -> Self {
        match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => Self::new(transport::tcp(parts.io.into_inner()), &parts.read_buf, limits),
            Err(upgraded) => Self::from_stream(TokioIo::new(upgraded), limits),
        }
    }

    /// A connection over a socket that a handshake was done on.
    pub fn from_tcp(stream: TcpStream, limits: Limits) -> Self {
        Self::new(transport::tcp(stream), &[], limits)
    }

    /// A connection over any other stream that a handshake was done on, such as TLS.
    pub fn from_stream<S>(stream: S, limits: Limits) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        Self::new(transport::other(Box::new(stream)), &[], limits)
    }

    fn new((source, sink): (Source, Sink), unread: &[u8], limits: Limits) -> Self {
        let reader = Reader::new(source, unread, limits);
        Self { reader, writer: Writer { sink } }
    }

    /// The same connection, of whose messages any may come compressed if that was agreed on. To be said before it is read.
    #[must_use]
    pub fn with_deflate(mut self, agreed: Option<Deflate>) -> Self {
        self.reader.set_deflate(agreed.is_some());
        self
    }

    /// The closing handshake (RFC 6455 §7): sends a close frame, waits until the peer has sent its own, and ends the stream.
    ///
    /// This is also how a peer's close is answered, and how a connection is failed after a [`Violation`]: what is still coming
    /// is then thrown away, because a stream closed with bytes unread is reset and the peer might never see why.
    /// Messages that arrive meanwhile are dropped.
    ///
    /// Fails with [`io::ErrorKind::TimedOut`] if the peer does not do its part before `deadline`. The stream is closed in any case.
    pub fn close(
        mut self,
        code: CloseCode,
        reason: &str,
        deadline: Instant,
    ) -> impl Future<Output = io::Result<()>> + Send {
        // Boxed, so that the task of an idle connection is not as large as its last moment needs it to be.
        Box::pin(async move { timeout_at(deadline, self.say_goodbye(code, reason)).await? })
    }

    async fn say_goodbye(&mut self, code: CloseCode, reason: &str) -> io::Result<()> {
        self.writer.write_all(&frame::close(code, reason)).await?;
        while self.reader.next().await.is_ok() {}
        self.writer.shutdown().await?;
        self.reader.drain_if_broken().await;
        Ok(())
    }
}

/// The half that speaks: it takes encoded [`frame`]s, as many in one write as the caller likes.
///
/// Dropping it ends the sending direction of a TCP stream.
pub struct Writer {
    sink: Sink,
}

impl Writer {
    /// Writes as many of these bytes as there is room for right now, and says how many.
    ///
    /// Needs no task to run in. [`io::ErrorKind::WouldBlock`]: none; [`Writer::writable`] waits for room.
    pub fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink.try_write(bytes)
    }

    /// Whether [`Writer::try_write`] hands everything to the system at once, so that no [`Writer::flush`] is needed.
    pub fn is_direct(&self) -> bool {
        matches!(self.sink, Sink::Tcp(_))
    }

    /// Waits until it is worth trying to write.
    pub async fn writable(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_writable(cx)).await
    }

    /// [`Writer::writable`] for callers that poll. Only the task that polled last is woken.
    pub fn poll_writable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sink.poll_writable(cx)
    }

    /// Writes all of these bytes. If dropped on the way, a frame may be cut: then nothing more can be said.
    pub async fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.try_write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.writable().await?,
                Err(error) => return Err(error),
            }
        }
        self.flush().await
    }

    /// Sees out what a stream with a buffer of its own, such as TLS, still holds after [`Writer::try_write`] took it.
    /// Over TCP there is nothing to do.
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// [`Writer::flush`] for callers that poll. Only the task that polled last is woken.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sink.poll_flush(cx)
    }

    /// Ends the sending direction of the stream; the other may go on.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.sink.poll_shutdown(cx)).await
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_connection_is_small() {
        assert!(size_of::<Connection>() <= 72);
    }
}
