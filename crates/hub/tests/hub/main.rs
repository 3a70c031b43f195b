//! The hub's promises, through its public interface: one order, resume, people, slow readers, farewells.
#![expect(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

mod actor;
mod agreement;
mod air;
mod broker;
#[path = "../../../store/tests/store/certificate.rs"]
mod certificate;
mod clerk;
mod crowd;
mod differing;
mod faults;
mod feed;
mod follow;
mod forged;
mod goodbye;
mod guide;
mod herd;
mod large;
mod let_in;
mod lines;
mod many;
mod multitude;
mod nodes;
mod notes;
mod order;
mod pipeline;
mod presence;
mod pump;
mod put_out;
mod resume;
mod sockets;
mod story;
mod support;
mod typing;
mod wheel;
mod writes;
