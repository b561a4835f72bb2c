//! How the device stands, as every door shows it.

use core::net::Ipv4Addr;

use crate::command::Verdict;
use crate::config::Mode;
use crate::net::{Channel, Mac, Ssid};
use crate::time::Instant;

/// The state that people see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// No interface is in use.
    Off,
    /// The access point is up, and no first round or proof is running.
    ApActive,
    /// Looking for a network: the first round, a proof, or any wait where no access point is up.
    Connecting,
    /// An address is held, and what gave it is in the store.
    Connected,
}

impl State {
    /// The name that every door uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "OFF",
            Self::ApActive => "AP_ACTIVE",
            Self::Connecting => "CONNECTING",
            Self::Connected => "CONNECTED",
        }
    }
}

/// Whether the network joined leads to the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Internet {
    /// The probe was answered as it should be.
    Yes,
    /// The probe failed.
    No,
    /// The probe was redirected: a captive portal upstream.
    Captive,
}

/// A snapshot of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The state.
    pub state: State,
    /// Which interfaces may be used.
    pub mode: Mode,
    /// The network: joined in [`State::Connected`], tried in [`State::Connecting`], else none.
    pub ssid: Option<Ssid>,
    /// The station's address in [`State::Connected`], the access point's in [`State::ApActive`],
    /// else `0.0.0.0`.
    pub ip: Ipv4Addr,
    /// Strength of the link in dBm, when connected.
    pub rssi: Option<i8>,
    /// The device's hardware address.
    pub mac: Mac,
    /// Name of the access point.
    pub ap_ssid: Ssid,
    /// Address of the access point, up or not.
    pub ap_ip: Ipv4Addr,
    /// Whether the access point is up.
    pub ap_up: bool,
    /// Its channel, where it is up.
    pub ap_channel: Option<Channel>,
    /// The station's address, in whatever state.
    pub station_ip: Option<Ipv4Addr>,
    /// Whether rounds of attempts go on while the access point is up.
    pub retrying: bool,
    /// The last candidate and how it fares.
    pub candidate: Option<(Ssid, Verdict)>,
    /// Whether the network leads to the internet, where that is asked.
    pub internet: Option<Internet>,
    /// Whether the device started in safe mode after a series of crashes.
    pub safe_mode: bool,
}

/// One client of the access point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its hardware address.
    pub mac: Mac,
    /// How strongly it was last heard, in dBm, where the radio knows.
    pub rssi: Option<i8>,
    /// When it joined.
    pub since: Instant,
}
