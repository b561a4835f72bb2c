//! What must hold for any bytes from outside: one function per parser, which panics where it does
//! not. Called by the targets in `fuzz/`, and by tests here. Not part of a device.

mod config;
mod console;
mod improv;
#[cfg(test)]
mod tests;

use std::string::ToString;

use crate::net::{Hostname, Ipv4Net, Mac, Passphrase, Security, Ssid};

pub use config::config_json;
pub use console::console_lines;
pub use improv::improv_bytes;

/// The values of [`crate::net`]: what is taken is within its bounds and reads back as it was, and a
/// key shows itself nowhere.
pub fn net_values(bytes: &[u8]) {
    if let Ok(ssid) = Ssid::new(bytes) {
        assert_eq!(ssid.as_bytes(), bytes);
    }
    if let Some(mac) = Mac::parse(bytes) {
        assert_eq!(Mac::parse(mac.to_string().as_bytes()), Some(mac));
    }
    if let Ok(key) = Passphrase::new(bytes) {
        assert!((8..=64).contains(&bytes.len()));
        assert_eq!(std::format!("{key:?}"), "***");
        let mut text = std::string::String::new();
        key.expose(&mut text).expect("a string takes everything");
        assert_eq!(Passphrase::new(text.as_bytes()), Ok(key));
    }
    if let Ok(Security::Open) = Security::from_password(bytes) {
        assert!(bytes.is_empty(), "opened by a mistake");
    }
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    if let Some(hostname) = Hostname::new(text) {
        assert_eq!(hostname.as_str(), text);
    }
    if let Some(net) = Ipv4Net::parse(text) {
        assert_eq!(Ipv4Net::parse(&net.to_string()), Some(net));
        assert!(net.contains(net.addr) && net.overlaps(net));
    }
}
