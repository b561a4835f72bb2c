//! The fleet: who the devices are, which of them are there, and what they say and are told.

pub mod report;
mod session;

pub use session::{Candidate, SessionSettings};
