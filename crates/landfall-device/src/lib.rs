//! What every device runs around the machine, written once against sockets ([`edge_nal`]) and flash
//! ([`embedded_storage_async`]): pure functions of packet and state, and one thin loop each.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod datagram;
pub mod dhcp;
pub mod dns;
#[cfg(test)]
mod hex;
#[cfg(feature = "std")]
pub mod host;
pub mod mdns;
pub mod store;
