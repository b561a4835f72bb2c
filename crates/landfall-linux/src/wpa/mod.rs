//! wpa_supplicant, as the station of a board: what is said to it and what it says, over its control
//! socket (`wpa_ctrl` of the hostap project).
//!
//! The forms are pure: [`Event`] reads an unasked line, [`bss`] a row of what was heard, [`network`]
//! says a network to be joined, and [`Attempt`] makes one verdict of all that is said during a join.

mod attempt;
pub mod bss;
pub mod channels;
mod event;
pub mod network;
pub mod text;

use std::path::Path;

use landfall_core::net::Ssid;

pub use attempt::{Attempt, INCOMPATIBLE, Verdict};
pub use channels::Channels;
pub use event::Event;

/// What wpa_supplicant reads at its start. No network and no key is ever in it: those are said over
/// the socket, and no file holds them.
pub fn config(control: &Path, country: Option<&str>) -> String {
    // Landfall alone chooses what is joined, and when.
    let mut text = format!(
        "ctrl_interface={}\nupdate_config=0\nap_scan=1\n",
        control.display()
    );
    if let Some(country) = country {
        text.push_str(&format!("country={country}\n"));
    }
    text
}

/// What is set over the socket after its start, where its version knows it: either way to the element
/// of SAE, as the access point can; and no joining again by itself after a loss.
pub const SETTINGS: [&str; 2] = ["SET sae_pwe 2", "STA_AUTOCONNECT 0"];

/// Asks for a scan of these channels that changes nothing: what it hears is not taken for a reason to join
/// or to roam. With a name, that is asked for too.
pub fn scan_request(ssid: Option<&Ssid>, channels: &Channels) -> String {
    let name = ssid.map(|ssid| format!(" ssid {}", text::hex(ssid.as_bytes())));
    let name = name.unwrap_or_default();
    let frequencies = channels.frequencies(",");
    format!("SCAN TYPE=ONLY freq={frequencies}{name}")
}
