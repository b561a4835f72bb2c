//! The server as it is asked from outside, on SQLite and on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    reason = "a harness of tests fails as its tests do"
)]

mod backup;
mod choice;
mod config;
mod courses;
mod dashboard;
mod devices;
mod enrol;
mod events;
mod harness;
mod heartbeat;
mod in_session;
mod legacy;
mod login;
mod marks;
mod once;
mod openapi;
mod pages;
mod processes;
mod roles;
mod server;
mod sessions;
mod settings;
mod shared;
mod sheet;
mod start;
mod users;
