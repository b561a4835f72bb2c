//! What every device runs around the machine: the [`runtime`] that carries out what it decides, and
//! the servers beside it, written once against sockets ([`edge_nal`]) and flash
//! ([`embedded_storage_async`]).
//!
//! No heap, and no executor of its own: the same code runs on a chip and on a host.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(any(test, fuzzing, feature = "std"))]
extern crate std;

pub mod attendance;
pub mod datagram;
pub mod dhcp;
pub mod dial;
pub mod dns;
pub mod doors;
pub mod editor;
pub mod fleet;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
#[cfg(test)]
mod hex;
#[cfg(feature = "std")]
pub mod host;
pub mod http;
pub mod mdns;
pub mod mqtt;
pub mod portal;
pub mod probe;
pub mod runtime;
pub mod store;
pub mod terminal;
pub mod webrepl;
