//! A socket as the pump sees it: bytes on their way out, and the times after which a line counts as broken.

use std::io;
use std::pin::Pin;

use bytes::{Buf, Bytes, BytesMut};
use parlour_websocket::{CloseCode, Connection as Socket, Writer, frame};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use crate::settings::HubSettings;

/// One socket.
pub(crate) struct Line {
    pub(crate) socket: Socket,
    /// Whole frames, but for the part of the first that is written.
    pub(crate) out: BytesMut,
    /// Whether the stream may still hold what was written.
    pub(crate) unflushed: bool,
    /// The answer to the last ping, while it has to wait: earlier ones need none (RFC 6455 §5.5.3).
    pong: Option<Bytes>,
    /// One timer for all deadlines. It may ring too early, never too late, and so is set only when it has rung.
    pub(crate) alarm: Pin<Box<Sleep>>,
    heard_at: Instant,
    /// Since when the bytes on their way out have made no progress.
    stuck_since: Option<Instant>,
    /// Since when a message of the peer's has been seen unfinished. Its parts take memory, and pongs in between would
    /// keep the line alive for ever.
    begun_at: Option<Instant>,
    ping_at: Instant,
    settings: HubSettings,
}

/// The line is broken.
#[derive(Debug)]
pub(crate) struct Broken;

impl Line {
    pub(crate) fn new(socket: Socket, settings: &HubSettings) -> Self {
        let now = Instant::now();
        let alarm_at = now + settings.ping_every.min(settings.idle_timeout);
        Self {
            socket,
            out: BytesMut::new(),
            unflushed: false,
            pong: None,
            alarm: Box::pin(sleep_until(alarm_at)),
            heard_at: now,
            stuck_since: None,
            begun_at: None,
            ping_at: now + settings.ping_every,
            settings: *settings,
        }
    }

    /// Something came from the peer.
    pub(crate) fn hear(&mut self) {
        self.heard_at = Instant::now();
    }

    /// A message came, and is whole.
    pub(crate) fn hear_message(&mut self) {
        self.begun_at = None;
    }

    pub(crate) fn pong(&mut self, payload: &[u8]) -> Result<(), Broken> {
        self.pong = Some(frame::pong(payload));
        self.write()
    }

    /// Writes as much as there is room for.
    pub(crate) fn write(&mut self) -> Result<(), Broken> {
        loop {
            if self.out.is_empty() {
                // Given back, because an idle connection should hold no buffer.
                self.out = BytesMut::from(self.pong.take().unwrap_or_default());
            }
            if self.out.is_empty() {
                return Ok(());
            }
            match self.socket.writer.try_write(&self.out) {
                Ok(0) => return Err(Broken),
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return Err(Broken),
            }
        }
        self.stuck_since.get_or_insert_with(Instant::now);
        Ok(())
    }

    fn advance(&mut self, written: usize) {
        self.out.advance(written);
        self.unflushed = true;
        self.stuck_since = None;
    }

    /// The alarm rang: pings, or finds that the peer is gone. Silence counts only while it is listened to.
    pub(crate) fn ring(&mut self, listening: bool) -> Result<(), Broken> {
        let now = Instant::now();
        let patience = self.settings.idle_timeout;
        let is_stuck = !self.out.is_empty() || self.unflushed;
        self.stuck_since = is_stuck.then(|| self.stuck_since.unwrap_or(now));
        if !listening {
            self.heard_at = now;
        }
        let unfinished = listening && self.socket.reader.has_begun();
        self.begun_at = unfinished.then(|| self.begun_at.unwrap_or(now));
        let waiting_since = [self.stuck_since, self.begun_at].into_iter().flatten().fold(self.heard_at, Instant::min);
        let gone_at = waiting_since + patience;
        if gone_at <= now {
            return Err(Broken);
        }
        if self.ping_at <= now {
            self.ping_at = now + self.settings.ping_every;
            self.ping()?;
        }
        let soon = now + self.settings.ping_every.min(patience);
        self.alarm.as_mut().reset(self.ping_at.min(gone_at).min(soon));
        Ok(())
    }

    /// Behind a write that is stuck a ping would prove nothing.
    fn ping(&mut self) -> Result<(), Broken> {
        if !self.out.is_empty() || self.unflushed {
            return Ok(());
        }
        self.out = BytesMut::from(frame::ping(b""));
        self.write()
    }

    /// Says goodbye after what is still on its way out, if the peer takes it before the deadline.
    pub(crate) async fn close(mut self, code: CloseCode, reason: &str, deadline: Instant) {
        let rest = self.socket.writer.write_all(&self.out);
        if matches!(timeout_at(deadline, rest).await, Ok(Ok(()))) {
            // A peer that does not answer, or is gone already, changes nothing any more.
            let _ = self.socket.close(code, reason, deadline).await;
        }
    }
}

/// Waits until bytes that are on their way out can go on. With `out` empty: until the stream holds none.
pub(crate) async fn drained(writer: &mut Writer, out: &BytesMut, unflushed: &mut bool) -> Result<(), Broken> {
    if !out.is_empty() {
        return writer.writable().await.map_err(|_| Broken);
    }
    if *unflushed {
        writer.flush().await.map_err(|_| Broken)?;
        *unflushed = false;
    }
    Ok(())
}
