//! The pump of one connection: reads, hands messages to the conversation, writes what is pending, pings, says farewell.

use std::future::pending;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use parlour_websocket::{Close, CloseCode, Connection as Socket, Incoming, ReadError, Writer};
use tokio::select;
use tokio::task::coop::consume_budget;
use tokio::time::Instant;

use crate::line::{Broken, Line, drained};
use crate::seat::FellBehind;
use crate::settings::HubSettings;
use crate::{Connection, Farewell, Seat};

/// How long a peer has to take the rest and answer our goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// A contract's side of a connection. Messages come one after the other, in order.
pub trait Conversation: Send {
    /// A text message came.
    fn text(&mut self, text: String) -> impl Future<Output = Flow> + Send;

    /// A binary message came.
    fn binary(&mut self, bytes: Bytes) -> impl Future<Output = Flow> + Send;
}

/// What follows a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Nothing in particular.
    Go,
    /// These frames. Until they are written, nothing more is read from a peer that does not read.
    Reply(Bytes),
    /// The end, after what was said so far.
    Close(CloseCode, String),
}

/// How a connection ended, and so what its seat is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// The peer or this side said goodbye: [`Seat::leave`].
    Clean,
    /// The line broke, or the peer comes back at once: it reloads its page (1001), or was told to (1012, 1013).
    /// Drop the seat.
    Broken,
}

impl Parting {
    /// After a goodbye of either side with this code.
    fn after(code: CloseCode) -> Self {
        match code {
            // A browser says 1001 when it leaves the page, and cannot know whether to load it again.
            CloseCode::GOING_AWAY | CloseCode::SERVICE_RESTART | CloseCode::TRY_AGAIN_LATER => Self::Broken,
            _ => Self::Clean,
        }
    }
}

/// Serves a connection until it ends.
///
/// Frames of the seat and replies go out in order. A message that takes long to handle holds up neither the seat
/// nor pongs. A write that makes no progress, or a peer that is silent, for `idle_timeout` is a broken line. A seat
/// that has fallen behind is closed with 1013 and `resume`. The hub's farewell is heard at any time; when a write
/// is stuck then, the peer may not get to see why.
pub async fn converse<C: Conversation>(
    socket: Socket,
    connection: &Connection,
    seat: Option<&mut Seat>,
    conversation: &mut C,
    settings: &HubSettings,
) -> Parting {
    let mut pump =
        Pump { line: Line::new(socket, settings), connection, seat, message: None, goodbye: None, owes_reply: false };
    let ending = pump.run(conversation).await;
    pump.end(ending).await
}

struct Pump<'a> {
    line: Line,
    connection: &'a Connection,
    seat: Option<&'a mut Seat>,
    /// Read and not yet handed over. While there is one, nothing more is read.
    message: Option<Message>,
    /// What the peer said goodbye with. The message in hand is finished first, so that its sender sees its echo.
    goodbye: Option<Ending>,
    /// Whether a reply was queued that may not be written yet.
    owes_reply: bool,
}

enum Message {
    Text(String),
    Binary(Bytes),
}

/// Why the pump stops.
enum Ending {
    Gone,
    Goodbye(CloseCode, String),
}

/// What woke the pump.
enum Woken {
    Alarm,
    Farewell(Farewell),
    /// There are bytes to write, or room for them.
    Outbound(Result<(), Ending>),
    Inbound(Result<Incoming, ReadError>),
}

impl Pump<'_> {
    async fn run<C: Conversation>(&mut self, conversation: &mut C) -> Ending {
        loop {
            let message = match self.next_message().await {
                Ok(message) => message,
                Err(ending) => return ending,
            };
            let answered = self.until_answered(pin!(hand_over(conversation, message))).await;
            if let Err(ending) = answered.and_then(|flow| self.go_on(flow)) {
                return ending;
            }
        }
    }

    async fn next_message(&mut self) -> Result<Message, Ending> {
        loop {
            if !self.is_stuck_with_reply()
                && let Some(message) = self.message.take()
            {
                return Ok(message);
            }
            if self.message.is_none()
                && let Some(goodbye) = self.goodbye.take()
            {
                self.take_rest();
                return Err(goodbye);
            }
            self.step().await?;
        }
    }

    async fn until_answered(&mut self, mut answer: Pin<&mut impl Future<Output = Flow>>) -> Result<Flow, Ending> {
        loop {
            select! {
                flow = &mut answer => return Ok(flow),
                stepped = self.step() => stepped?,
            }
        }
    }

    fn go_on(&mut self, flow: Flow) -> Result<(), Ending> {
        match flow {
            Flow::Go => Ok(()),
            Flow::Reply(frames) => Ok(self.reply(frames)?),
            Flow::Close(code, reason) => {
                self.take_rest();
                Err(Ending::Goodbye(code, reason))
            }
        }
    }

    /// Puts what the seat still has before the goodbye.
    fn take_rest(&mut self) {
        if let Some(seat) = &mut self.seat {
            // A seat that has fallen behind is closed all the same, and with the better reason.
            let _ = seat.take_page(&mut self.line.out);
        }
    }

    fn reply(&mut self, frames: Bytes) -> Result<(), Broken> {
        self.owes_reply = true;
        if let Some(seat) = &self.seat {
            seat.outbox().answer(frames);
            return Ok(());
        }
        self.line.out.extend_from_slice(&frames);
        self.line.write()
    }

    fn is_stuck_with_reply(&mut self) -> bool {
        let queued = self.seat.as_ref().is_some_and(|seat| !seat.outbox().queue().is_empty());
        self.owes_reply &= queued || !self.line.out.is_empty();
        self.owes_reply
    }

    /// Waits for one thing to happen and does what follows from it. May be dropped while it waits.
    async fn step(&mut self) -> Result<(), Ending> {
        // A busy room and a fast peer would otherwise keep this task running for as long as both last.
        consume_budget().await;
        let listening = self.message.is_none() && self.goodbye.is_none();
        let Line { socket, out, unflushed, alarm, .. } = &mut self.line;
        let woken = select! {
            farewell = self.connection.farewell() => Woken::Farewell(farewell),
            () = alarm.as_mut() => Woken::Alarm,
            result = outbound(&mut socket.writer, self.seat.as_deref_mut(), out, unflushed) => Woken::Outbound(result),
            result = socket.reader.next(), if listening => Woken::Inbound(result),
        };
        match woken {
            Woken::Alarm => self.line.ring(listening)?,
            Woken::Farewell(farewell) => return Err(farewell.into()),
            Woken::Outbound(result) => result.and_then(|()| Ok(self.line.write()?))?,
            Woken::Inbound(result) => self.hear(result?)?,
        }
        Ok(())
    }

    fn hear(&mut self, incoming: Incoming) -> Result<(), Ending> {
        self.line.hear();
        match incoming {
            Incoming::Text(text) => self.take(Message::Text(text)),
            Incoming::Binary(bytes) => self.take(Message::Binary(bytes.into())),
            Incoming::Ping(payload) => self.line.pong(&payload)?,
            Incoming::Pong(_) => {}
            Incoming::Close(close) => self.goodbye = Some(close.into()),
        }
        Ok(())
    }

    fn take(&mut self, message: Message) {
        self.line.hear_message();
        self.message = Some(message);
    }

    async fn end(self, ending: Ending) -> Parting {
        match ending {
            Ending::Gone => Parting::Broken,
            Ending::Goodbye(code, reason) => {
                self.line.close(code, &reason, Instant::now() + GOODBYE).await;
                Parting::after(code)
            }
        }
    }
}

async fn hand_over<C: Conversation>(conversation: &mut C, message: Message) -> Flow {
    match message {
        Message::Text(text) => conversation.text(text).await,
        Message::Binary(bytes) => conversation.binary(bytes).await,
    }
}

/// Waits for room for what is on its way out, or, when there is nothing, for something of the seat.
async fn outbound(
    writer: &mut Writer,
    seat: Option<&mut Seat>,
    out: &mut BytesMut,
    unflushed: &mut bool,
) -> Result<(), Ending> {
    let was_empty = out.is_empty();
    drained(writer, out, unflushed).await?;
    match seat {
        _ if !was_empty => Ok(()),
        Some(seat) => Ok(seat.pending(out).await?),
        None => pending().await,
    }
}

impl From<Broken> for Ending {
    fn from(Broken: Broken) -> Self {
        Self::Gone
    }
}

impl From<FellBehind> for Ending {
    fn from(FellBehind: FellBehind) -> Self {
        Self::Goodbye(CloseCode::TRY_AGAIN_LATER, "resume".to_owned())
    }
}

impl From<Farewell> for Ending {
    fn from(farewell: Farewell) -> Self {
        let (code, reason) = match farewell {
            Farewell::SessionEnded => (CloseCode::POLICY, "session ended"),
            Farewell::Expired => (CloseCode::POLICY, "token expired"),
            Farewell::Restarting => (CloseCode::SERVICE_RESTART, "restarting"),
        };
        Self::Goodbye(code, reason.to_owned())
    }
}

impl From<Option<Close>> for Ending {
    /// The peer's goodbye, which is answered with its own code (RFC 6455 §5.5.1).
    fn from(close: Option<Close>) -> Self {
        Self::Goodbye(close.map_or(CloseCode::NORMAL, |close| close.code), String::new())
    }
}

impl From<ReadError> for Ending {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Violation(violation) => Self::Goodbye(violation.close_code(), violation.to_string()),
            ReadError::Io(_) | ReadError::Ended => Self::Gone,
        }
    }
}
