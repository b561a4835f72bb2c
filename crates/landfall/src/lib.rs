//! Landfall on a host: a device that joins known networks, falls back to an access point of its
//! own, and tells what happens.
//!
//! ```
//! use landfall::host::Board;
//! use landfall::net::{Security, Ssid};
//!
//! // A simulated device. On a Linux board the radio is that of the board.
//! let board = Board::on("speed = 50.0\n[[ap]]\nssid = \"CafeFree\"")?;
//! let folder = tempfile::tempdir()?;
//! let wifi = board.builder().config_file(folder.path().join("networks.json"));
//! let wifi = wifi.build_blocking(board.radio)?;
//!
//! assert!(!wifi.setup_network(), "it knows no network, so its access point is up");
//! let cafe = Ssid::new(b"CafeFree").expect("a name");
//! println!("joined, as {}", wifi.sta_connect(&cafe, Security::Open)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Builder`] makes the device; [`blocking::Wifi`] and [`Wifi`] are the handles, without and with
//! `async`. [`host`] has simulated devices; [`mqtt::Gateway`] over [`HostDial`] connects a device to the
//! broker of its configuration.

pub mod blocking;
mod build;
mod file;
pub mod host;

pub use build::{Builder, CONFIG_FILE};
pub use file::JsonFile;
pub use landfall_core::{command, config, event, net, radio, status, time};
pub use landfall_device::host::{HostClock, HostDial};
pub use landfall_device::mqtt;
pub use landfall_device::runtime::{
    self, ApError, BuildError, CallError, Clock, Hook, JoinError, LoadError, Radio, Restart,
    Runner, SaveError, ScanError, ServerError, SetError, Storage, Wifi,
};

/// The examples of the crate's own page compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
