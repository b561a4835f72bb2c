//! The server as it is asked from outside, on SQLite and on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    reason = "a harness of tests fails as its tests do"
)]

mod config;
mod devices;
mod enrol;
mod harness;
mod heartbeat;
mod in_session;
mod legacy;
mod login;
