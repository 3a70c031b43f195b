//! One connection of a crowd: opened from a source address of its own choice, upgraded, then read.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::atomic::{AtomicU32, Ordering};

use mio::net::TcpStream;
use socket2::{Domain, Socket, Type};

use crate::Result;
use crate::load::answer::{Answer, extent};

/// Connections of one source address. Servers bound them, and a source has few more ports than that.
const A_SOURCE: u32 = 1_000;

/// The most that may come before all connections are upgraded.
const MOST_BEFORE: usize = 16 << 10;

/// Where their ports begin, below those that the system gives.
const FIRST_PORT: u16 = 11_000;

/// The number of a connection that sends nothing.
pub(super) const NOBODY: u32 = u32::MAX;

/// One connection.
pub(super) struct Line {
    pub(super) stream: TcpStream,
    /// Which room it is in.
    pub(super) room: u32,
    /// The number of the server that it is connected to, where a crowd has several.
    pub(super) home: u16,
    /// How many messages it has got.
    pub(super) place: u32,
    /// Its number as a sender.
    pub(super) sender: u32,
    /// Whether the answer to its upgrade has come.
    upgraded: bool,
    /// Whether a probe has come, which says that messages do.
    pub(super) present: bool,
    /// The beginning of a frame whose end is still on its way.
    pub(super) rest: Option<Box<[u8]>>,
}

impl Line {
    /// Connects and asks for the upgrade; the answer is not waited for.
    pub(super) fn open(address: SocketAddr, request: &[u8], room: u32, sender: u32, home: u16) -> Result<Self> {
        let stream = connect(address)?;
        let mut line = Self { stream, room, home, place: 0, sender, upgraded: false, present: false, rest: None };
        line.send(request)?;
        Ok(line)
    }

    /// Sends something short, for which a socket that hardly anything was written to has room.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        if !bytes.is_empty() && self.stream.write(bytes)? != bytes.len() {
            return Err("a connection does not take a few bytes".into());
        }
        Ok(())
    }

    /// Reads on in the answer to the upgrade, and tells whether it has become whole. What follows it belongs to the first
    /// frames.
    pub(super) fn upgraded(&mut self) -> Result<bool> {
        let mut came = self.rest.take().map_or_else(Vec::new, <[u8]>::into_vec);
        let mut part = [0; 4096];
        match self.stream.read(&mut part) {
            Ok(0) => return Err("a server closed a connection instead of upgrading it".into()),
            Ok(count) => came.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
        let whole = if self.upgraded { None } else { extent(&came)? };
        if let Some(extent) = &whole {
            let answer = Answer::at(&came, extent)?;
            if answer.status != 101 {
                let told = String::from_utf8_lossy(answer.body);
                return Err(format!("an upgrade was answered {}: {told}", answer.status).into());
            }
            came.drain(..extent.end());
            self.upgraded = true;
        } else if came.len() > MOST_BEFORE {
            return Err("a server says too much before anybody has asked".into());
        }
        self.rest = (!came.is_empty()).then(|| came.into());
        Ok(whole.is_some())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // A reset leaves no port waiting (RFC 9293 §3.10.7.4), of which thousands of connections would need as many.
        let _ = socket2::SockRef::from(&self.stream).set_linger(Some(std::time::Duration::ZERO));
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv4() {
        static OPENED: AtomicU32 = AtomicU32::new(0);
        let source = source(std::process::id(), OPENED.fetch_add(1, Ordering::Relaxed));
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::from(source).into())?;
    }
    // On one machine a connection stands as soon as this returns; only a full backlog makes it wait.
    socket.connect(&address.into())?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    Ok(TcpStream::from_std(socket.into()))
}

/// Where the connection number `place` of this process comes from: every thousand of them have an address of their own, in a part of
/// 127.0.0.0/8 that other runs hardly use. A chosen port spares the system a search.
fn source(process: u32, place: u32) -> SocketAddrV4 {
    let [.., run] = (process % 200 + 10).to_be_bytes();
    let [.., high, low] = (place / A_SOURCE + 1).to_be_bytes();
    let port = FIRST_PORT + u16::try_from(place % A_SOURCE).unwrap_or(0);
    SocketAddrV4::new(Ipv4Addr::new(127, run, high, low), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thousand_connections_have_a_source_of_their_own() {
        let told = |place| source(1_003, place).to_string();
        assert_eq!(told(0), "127.13.0.1:11000");
        assert_eq!(told(999), "127.13.0.1:11999");
        assert_eq!(told(1_000), "127.13.0.2:11000");
        assert_eq!(told(300_000), "127.13.1.45:11000");
    }
}
