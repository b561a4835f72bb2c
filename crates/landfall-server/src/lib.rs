//! The fleet server: devices register by heartbeats, are configured, picked for sessions, and
//! take attendance; people see it live.
//!
//! [`Server::start`] runs one in this process. Memory decides fast, the database is the truth:
//! whatever is written goes through [one writer](Database::write), and is told as a [`Change`] to memory,
//! to who watches, and to the other processes of the same database.

mod app;
mod change;
mod clock;
pub mod config;
mod database;
pub mod fleet;
mod http;
mod marks;
mod metrics;
mod options;
mod people;
mod problem;
pub mod process;
mod server;
mod sessions;
mod settings;

pub use app::{App, FIRST_ADMIN};
pub use change::Change;
pub use clock::Clock;
pub use database::{BackupError, Database, DatabaseError, Kind, OpenError, Tx, backup, restore};
pub use options::{Options, Tls};
pub use people::reset::{ResetError, reset_password};
pub use people::user::Role;
pub use problem::{FieldError, Problem};
pub use server::{Server, StartError};
pub use settings::Settings;
