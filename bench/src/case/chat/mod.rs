//! Live chat through the `rooms` contract, beside programs that only write to sockets.

pub(super) mod burst;
pub(super) mod contest;
pub(super) mod growth;
pub(super) mod hot;
pub(super) mod idle;
pub(super) mod large;
pub(super) mod one;
pub(super) mod open;
pub(super) mod peers;
pub(super) mod rooms;
