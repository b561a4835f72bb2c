//! The world a simulated device lives in: an air with access points, other devices and a phone,
//! a flash whose power may go at any write, and a clock that may run faster than ours.
//!
//! Nothing in [`air`] reads a clock or does I/O: operations and the time go in, events and the
//! next deadline come out. The same seed and the same inputs give the same outputs, on a host and,
//! without the feature `std`, on a chip: there the air and the world of scenarios need a heap, and
//! nothing else of a system.
#![no_std]
#![forbid(unsafe_code)]

#[macro_use]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod air;
#[cfg(feature = "std")]
pub mod clock;
pub mod flash;
pub mod rng;
pub mod world;
