//! How it moves: rooms, seats, presence and delivery.
//!
//! The log in the store is the truth and the bus is a doorbell. The way of one event, top to bottom:
//!
//! 1. [`Hub::publish`] rings the `bus` after the commit; a hint may be lost, repeated or overtaken.
//! 2. `subscription` puts the events of a room back into the one order of its log, and `room` reads what is
//!    missing through [`History`].
//! 3. `ring` keeps the room's newest entries; an [`Encoder`] writes each once, as a frame that all seats share.
//! 4. A [`Seat`] is a cursor into the ring; one that falls off it is told so and resumes from the log.
//! 5. [`converse`] is the pump of one connection, in that connection's own task.
//!
//! Beside that way: `presence` counts people, not connections, and `registry` knows every open [`Connection`],
//! so that the end of a session is the end of its sockets.
//!
//! Invariants: nothing awaits under a lock; every buffer has a bound; a lock of the rooms' table is never taken
//! while a room's is held.

mod bus;
mod care;
mod connection;
mod delivery;
mod encoder;
mod history;
mod hub;
mod line;
mod lock;
mod node;
mod outbox;
mod presence;
mod registry;
mod repair;
mod ring;
mod room;
mod rooms;
mod seat;
mod settings;
mod subscription;

pub use bus::Published;
pub use connection::Connection;
pub use delivery::{Conversation, Flow, Parting, converse};
pub use encoder::Encoder;
pub use history::{BoxFuture, Head, History, HistoryError};
pub use hub::{Counts, Hub};
pub use outbox::Outbox;
pub use registry::{Farewell, Owner, TooManyConnections};
pub use seat::{FellBehind, JoinError, NewSeat, Seat};
pub use settings::HubSettings;
