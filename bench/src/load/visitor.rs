//! One client that blocks: for preparing a measurement, and for clocks that must not depend on a runtime's timer.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::answer::{Answer, extent};
use crate::Result;

/// No answer takes longer, not even behind a full queue of hashes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A keep-alive connection.
pub(crate) struct Visitor {
    stream: TcpStream,
    came: Vec<u8>,
}

impl Visitor {
    /// Connects.
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, came: Vec::new() })
    }

    /// Sends bytes that get no answer of their own.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Waits for `count` bytes at least.
    pub(crate) fn receive(&mut self, count: usize) -> io::Result<&[u8]> {
        self.came.clear();
        while self.came.len() < count {
            self.read()?;
        }
        Ok(&self.came)
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request)?;
        self.came.clear();
        loop {
            self.read()?;
            if let Some(extent) = extent(&self.came)? {
                return Answer::at(&self.came, &extent);
            }
        }
    }

    /// Sends a request whose answer must have this status.
    pub(crate) fn expect(&mut self, request: &[u8], status: u16) -> Result<Answer<'_>> {
        let answer = self.exchange(request)?;
        if answer.status == status {
            return Ok(answer);
        }
        let asked = String::from_utf8_lossy(request).lines().next().unwrap_or_default().to_owned();
        let told = String::from_utf8_lossy(answer.body);
        Err(format!("{asked}: {} instead of {status}: {told}", answer.status).into())
    }

    /// The JSON body of an answer that must have this status.
    pub(crate) fn json(&mut self, request: &[u8], status: u16) -> Result<Value> {
        Ok(serde_json::from_slice(self.expect(request, status)?.body)?)
    }

    fn read(&mut self) -> io::Result<()> {
        let mut part = [0; 4096];
        match self.stream.read(&mut part)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.came.extend_from_slice(&part[..count]);
                Ok(())
            }
        }
    }
}
