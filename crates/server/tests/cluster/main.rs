//! Several nodes as processes of their own, on one PostgreSQL and one NATS: what one node is told holds on all of them,
//! whichever part is killed, stopped or cut off.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where it stopped")]

#[path = "../contract/described.rs"]
mod described;
#[path = "../contract/http.rs"]
#[expect(dead_code, reason = "the contract tests, whose client this is, use all of it")]
mod http;
#[path = "../fault/own_postgres.rs"]
#[expect(dead_code, reason = "the fault tests, whose database this is, use all of it")]
mod own_postgres;
#[path = "../fault/people.rs"]
#[expect(dead_code, reason = "the fault tests, whose people these are, use all of it")]
mod people;
#[path = "../fault/process.rs"]
#[expect(dead_code, reason = "the fault tests, whose processes these are, use all of it")]
mod process;
#[path = "../fault/room.rs"]
mod room;
#[path = "../contract/schema.rs"]
#[expect(dead_code, reason = "the contract tests ask which keywords it knows")]
mod schema;
#[path = "../contract/socket.rs"]
#[expect(dead_code, reason = "the contract tests, whose client this is, use all of it")]
mod socket;

mod broker;
mod database;
mod proxy;
mod reader;
mod talk;
mod town;
mod watcher;

mod bus_away;
mod closed;
mod crash;
mod cut_off;
mod multitude;
mod rolling;
mod standby;
mod together;
mod went_back;
