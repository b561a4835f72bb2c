//! What every device serves, written once for chip, Linux board and simulator.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod http;
pub mod portal;
