//! The bounds of every chat server: one thread, no log, nothing kept, and the kernel's own cost of telling everybody.
//!
//! Both speak enough of WebSocket for the same load, and send frames of the same length as the `rooms` contract's.

mod room;
mod wire;

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use super::store::Log;
use crate::Result;
use room::Room;
use wire::{ClientFrame, PING, Upgrade, append_message};

/// How messages reach the seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// One write for each message and seat: the least without batching.
    Send1,
    /// One write for each seat and everything that came meanwhile: the least there is.
    Batch,
    /// As `Send1`, when the server's own store has committed the message: the least without batching that loses nothing.
    Logged,
}

impl Way {
    /// How this program is told to be that floor, with so many seconds between pings, if any.
    pub(crate) fn arguments(self, ping: Option<u64>) -> Vec<String> {
        let role = match self {
            Self::Send1 => "send1",
            Self::Batch => "batch",
            Self::Logged => "logged",
        };
        let ping = ping.map(|seconds| format!("--ping-seconds={seconds}"));
        std::iter::once(role.to_owned()).chain(ping).collect()
    }
}

/// The listener's token; connections have their numbers.
const DOOR: Token = Token(usize::MAX);

/// What one read may bring.
const A_READ: usize = 64 << 10;

struct Floor {
    way: Way,
    /// Where each message goes before anybody hears it, if it is kept.
    log: Option<Log>,
    poll: Poll,
    listener: TcpListener,
    connections: Vec<Option<Connection>>,
    /// Numbers of connections that are gone.
    vacant: Vec<usize>,
    rooms: Vec<Room>,
    names: HashMap<String, usize>,
    /// Rooms with something pending.
    talking: Vec<usize>,
    buffer: Box<[u8]>,
    /// How long after the last ping comes the next, and when which connection is due: they stand in order by themselves.
    ping: Option<Duration>,
    due: VecDeque<(Instant, usize)>,
}

enum Connection {
    /// Its request has not come.
    New(TcpStream),
    Seated {
        room: usize,
        seat: usize,
        /// The beginning of a frame whose end is still on its way.
        rest: Option<Box<[u8]>>,
    },
}

/// Serves on a port of the system's choice, says where on standard output, and goes on until the process is ended.
pub(crate) fn serve(way: Way, log: Option<Log>, ping: Option<Duration>) -> Result<()> {
    let floor = Floor::open(way, log, ping)?;
    writeln!(io::stdout(), "http://{}", floor.listener.local_addr()?)?;
    floor.go_on()
}

impl Floor {
    fn open(way: Way, log: Option<Log>, ping: Option<Duration>) -> Result<Self> {
        let mut listener = TcpListener::bind("127.0.0.1:0".parse()?)?;
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, DOOR, Interest::READABLE)?;
        Ok(Self {
            way,
            log,
            poll,
            listener,
            connections: Vec::new(),
            vacant: Vec::new(),
            rooms: Vec::new(),
            names: HashMap::new(),
            talking: Vec::new(),
            buffer: vec![0; A_READ].into(),
            ping,
            due: VecDeque::new(),
        })
    }

    fn go_on(mut self) -> Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            self.turn(&mut events)?;
        }
    }

    fn turn(&mut self, events: &mut Events) -> Result<()> {
        let wait = self.due.front().map(|(due, _)| due.saturating_duration_since(Instant::now()));
        match self.poll.poll(events, wait) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        for event in &*events {
            match event.token() {
                DOOR => self.accept()?,
                Token(number) => self.serve(number, event.is_writable())?,
            }
        }
        for room in self.talking.drain(..) {
            self.rooms[room].deliver();
        }
        self.ping_those_due();
        Ok(())
    }

    fn accept(&mut self) -> Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let number = self.vacant.pop().unwrap_or(self.connections.len());
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll.registry().register(&mut stream, Token(number), interest)?;
            if number == self.connections.len() {
                self.connections.push(None);
            }
            self.connections[number] = Some(Connection::New(stream));
        }
    }

    fn serve(&mut self, number: usize, writable: bool) -> Result<()> {
        match self.connections[number].take() {
            Some(Connection::New(stream)) => self.greet(number, stream),
            Some(Connection::Seated { room, seat, rest }) => {
                if writable {
                    self.rooms[room].resume(seat);
                }
                self.listen(number, room, seat, rest)
            }
            None => Ok(()),
        }
    }

    /// Upgrades a connection whose request has come. It comes in one piece, for the load writes it so.
    fn greet(&mut self, number: usize, mut stream: TcpStream) -> Result<()> {
        let count = match stream.read(&mut self.buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.connections[number] = Some(Connection::New(stream));
                return Ok(());
            }
            Err(_) => 0,
        };
        let head = self.buffer[..count].strip_suffix(b"\r\n\r\n");
        let Some(upgrade) = head.and_then(Upgrade::read) else {
            self.vacant.push(number);
            return Ok(());
        };
        stream.write_all(&upgrade.answer())?;
        let room = *self.names.entry(upgrade.path.to_owned()).or_insert(self.rooms.len());
        if room == self.rooms.len() {
            self.rooms.push(Room::default());
        }
        let seat = self.rooms[room].sit(stream, number);
        self.connections[number] = Some(Connection::Seated { room, seat, rest: None });
        self.due.extend(self.ping.map(|ping| (Instant::now() + ping, number)));
        Ok(())
    }

    /// Hears what a seat says.
    fn listen(&mut self, number: usize, room: usize, seat: usize, mut rest: Option<Box<[u8]>>) -> Result<()> {
        loop {
            let before = rest.as_ref().map_or(0, |rest| rest.len());
            let count = match self.rooms[room].stream(seat).read(&mut self.buffer[before..]) {
                Ok(count @ 1..) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Ok(0) | Err(_) => {
                    self.remove(number, room, seat);
                    return Ok(());
                }
            };
            if let Some(rest) = rest.take() {
                self.buffer[..before].copy_from_slice(&rest);
            }
            let end = before + count;
            let at = self.hear(room, end)?;
            rest = (at < end).then(|| self.buffer[at..end].into());
            if end < A_READ {
                break;
            }
        }
        self.connections[number] = Some(Connection::Seated { room, seat, rest });
        Ok(())
    }

    /// Takes in the frames that the buffer holds up to `end`, and tells where the first unfinished one begins.
    fn hear(&mut self, room: usize, end: usize) -> Result<usize> {
        let (mut at, place) = (0, room);
        let room = &mut self.rooms[place];
        while let Some(frame) = ClientFrame::first(&self.buffer[at..end]) {
            let silent = room.pending.is_empty();
            let said =
                frame.opcode == ClientFrame::TEXT && append_message(&frame, &self.buffer[at..end], &mut room.pending);
            at += frame.payload.end;
            if !said {
                continue;
            }
            if let Some(log) = &self.log {
                log.append(place)?;
            }
            match self.way {
                Way::Send1 | Way::Logged => room.deliver(),
                Way::Batch if silent => self.talking.push(place),
                Way::Batch => {}
            }
        }
        Ok(at)
    }

    fn remove(&mut self, number: usize, room: usize, seat: usize) {
        if let Some(moved) = self.rooms[room].leave(seat)
            && let Some(Connection::Seated { seat: place, .. }) = &mut self.connections[moved]
        {
            *place = seat;
        }
        self.vacant.push(number);
    }

    fn ping_those_due(&mut self) {
        let Some(ping) = self.ping else { return };
        let now = Instant::now();
        while let Some((_, number)) = self.due.pop_front_if(|(due, _)| *due <= now) {
            if let Some(Connection::Seated { room, seat, .. }) = &self.connections[number] {
                self.rooms[*room].write(*seat, &PING);
                self.due.push_back((now + ping, number));
            }
        }
    }
}

/// A floor in a thread that ends with the test's process, and where it accepts.
#[cfg(test)]
pub(crate) fn open_for_test(way: Way, log: Option<Log>, ping: Option<Duration>) -> std::net::SocketAddr {
    let floor = Floor::open(way, log, ping).expect("a floor");
    let address = floor.listener.local_addr().expect("an address");
    std::thread::spawn(move || floor.go_on());
    address
}
