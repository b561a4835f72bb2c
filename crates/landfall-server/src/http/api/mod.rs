//! The JSON API, one resource a file: what is sent and taken, and handlers that do little but call
//! what the resource is about.

pub(crate) mod assignments;
pub(crate) mod attendance;
pub(crate) mod audit;
pub(crate) mod claims;
pub(crate) mod config;
pub(crate) mod courses;
pub(crate) mod devices;
pub(crate) mod enroll;
pub(crate) mod enrolments;
mod fields;
pub(crate) mod health;
pub(crate) mod heartbeat;
pub(crate) mod login;
pub(crate) mod rollouts;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod tokens;
pub(crate) mod users;
