//! What a device and its fleet server say to each other.
//!
//! - [`hardware_id`]: who a device is.
//! - [`key`]: the secret it shares with its server, and the fingerprint that people compare.
//! - [`claim`]: how both sides come to that secret without sending it.
//! - [`seal`]: how requests and answers travel where there is no TLS.
//! - [`message`]: what a device sends.
//! - [`path`]: where a device asks.
//! - [`station`]: what stands for a phone.
//!
//! Nothing in here allocates, reads a clock or draws a random number: a chip runs the same code as
//! the server. Both sides of an enrolment and of one sealed request:
//!
//! ```
//! use landfall_protocol::claim::{Claim, Nonce};
//! use landfall_protocol::hardware_id::HardwareId;
//! use landfall_protocol::path;
//! use landfall_protocol::seal::{Direction, Envelope};
//!
//! // An admin's browser shows the code; somebody types it into the device.
//! let id = HardwareId::of_mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]);
//! let made = Claim::from_random(&[7; 16]);
//! let typed = Claim::parse(made.text().as_str())?;
//! assert_eq!(typed.id(), made.id());
//!
//! // The device proves that it knows the code, the server that it does.
//! let device_nonce = Nonce([1; 16]);
//! let asked = typed.enroll_proof(&id, device_nonce);
//! assert!(made.is_enroll_proof(&id, device_nonce, &asked));
//! let server_nonce = Nonce([2; 16]);
//! let answered = made.accept_proof(&id, device_nonce, server_nonce);
//! assert!(typed.is_accept_proof(&id, device_nonce, server_nonce, &answered));
//!
//! // From now on both have a key of their own.
//! let key = typed.derive_key(&id, device_nonce, server_nonce);
//! let envelope = Envelope { method: "POST", path: path::HEARTBEAT, hardware_id: id.as_str(), seq: 1 };
//! let mut body = *b"{}................";
//! let sealed = envelope.seal(&key, Direction::ToServer, &mut body, 2)?;
//! let opened = envelope.open(&key, Direction::ToServer, sealed)?;
//! assert_eq!(opened, b"{}");
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod claim;
pub mod hardware_id;
pub mod hex;
pub mod key;
pub mod message;
pub mod path;
pub mod seal;
pub mod station;
