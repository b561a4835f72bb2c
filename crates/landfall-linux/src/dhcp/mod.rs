//! A DHCP client (RFC 2131) for the station: an address for as long as the link stands.
//!
//! [`Client`] is the machine: packets and the time go in, packets and news come out. `frame` puts a
//! packet into a frame, and `PacketSocket` carries frames; `Lessee` drives the three. What has no
//! address yet cannot use the kernel's sockets: those drop an answer on an interface without one.

mod client;
mod frame;
mod lessee;
mod socket;
#[cfg(test)]
mod tests;

pub use client::{Client, Lease, News};
pub use lessee::Lessee;
use socket::{FRAME_MAX, PacketSocket};
