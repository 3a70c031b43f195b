//! What it is: the values that every floor of the house speaks of.
//!
//! Nothing here does I/O, reads a clock, or knows HTTP or SQL. A value that exists is valid: a [`Username`]
//! has passed the username rules, an [`Email`] is an address, a [`RoomName`] can name a room.

pub mod account;
pub mod client;
pub mod clock;
pub mod credential;
pub mod email;
pub mod emoji;
pub mod event;
pub mod hidden;
pub mod room;
pub mod session;
pub mod token;
pub mod username;
pub mod violation;
mod words;

pub use account::{Account, AccountId, AdminLevel, Profile, ProfileChange};
pub use client::{Client, Contract, SourcePrefix};
pub use clock::{Clock, Timestamp};
pub use credential::Password;
pub use email::Email;
pub use emoji::Emoji;
pub use event::{Added, Author, Event, EventBody, MemberChange, Reaction, RoomChange, Seq};
pub use room::{Epoch, Power, Role, RoomId, RoomName, Visibility};
pub use session::{Session, SessionId};
pub use username::{Username, UsernamePolicy};
pub use violation::{Field, Rule, Violation};
pub use words::words;
