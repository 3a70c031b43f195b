//! The crate from outside: a foreign client, a hostile client, and messages cut in every way.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod client;
mod compressed;
mod foreign;
mod halves;
mod hostile;
mod lawful;
mod whole;

#[path = "../../examples/echo/server.rs"]
mod server;
