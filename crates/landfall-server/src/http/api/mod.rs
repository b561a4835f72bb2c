//! The JSON API, one resource a file: what is sent and taken, and handlers that do little but call
//! what the resource is about.

pub(crate) mod audit;
pub(crate) mod health;
pub(crate) mod login;
pub(crate) mod settings;
pub(crate) mod tokens;
