//! An echo server, so that public WebSocket test suites can be pointed at this crate:
//! `cargo run --release -p parlour-websocket --example echo -- 127.0.0.1:9001`.

mod server;

use std::{env, io};

use parlour_websocket::Limits;
use tokio::net::TcpListener;

/// Test suites send 16 MiB and more.
const LIMITS: Limits = Limits { message_bytes: 64 << 20 };

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind(listen_address()?).await?;
    println!("listening on {}", listener.local_addr()?);
    server::serve(listener, LIMITS).await
}

fn listen_address() -> io::Result<String> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => Ok("127.0.0.1:9001".to_owned()),
        [address] if !address.starts_with('-') => Ok(address.clone()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "usage: echo [ADDRESS]")),
    }
}
