//! WebREPL: the protocol of MicroPython's `webrepl` over a WebSocket, so that its clients work
//! unchanged. After the password text messages are the device's console and binary ones carry
//! files: `networks.json`, which can be put too, `status.json` and `events.json`.
//!
//! One of the stock clients masks no frames, names a foreign `Host` and calls its key `foo`: none
//! of that is checked here. The password protects the door, and [`Guard`] that it is not guessed.

mod content;
mod frame;
mod guard;
mod server;
mod session;
mod talk;

use core::future::Future;

use landfall_core::config::{Services, Wifi};
use landfall_core::event::Record;
use landfall_core::status::Status;

use crate::http;

pub use self::guard::{Guard, LOGIN_FAILURES_MAX, LOGIN_WINDOW_MS, SHUT_MS};
pub use self::server::{CONNECTIONS_MIN, Server, Shared};
pub use self::session::FILE_MAX;
pub use self::talk::{LOGIN_MS, PING_MS};

/// The port that clients expect.
pub const PORT: u16 = 8266;

/// What the server asks of the device beside what the portal does.
pub trait Device: http::Device {
    /// Opens the console, or begins anew with it. False: there are as many as there can be.
    fn open_console(&self) -> bool;

    /// Ends it.
    fn close_console(&self);

    /// Types into the console, and gives how many bytes it took; the rest is to be typed again when
    /// it has printed something, or in a moment.
    fn type_in(&self, bytes: &[u8]) -> usize;

    /// Waits for what the console prints, and gives how many bytes that are. May be dropped while it
    /// waits.
    fn printed(&self, buf: &mut [u8]) -> impl Future<Output = usize>;

    /// The first event kept whose number is at least `seq`; none: not yet.
    fn event_at_or_after(&self, seq: u32) -> Option<Record>;

    /// The number of the last event; 0 where there is none.
    fn last_event(&self) -> u32;

    /// Takes a whole configuration as JSON, a mask in place of a secret that stays. Where it is
    /// refused nothing changed.
    fn save_config(&self, json: &[u8]) -> impl Future<Output = Result<(), http::Unsaved>>;
}

/// Whether WebREPL runs: with a password alone, and by the word of whatever the device is on. The
/// connected network's counts while it is connected, the access point's while that is up; either
/// where both are.
pub fn runs(status: &Status, wifi: &Wifi, services: &Services) -> bool {
    services.webrepl_secret().is_some() && is_wanted(status, wifi)
}

/// Whether it would run, had it a password.
pub(crate) fn is_wanted(status: &Status, wifi: &Wifi) -> bool {
    let joined = status.ssid.filter(|_| status.station_ip.is_some());
    let of_station = joined.is_some_and(|ssid| {
        let mut known = wifi.networks.iter().filter(|known| known.ssid == ssid);
        known.any(|known| known.enables_webrepl)
    });
    of_station || status.ap_up && wifi.ap.enables_webrepl
}
