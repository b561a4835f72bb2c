//! `landfall serve` as a process of its own: what it acknowledged outlives its death.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod class;
mod full;
mod killed;
mod process;
