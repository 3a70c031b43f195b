//! The hub's promises, through its public interface: one order, resume, people, slow readers, farewells.
#![expect(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

mod actor;
mod clerk;
mod faults;
mod goodbye;
mod lines;
mod order;
mod pipeline;
mod presence;
mod pump;
mod resume;
mod sockets;
mod story;
mod support;
mod writes;
