//! The world a simulated device lives in: an air with access points, other devices and a phone,
//! a flash whose power may go at any write, and a clock that may run faster than ours.
//!
//! Nothing in [`air`] reads a clock or does I/O: operations and the time go in, events and the
//! next deadline come out. The same seed and the same inputs give the same outputs.
#![forbid(unsafe_code)]

pub mod air;
pub mod clock;
pub mod flash;
pub mod rng;
pub mod world;
