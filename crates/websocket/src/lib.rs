//! The server's side of RFC 6455 on hyper connections: from an HTTP request to whole messages and back.
//!
//! The way of a connection, top to bottom:
//!
//! 1. [`Handshake::check`] reads the request; [`Handshake::response`] answers 101.
//! 2. [`Connection::from_upgraded`] takes over the stream and is two halves, a [`Reader`] and a [`Writer`], for one task or two.
//! 3. [`Reader::next`] gives one [`Incoming`] after the other: messages, whole and validated, pings, pongs, the close.
//! 4. [`frame`] encodes what is to be sent, once for however many receivers; a [`Writer`] takes bytes, so many frames can go in
//!    one write.
//! 5. [`Connection::close`] says goodbye in the way that the RFC asks for.
//!
//! Nothing here pings, answers pings, or times out by itself: when and what to send is the caller's policy.
//! Messages are compressed (`permessage-deflate`, RFC 7692) only if the caller lets [`Handshake::accept_deflate`] agree to it,
//! and then each by itself, so that a compressed frame too is made once for all and an idle connection costs nothing more.

mod close;
mod connection;
mod deflate;
mod extension;
pub mod frame;
mod handshake;
mod message;
mod reader;
mod text;
mod transport;
mod violation;

pub use close::{Close, CloseCode};
pub use connection::{Connection, Limits, Writer};
pub use extension::Deflate;
pub use handshake::{Handshake, HandshakeError, Subprotocol};
pub use message::Incoming;
pub use reader::{ReadError, Reader};
pub use violation::Violation;
