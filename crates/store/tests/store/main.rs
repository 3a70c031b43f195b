//! The store's promises, kept on SQLite and on PostgreSQL alike.
#![expect(clippy::unwrap_used, reason = "in a test a failed step is a failed test")]

mod addresses;
mod cancel;
mod certificate;
mod cluster;
mod harness;
mod invitations;
mod log;
mod moving;
mod overseen;
mod pooler;
mod postgres;
mod races;
mod refresh;
mod resets;
mod rooms;
mod schema;
mod search;
mod sqlite;
mod statements;
mod story;
