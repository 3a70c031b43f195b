//! How it moves: rooms, seats, presence and delivery.
//!
//! The log in the store is the truth and the bus is a doorbell. The way of one event, top to bottom:
//!
//! 1. [`Hub::publish`] rings the `bus` after the commit; a hint may be lost, repeated or overtaken.
//! 2. `subscription` puts the events of a room back into the one order of its log, and `room` reads what is
//!    missing through [`History`].
//! 3. `ring` keeps the room's newest entries; an [`Encoder`] writes each once, as a frame that all seats share.
//! 4. A seat is a cursor into the ring (`reading`); one that falls off it is told so and resumes from the log.
//! 5. `walker` walks along the room's seats and writes to each `line` all that it has not read in one `page`,
//!    straight into the socket. Seats that have read equally far share the page.
//! 6. `delivery` is the task of one connection. It reads, and it writes only where the socket was full.
//!
//! A connection that follows many rooms goes a second way: its `followers` are rung by the room's `ears` and give its
//! task what they have not read, a page after the other, when the one before it is written.
//!
//! Beside those ways: `presence` counts people, not connections; `registry` knows every open [`Connection`], so that
//! the end of a session is the end of its sockets; `wheel` is the clock of all pings and idle timeouts.
//!
//! Invariants: nothing awaits under a lock; every buffer has a bound; the locks are taken in this order, and each
//! may be skipped: a line's or its followers', its room's, its signal's. The lock of the rooms' table is taken under no
//! other.

mod bells;
mod bus;
mod care;
mod cluster;
mod company;
mod connection;
mod delivery;
mod differing;
mod ears;
mod elsewhere;
mod encoder;
mod ending;
mod farewell;
mod feed;
mod follower;
mod followers;
mod glance;
mod hearing;
mod history;
mod hub;
mod line;
mod lock;
mod names;
mod neighbours;
mod node;
mod nodes;
mod note;
mod out;
mod outbox;
mod page;
mod places;
mod presence;
mod queue;
mod reading;
mod registry;
mod repair;
mod ring;
mod room;
mod rooms;
mod seat;
mod settings;
mod signal;
mod slab;
mod stay;
mod subscription;
mod turn;
mod typing;
mod walker;
mod wheel;

pub use bus::{BusCounts, Carrier, Inbox, Nats, NatsSettings, NodeId, Published, Topic};
pub use cluster::{Leases, Others};
pub use connection::Connection;
pub use delivery::{Conversation, Parting};
pub use differing::Differing;
pub use encoder::{Encoder, Here};
pub use farewell::{Farewell, PutOut};
pub use feed::{Feed, Heard};
pub use follower::{Ended, Follower, Found, NewFollower};
pub use followers::{Announcer, Followers, MOST_PEOPLE, MOST_ROOMS, NotFollowed};
pub use glance::Glance;
pub use history::{BoxFuture, Head, History, HistoryError};
pub use hub::{Counts, Hub};
pub use note::Note;
pub use presence::Names;
pub use registry::{Owner, TooManyConnections};
pub use seat::{Expected, JoinError, NewSeat, Seat};
pub use settings::HubSettings;
pub use turn::{Flow, Turn};
