//! Floors: programs that do the least that any server must do for the same work, so that a ratio says how near to it we are.

pub(crate) mod argon;
pub(crate) mod chat;
pub(crate) mod hello;
mod memory;
pub(crate) mod store;
