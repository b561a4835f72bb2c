//! What every device serves, written once for chip, Linux board and simulator.
#![no_std]

pub mod portal;
