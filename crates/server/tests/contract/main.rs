//! The five published contracts, proven against the real server on a port of its own.
//!
//! First each contract's examples are replayed (`contracts/<name>/cases.json`), then come the stories that examples
//! cannot tell. A test says in its doc comment which promises of `contracts/<name>/promises.json` it proves.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where it stopped")]
#![expect(
    clippy::doc_markdown,
    reason = "the ids after `Proves:` are read by `cargo xtask tidy`, which wants them bare"
)]

mod cors;
mod database;
mod described;
mod forge;
mod harness;
mod http;
mod mail;
mod replay;
mod schema;
mod socket;

mod actions;
mod cookies;
mod description;
mod lobby;
mod native;
mod native_accounts;
mod native_admin;
mod native_avatars;
mod native_connection;
mod native_export;
mod native_idempotency;
mod native_invitations;
mod native_live;
mod native_live_rules;
mod native_members;
mod native_messages;
mod native_people;
mod native_races;
mod native_resets;
mod native_rooms;
mod native_search;
mod native_sessions;
mod native_socket;
mod native_stream;
mod rooms;
mod tokens;

mod compressed;
mod frames;
mod hostile;
mod locks;
mod names;
mod places;
mod security;
mod sockets;
mod together;
mod web;
