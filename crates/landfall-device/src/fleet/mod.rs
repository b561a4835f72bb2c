//! The device's half of the fleet: it enrols, beats, applies what it is told, and takes marks.
//!
//! ```text
//!   console, portal ──▶ Fleet (under the device's lock) ◀── Client (one task)
//!                                                            │  Agent: when and how often
//!                                                            └─ dial: a connection to the server
//! ```
//!
//! [`Fleet`] is what doors see: the session, the marks that wait, how the device stands with its
//! server. [`Client::run`] is the task that talks; it asks the machine by commands like any door, and
//! has the runner keep what outlives a restart: the credential, what is in force, and marks that were
//! not acknowledged.

mod apply;
mod attend;
mod beat;
mod client;
mod credential;
mod enroll;
mod exchange;
mod item;
mod marks;
mod own;
mod record;
mod state;
mod trial;

#[cfg(test)]
mod tests;

pub(crate) use attend::attend;
pub use client::{BUFFER_LEN, Client, Firmware};
pub use item::ITEM_MAX;
pub(crate) use item::{Item, Way};
pub use marks::{Attended, CODE_MAX, MATRIC_MAX, NewMark};
pub(crate) use marks::{code, matric};
pub use state::{COURSE_CODE_MAX, COURSE_TITLE_MAX, Fleet};
