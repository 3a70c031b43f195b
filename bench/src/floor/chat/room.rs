//! A floor's rooms: who sits there, and how what was said reaches them.

use std::io::{self, Write};

use mio::net::TcpStream;

/// Seats lie together, for the cold memory of thousands of them is most of what a delivery costs.
#[derive(Debug, Default)]
pub(super) struct Room {
    seats: Vec<Seat>,
    /// What was said and has not been written to anybody.
    pub(super) pending: Vec<u8>,
}

/// A connection's place in a room.
#[derive(Debug)]
struct Seat {
    stream: TcpStream,
    /// The connection's number.
    connection: u32,
    /// What its socket did not take; nearly always nothing.
    backlog: Vec<u8>,
}

impl Room {
    /// Gives a connection a seat, and tells which.
    pub(super) fn sit(&mut self, stream: TcpStream, connection: usize) -> usize {
        let connection = u32::try_from(connection).expect("fewer connections than files");
        self.seats.push(Seat { stream, connection, backlog: Vec::new() });
        self.seats.len() - 1
    }

    /// The stream of a seat.
    pub(super) fn stream(&mut self, seat: usize) -> &mut TcpStream {
        &mut self.seats[seat].stream
    }

    /// Takes a seat away. Which connection has got it instead, if any.
    pub(super) fn leave(&mut self, seat: usize) -> Option<usize> {
        self.seats.swap_remove(seat);
        self.seats.get(seat).map(|moved| moved.connection as usize)
    }

    /// Writes everything pending to every seat, one write each.
    pub(super) fn deliver(&mut self) {
        for seat in &mut self.seats {
            seat.write(&self.pending);
        }
        self.pending.clear();
    }

    /// A seat's socket takes more.
    pub(super) fn resume(&mut self, seat: usize) {
        let backlog = std::mem::take(&mut self.seats[seat].backlog);
        if !backlog.is_empty() {
            self.seats[seat].write(&backlog);
        }
    }

    /// Writes to one seat alone.
    pub(super) fn write(&mut self, seat: usize, bytes: &[u8]) {
        self.seats[seat].write(bytes);
    }
}

impl Seat {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        if !self.backlog.is_empty() {
            self.backlog.extend_from_slice(bytes);
            return;
        }
        let written = match self.stream.write(bytes) {
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            // It is gone, and its next read says so.
            Err(_) => return,
        };
        if written < bytes.len() {
            self.backlog = bytes[written..].to_vec();
        }
    }
}
