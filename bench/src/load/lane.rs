//! One keep-alive connection of an asynchronous load.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::answer::{Answer, extent};

/// A connection that asks and waits for the answer before it asks again.
pub(crate) struct Lane {
    stream: TcpStream,
    came: Vec<u8>,
}

impl Lane {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, came: Vec::with_capacity(4096) })
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.came.clear();
        loop {
            if self.stream.read_buf(&mut self.came).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(extent) = extent(&self.came)? {
                return Answer::at(&self.came, &extent);
            }
        }
    }
}
