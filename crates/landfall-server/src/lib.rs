//! The fleet server: devices register by heartbeats, are configured, picked for sessions, and
//! take attendance; people see it live.

pub mod config;
pub mod fleet;
