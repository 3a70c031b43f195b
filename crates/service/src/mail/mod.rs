//! Outgoing mail: letters are queued in the store with what they are about, and sent by one worker.

pub mod letters;
pub mod transport;
pub(crate) mod worker;
