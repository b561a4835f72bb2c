//! A Linux board as a device: the adapter between the machine of `landfall-core` and the Wi-Fi of the
//! Linux kernel, and what the daemon `landfalld` is made of.
//!
//! ```text
//!   Runner ── RadioOp ──▶ LinuxRadio ──▶ Driver ──┬─ wpa_supplicant   station
//!          ◀─ RadioEvent ──────────────────────── ├─ hostapd          access point
//!                                                 ├─ dhcp::Lessee     an address for the station
//!                                                 └─ netlink          interfaces and addresses
//! ```
//!
//! The radio is driven through the programs that everybody else on Linux drives it by, so that reason
//! codes come through and every chip with a mainline driver works.
#![forbid(unsafe_code)]

pub mod board;
pub mod button;
pub mod cli;
pub mod console;
pub mod control;
pub mod daemon;
pub mod dhcp;
pub mod hostapd;
pub mod led;
pub mod netlink;
pub mod privileges;
pub mod process;
pub mod program;
pub mod radio;
pub mod resolver;
pub mod rivals;
pub mod sockets;
pub mod wpa;
