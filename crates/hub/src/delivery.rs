//! The pump of one connection: reads, hands messages to the conversation, writes on where the socket was full, says farewell.
//!
//! What happens in a room does not come by here: its walker writes to the line.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use parlour_model::Event;
use parlour_websocket::{CloseCode, Connection as Socket, Incoming, Reader, frame};
use tokio::select;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, timeout_at};

use crate::company::{Company, Followed};
use crate::ending::Ending;
use crate::history::BoxFuture;
use crate::line::Line;
use crate::node::Inner;
use crate::reading::{FellBehind, Need, Reading};
use crate::seat::Attached;
use crate::turn::Turn;
use crate::{Connection, Followers, Hub, Seat};

/// How long a peer has to take the rest and answer our goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// How many messages of one peer may be under way. More wait in its socket.
const MOST_UNDER_WAY: u32 = 64;

/// A contract's side of a connection. Messages come one after the other, in order: the next when the answer is
/// there, which may be before the message is settled.
pub trait Conversation: Send {
    /// A text message came.
    fn text(&mut self, text: String, turn: Turn) -> impl Future<Output = ()> + Send;

    /// A binary message came.
    fn binary(&mut self, bytes: Bytes, turn: Turn) -> impl Future<Output = ()> + Send;
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

impl Hub {
    /// Serves a connection until it ends.
    ///
    /// Frames of the seat and replies go out in order. A message that takes long to handle holds up neither the seat
    /// nor pongs. A write that makes no progress, or a peer that is silent, for `idle_timeout` is a broken line. A seat
    /// that has fallen behind is closed with 1013 and `resume`. The hub's farewell is heard at any time; when a write
    /// is stuck then, the peer may not get to see why.
    ///
    /// The future is small, and does not grow with what the conversation does: it is what an idle connection costs.
    pub fn converse<C: Conversation + 'static>(
        &self,
        socket: Socket,
        connection: Arc<Connection>,
        mut seat: Option<Seat>,
        mut conversation: C,
    ) -> impl Future<Output = Parting> + Send + 'static {
        let Socket { reader, writer } = socket;
        let attached = match &mut seat {
            Some(seat) => seat.open(writer, &connection, reader.takes_deflated()),
            None => Attached::alone(self.0.open(writer, connection.signal(), None)),
        };
        let hub = Arc::clone(&self.0);
        let mut pump =
            Pump { hub, reader, attached, company: (), seat, connection, history: None, ahead: None, goodbye: None };
        // A block and not a function, because that keeps what it is given twice.
        async move {
            let ending = pump.run(&mut conversation).await;
            Box::pin(pump.end(ending)).await
        }
    }

    /// Serves a connection that follows many rooms, until it ends.
    ///
    /// As [`Hub::converse`], but what happens in the rooms is said when all that was said before is written: a follower
    /// whose room goes on without it meanwhile is ended, and its connection stays.
    pub fn converse_following<C: Conversation + 'static>(
        &self,
        socket: Socket,
        connection: Arc<Connection>,
        followers: Followers,
        mut conversation: C,
    ) -> impl Future<Output = Parting> + Send + 'static {
        let Socket { reader, writer } = socket;
        let attached = Attached::alone(self.0.open(writer, connection.signal(), None));
        followers.open(attached.line(), &connection, reader.takes_deflated());
        let (hub, company) = (Arc::clone(&self.0), Followed::new(followers));
        let mut pump =
            Pump { hub, reader, attached, company, seat: None, connection, history: None, ahead: None, goodbye: None };
        async move {
            let ending = pump.run(&mut conversation).await;
            Box::pin(pump.end(ending)).await
        }
    }
}

struct Pump<F> {
    hub: Arc<Inner>,
    reader: Reader,
    /// Dropped before the seat: who has gone is written to no more.
    attached: Attached,
    /// Whom it speaks for besides.
    company: F,
    seat: Option<Seat>,
    connection: Arc<Connection>,
    /// Kept here so that a page that is being read is not read anew.
    history: Option<BoxFuture<'static, Vec<Event>>>,
    /// Read while the one before it was being taken, and not yet handed over: who reads hears pings and the line's
    /// end. While there is one, nothing more is read.
    ahead: Option<Message>,
    /// What the peer said goodbye with. Its messages are finished first, so that it sees what became of them.
    goodbye: Option<Box<Ending>>,
}

enum Message {
    Text(String),
    Binary(Vec<u8>),
}

impl<F: Company> Pump<F> {
    async fn run<C: Conversation>(&mut self, conversation: &mut C) -> Ending {
        loop {
            // A busy room and a fast peer would otherwise keep this task running for as long as both last.
            consume_budget().await;
            let message = match poll_fn(|cx| self.poll_message(cx)).await {
                Ok(message) => message,
                Err(ending) => return ending,
            };
            let turn = Turn::begin(self.line());
            // Boxed, so that the task of an idle connection is not as large as a message needs it to be.
            let mut handling = Box::pin(hand_over(conversation, message, turn));
            let handled = poll_fn(|cx| match handling.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(Ok(())),
                Poll::Pending => self.step(cx).map_or_else(|ending| Poll::Ready(Err(ending)), |()| Poll::Pending),
            });
            if let Err(ending) = handled.await {
                return ending;
            }
        }
    }

    /// Waits for the next message, or for the end.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, Ending>> {
        self.step(cx)?;
        if self.owes() {
            return Poll::Pending;
        }
        self.ahead.take().map_or(Poll::Pending, |message| Poll::Ready(Ok(message)))
    }

    /// Does what can be done at present: heeds the signal, writes, and reads if the peer is listened to.
    fn step(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        self.connection.signal().heed(cx);
        if let Some(farewell) = self.connection.signal().farewell() {
            return Err(farewell.into());
        }
        self.poll_write(cx)?;
        if self.goodbye.is_some()
            && self.ahead.is_none()
            && self.line().has_room(1)
            && let Some(goodbye) = self.goodbye.take()
        {
            return Err(*goodbye);
        }
        let is_busy = self.ahead.is_some() || self.goodbye.is_some();
        if is_busy || !self.line().has_room(MOST_UNDER_WAY) || self.owes() {
            self.line().turn_deaf();
            return Ok(());
        }
        self.poll_read(cx)
    }

    /// Writes on, and reads the history for a seat that is behind.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        // Even if nothing can be written: a page that nobody takes would hold its place among all that are read.
        self.poll_history(cx);
        while self.line().poll_write(cx)? {
            if self.history.is_none() {
                self.history = match self.need()? {
                    Need::Nothing => return self.company.speak(self.attached.line(), cx),
                    Need::Ring => continue,
                    Need::Page(id, after) => Some(Box::pin(Arc::clone(&self.hub).page(id, after))),
                };
            }
            if !self.poll_history(cx) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes the page that is being read, if it is there.
    fn poll_history(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(Poll::Ready(events)) = self.history.as_mut().map(|page| page.as_mut().poll(cx)) else {
            return false;
        };
        self.history = None;
        if let Some(reading) = &mut self.line().out().reading {
            reading.read(&events);
        }
        true
    }

    fn need(&self) -> Result<Need, FellBehind> {
        self.line().out().reading.as_mut().map_or(Ok(Need::Nothing), Reading::go_on)
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        while let Poll::Ready(incoming) = self.reader.poll_next(cx) {
            self.line().hear();
            self.line().note_begun(self.reader.has_begun());
            match incoming? {
                Incoming::Text(text) => self.ahead = Some(Message::Text(text)),
                Incoming::Binary(bytes) => self.ahead = Some(Message::Binary(bytes)),
                Incoming::Ping(payload) => self.line().pong(&payload),
                Incoming::Pong(_) => {}
                Incoming::Close(close) => self.goodbye = Some(Box::new(close.into())),
            }
            if self.ahead.is_some() {
                return Ok(());
            }
            if self.goodbye.is_some() {
                return self.step(cx);
            }
        }
        self.line().note_begun(self.reader.has_begun());
        Ok(())
    }

    /// Whether the peer has not taken what it was answered.
    fn owes(&self) -> bool {
        self.line().out().owed() > self.company.unasked()
    }

    fn line(&self) -> &Arc<Line> {
        self.attached.line()
    }

    async fn end(mut self, ending: Ending) -> Parting {
        let seat = self.seat.take();
        let parting = match (&ending, self.goodbye.as_deref()) {
            (Ending::Gone, None | Some(Ending::Gone)) => Parting::Broken,
            // A peer that has said goodbye need not wait for the answer.
            (Ending::Gone, Some(Ending::Goodbye(code, _))) | (Ending::Goodbye(code, _), _) => Parting::after(*code),
        };
        self.company.part(parting);
        match ending {
            Ending::Gone => drop(self),
            Ending::Goodbye(CloseCode::TRY_AGAIN_LATER, reason) => {
                // Its seat is free at once. But whoever has fallen behind is not reading just now, and is to find out
                // why when it does: without a seat it costs next to nothing.
                let hub = Arc::clone(&self.hub);
                hub.runtime.spawn(self.linger(reason));
            }
            Ending::Goodbye(code, reason) => self.say_goodbye(code, reason, Instant::now() + GOODBYE).await,
        }
        match (seat, parting) {
            (Some(seat), Parting::Clean) => seat.leave(),
            // Somebody whose line broke may be back in a moment: the seat knows how long to wait.
            (seat, _) => drop(seat),
        }
        parting
    }

    /// Says goodbye to a peer that has fallen behind, for as long as it might still come to read it.
    async fn linger(self, reason: String) {
        let connection = Arc::clone(&self.connection);
        let deadline = Instant::now() + self.hub.settings.idle_timeout;
        select! {
            () = self.say_goodbye(CloseCode::TRY_AGAIN_LATER, reason, deadline) => {}
            _farewell = connection.farewell() => {}
        }
    }

    /// Says goodbye after what is still on its way out, if the peer takes it before the deadline.
    async fn say_goodbye(self, code: CloseCode, reason: String, deadline: Instant) {
        let Some((writer, mut last)) = self.line().finish() else { return };
        if let Some(word) = self.company.last_word(code, &reason) {
            last = [last, frame::text(&word)].concat().into();
        }
        let mut socket = Socket { reader: self.reader, writer };
        if matches!(timeout_at(deadline, socket.writer.write_all(&last)).await, Ok(Ok(()))) {
            // A peer that does not answer, or is gone already, changes nothing any more.
            let _ = socket.close(code, &reason, deadline).await;
        }
    }
}

async fn hand_over<C: Conversation>(conversation: &mut C, message: Message, turn: Turn) {
    match message {
        Message::Text(text) => conversation.text(text, turn).await,
        Message::Binary(bytes) => conversation.binary(bytes.into(), turn).await,
    }
}
