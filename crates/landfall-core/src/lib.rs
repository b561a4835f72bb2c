//! The machine that decides how a device joins, stays on and falls back from Wi-Fi networks.
//!
//! Nothing in here does I/O: no clock, socket, thread, await, log or heap. Inputs and the time go
//! in by [`Manager::handle`](manager::Manager::handle); what is to be done comes out of
//! [`Manager::poll_output`](manager::Manager::poll_output). The same code decides on a chip, on
//! Linux and in the simulator.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(any(test, fuzzing))]
extern crate std;

pub mod agent;
pub mod bus;
pub mod button;
pub mod command;
pub mod config;
pub mod console;
pub mod event;
pub mod event_text;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod heard;
pub mod improv;
pub mod json;
pub mod led;
pub mod manager;
pub mod net;
mod penalty;
pub mod qr;
pub mod radio;
pub mod rng;
pub mod safe_mode;
mod standing;
pub mod status;
pub mod text;
pub mod time;
pub mod trial;
