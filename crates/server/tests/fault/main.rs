//! What happens when something goes wrong around the server: it is killed, its disk is full, its database is locked,
//! the mail server is away. Every test runs the real binary as a process of its own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where it stopped")]

#[path = "../contract/described.rs"]
mod described;
#[path = "../contract/http.rs"]
#[expect(dead_code, reason = "the contract tests, whose client this is, use all of it")]
mod http;
#[path = "../contract/schema.rs"]
#[expect(dead_code, reason = "the contract tests ask which keywords it knows")]
mod schema;
#[path = "../contract/socket.rs"]
#[expect(dead_code, reason = "the contract tests, whose client this is, use all of it")]
mod socket;

mod chance;
#[expect(dead_code, reason = "the cluster tests, which share it, use all of it")]
mod own_postgres;
mod people;
mod process;
mod room;

mod ledger;
mod writers;

mod refusals;

mod backup;
mod control;
#[cfg(target_os = "linux")]
mod disk;
mod farewell;
mod kill;
mod lock;
mod mail;
mod moving;
mod postgres;
mod start;
mod stop;
