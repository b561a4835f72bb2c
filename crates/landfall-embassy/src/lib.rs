//! What every chip with embassy-net needs around the device runtime: a clock, sockets over two
//! stacks (the station's and the access point's), their addresses, and the doors.
//!
//! A firmware brings the stacks, a radio ([`landfall_device::runtime::Radio`]), flash and serial
//! ports. It spawns the doors it wants, one task each; what it does not name costs it nothing, and
//! what a door takes of RAM is the size of its room.
//!
//! No heap and no `unsafe`; the mutex around the device is the firmware's choice.
#![no_std]
#![forbid(unsafe_code)]

pub mod address;
mod both;
mod clock;
pub mod doors;
pub mod net;
mod rooms;
pub mod serial;
mod tasks;
pub mod tcp;
pub mod udp;

pub use clock::EmbassyClock;
