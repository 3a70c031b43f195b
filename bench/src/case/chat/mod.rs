//! Live chat through the `rooms` contract, beside programs that only write to sockets.

pub(super) mod burst;
mod contest;
pub(super) mod large;
pub(super) mod one;
