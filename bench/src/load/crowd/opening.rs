//! Opening thousands of connections: a few handshakes under way at a time, so that no backlog is ever full.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use super::dialect::Dialect;
use super::line::{Line, NOBODY};
use crate::Result;

/// Handshakes under way: enough to keep a server busy, few enough for any backlog.
const UNDER_WAY: usize = 512;

/// How long a server may leave all of them without an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who opens how many connections to which rooms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout<'a> {
    /// How the server wants to be spoken to.
    pub(crate) dialect: Dialect,
    /// What the rooms' names begin with; the number follows.
    pub(crate) name: &'a str,
    /// How many rooms.
    pub(crate) rooms: usize,
    /// Seats in each of them.
    pub(crate) seats: usize,
    /// How many of a room's seats send; they are its first ones.
    pub(crate) senders: usize,
    /// Tokens that the connections take by turns; without any, all are guests.
    pub(crate) tokens: &'a [String],
}

impl Layout<'_> {
    /// A room's name.
    pub(super) fn room(&self, number: usize) -> String {
        format!("{}-{number}", self.name)
    }

    /// The upgrade that the connection number `place` asks for: rooms by turns, so that a room's seats do not lie together in
    /// anybody's memory, as they would not where people come and go.
    fn request(&self, place: usize) -> String {
        let (room, seat) = (place % self.rooms, place / self.rooms);
        let token = self.tokens.get((seat + room) % self.tokens.len().max(1)).map(String::as_str);
        let protocol = match token.or(self.dialect.protocol()) {
            Some(protocol) => format!("Sec-WebSocket-Protocol: {protocol}\r\n"),
            None => String::new(),
        };
        // The nonce of RFC 6455 §1.3: it guards against caches, and there is none here.
        format!(
            "GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             {protocol}\r\n",
            self.dialect.path(&self.room(room)),
        )
    }

    /// Opens the connection number `place`: a room's seats are spread over the servers, and so are the rooms' first ones, who send.
    fn open(&self, addresses: &[SocketAddr], place: usize) -> Result<Line> {
        let (room, seat) = (place % self.rooms, place / self.rooms);
        let home = (room + seat) % addresses.len();
        let sender = if seat < self.senders { u32::try_from(room * self.senders + seat)? } else { NOBODY };
        Line::open(addresses[home], self.request(place).as_bytes(), u32::try_from(room)?, sender, u16::try_from(home)?)
    }
}

/// Opens all connections of `layout`, each registered under its number, and waits until the last one is upgraded.
pub(super) fn open_all(
    poll: &mut Poll,
    events: &mut Events,
    addresses: &[SocketAddr],
    layout: &Layout<'_>,
) -> Result<Vec<Line>> {
    let all = layout.rooms * layout.seats;
    let mut lines = Vec::with_capacity(all);
    let (mut upgraded, mut last) = (0, Instant::now());
    while upgraded < all {
        while lines.len() < all && lines.len() - upgraded < UNDER_WAY {
            let mut line = layout.open(addresses, lines.len())?;
            let interest =
                if line.sender == NOBODY { Interest::READABLE } else { Interest::READABLE | Interest::WRITABLE };
            poll.registry().register(&mut line.stream, Token(lines.len()), interest)?;
            lines.push(line);
        }
        poll.poll(events, Some(Duration::from_millis(100)))?;
        for event in &*events {
            let line = &mut lines[event.token().0];
            if event.is_readable() && line.upgraded()? {
                line.send(&layout.dialect.greeting(&layout.room(line.room as usize)))?;
                (upgraded, last) = (upgraded + 1, Instant::now());
            }
        }
        if last.elapsed() > PATIENCE {
            return Err(format!("{upgraded} of {all} connections were upgraded").into());
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_and_tokens_are_taken_by_turns() {
        let tokens = ["one".to_owned(), "two".to_owned()];
        let layout = Layout { dialect: Dialect::Rooms, name: "r", rooms: 2, seats: 2, senders: 1, tokens: &tokens };
        let told = |place| {
            let request = layout.request(place);
            let room = request.lines().next().and_then(|line| line.split('/').nth(4)).map(str::to_owned);
            let token =
                request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Protocol: ")).map(str::to_owned);
            (room.expect("a room"), token.expect("a token"))
        };
        let all = [0, 1, 2, 3].map(told).map(|(room, token)| format!("{room} {token}"));
        assert_eq!(all, ["r-0 one", "r-1 two", "r-0 two", "r-1 one"]);
        let guests = Layout { tokens: &[], ..layout };
        assert!(!guests.request(0).contains("Protocol"));
    }
}
