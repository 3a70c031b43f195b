//! Who writes while the server is killed under them: they remember what was acknowledged, and come back.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;

use crate::http::Request;
use crate::ledger::Ledger;
use crate::people::{Credential, Door, ask};
use crate::room::{Message, Seat};

/// The server's lives, as its clients hear of them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Life {
    Before,
    Up(u32, SocketAddr),
    /// It may be dead already.
    Dying,
    /// There will be no more.
    Over,
}

/// How a writer hears of the server's lives.
pub(crate) type Lives = watch::Receiver<Life>;

/// Works through every life of the server. `work` ends only with the server.
pub(crate) async fn through(mut lives: Lives, mut work: impl AsyncFnMut(SocketAddr) -> io::Error) {
    let mut last = 0;
    loop {
        let later = |life: &Life| matches!(life, Life::Over) || matches!(life, Life::Up(number, _) if *number > last);
        let Life::Up(number, address) = *lives.wait_for(later).await.unwrap() else { return };
        last = number;
        let fault = work(address).await;
        assert!(!matches!(*lives.borrow(), Life::Up(now, _) if now == number), "nobody killed it: {fault}");
    }
}

/// Signs up one account after the other by one door.
pub(crate) struct Newcomers {
    door: Door,
    ledger: Arc<Ledger>,
    count: u32,
    /// Whether the sign-up of the present one was sent before and not answered.
    sent: bool,
}

impl Newcomers {
    pub(crate) fn new(door: Door, ledger: &Arc<Ledger>) -> Self {
        Self { door, ledger: Arc::clone(ledger), count: 0, sent: false }
    }

    pub(crate) async fn work(&mut self, address: SocketAddr) -> io::Error {
        loop {
            if let Err(fault) = self.next(address).await {
                return fault;
            }
        }
    }

    /// One more of them.
    pub(crate) async fn next(&mut self, address: SocketAddr) -> io::Result<()> {
        let name = format!("{:?}{}", self.door, self.count);
        self.sign_up(address, &name).await?;
        self.count += 1;
        self.sent = false;
        if self.door == Door::Cookies && self.count.is_multiple_of(2) {
            self.log_out(address, &name).await?;
        }
        self.log_in(address, &name).await
    }

    /// A sign-up that was not answered has made the whole account or nothing.
    async fn sign_up(&mut self, address: SocketAddr, name: &str) -> io::Result<()> {
        let again = std::mem::replace(&mut self.sent, true);
        let answer = ask(address, self.door.sign_up(name)).await?;
        let credentials = if again && self.door.is_taken(&answer) {
            self.begin_session(address, name).await?
        } else {
            self.door.granted(&answer.expect(201))
        };
        self.ledger.signed_up(self.door, name, credentials);
        Ok(())
    }

    async fn log_in(&self, address: SocketAddr, name: &str) -> io::Result<()> {
        let credentials = self.begin_session(address, name).await?;
        self.ledger.logged_in(name, credentials);
        Ok(())
    }

    async fn begin_session(&self, address: SocketAddr, name: &str) -> io::Result<Vec<Credential>> {
        let question = self.door.log_in(name);
        let status = question.2;
        Ok(self.door.granted(&ask(address, question).await?.expect(status)))
    }

    async fn log_out(&self, address: SocketAddr, name: &str) -> io::Result<()> {
        let credentials = self.ledger.in_doubt(name);
        for credential in &credentials {
            let Credential::Cookie(id) = credential else { unreachable!("only cookies log out here") };
            let request = Request::new(address, "DELETE", "/api/sessions/").session(id);
            request.attempt().await?.expect(200);
        }
        self.ledger.ended(credentials);
        Ok(())
    }
}

/// Says one thing after the other in a room, each until it was heard.
pub(crate) struct Talker {
    name: &'static str,
    token: String,
    room: &'static str,
    ledger: Arc<Ledger>,
    /// How much was heard to be said: the next message has this number for its key.
    count: u32,
}

impl Talker {
    pub(crate) fn new(name: &'static str, token: String, room: &'static str, ledger: &Arc<Ledger>) -> Self {
        Self { name, token, room, ledger: Arc::clone(ledger), count: 0 }
    }

    pub(crate) async fn work(&mut self, address: SocketAddr) -> io::Error {
        let mut seat = match Seat::take(address, self.room, &self.token, None).await {
            Ok(seat) => seat,
            Err(fault) => return fault,
        };
        loop {
            // What was not heard in the life before is said again, under the key that it had.
            let (key, text) = (format!("{}-{}", self.name, self.count), format!("{} says {}", self.name, self.count));
            match seat.post(&text, &key).await {
                Ok(heard) => self.heard(heard, &text),
                Err(closed) => {
                    assert_eq!(closed.code, None, "{closed:?}");
                    return io::Error::other("the line broke");
                }
            }
        }
    }

    fn heard(&mut self, heard: Message, text: &str) {
        assert_eq!((heard.sender.as_str(), heard.text.as_str()), (self.name, text));
        self.ledger.said(self.room, heard);
        self.count += 1;
    }
}
