//! The configuration: typed, bounded, built once from raw input.
//!
//! [`Wifi`] is what the machine decides by and owns; [`Services`] is for the doors around it.
//! Both travel together as [`Config`]. There are three ways in, with one meaning: a JSON document
//! ([`load`] for a file that was stored, [`parse_strict`] for what somebody wants to save), the
//! binary pieces of a flash store ([`stored`]), and defaults set at build time ([`Defaults`]).
//! [`ConfigRef::json`] is the way out.

mod defaults;
mod document;
mod extra;
mod fields;
mod identity;
mod layers;
mod members;
mod network;
mod overlay;
mod path;
mod reader;
mod reason;
mod section;
mod sections;
mod services;
pub mod stored;
mod values;
mod write;

#[cfg(test)]
mod tests;

use core::fmt;
use core::ops::RangeInclusive;

use heapless::Vec;

use crate::net::{Bssid, Channel, Ipv4Net, Passphrase, Ssid};

pub use crate::net::Security;
pub use defaults::{BadDefault, Defaults, RawDefaults};
pub use document::{load, parse_strict, parse_strict_into};
pub use extra::{EXTRA_MAX, Extra};
pub use identity::{AP_PREFIX_MAX, AP_SECRET_ALPHABET, Identity};
pub use layers::MemberSet;
pub use members::{MASK, Secrets};
pub use network::parse_network;
pub use overlay::overlay;
pub use path::Path;
pub use reason::{Invalid, Reason, SaveError, Unit, Warning};
pub use services::{
    CA_PEM_MAX, CLAIM_MAX, DEVICE_NAME_MAX, DOOR_PASSWORD_MAX, DOOR_PASSWORD_MIN, LogLevel,
    MQTT_CREDENTIAL_MAX, Secret, Services, URL_MAX,
};
pub use values::{is_web_url, ssid_of};
pub use write::ConfigJson;

/// Time for one attempt up to the address, in milliseconds.
pub const CONNECT_TIMEOUT_MS: RangeInclusive<u32> = 1_000..=60_000;
/// Consecutive failed attempts that bring the access point up.
pub const MAX_RETRY: RangeInclusive<u8> = 1..=50;
/// Time without an address that brings the access point up, in milliseconds.
pub const FALLBACK_DEADLINE_MS: RangeInclusive<u32> = 0..=600_000;
/// The radio's power, in dBm.
pub const TX_POWER_DBM: RangeInclusive<u8> = 2..=20;
/// The radio's power where the configuration names none, in dBm.
pub const TX_POWER_DBM_DEFAULT: u8 = 15;
/// The highest pin that an LED can be at (ESP32-S3).
pub const LED_PIN_MAX: u8 = 48;

/// The schema of the JSON document that this is for.
pub const SCHEMA: i64 = 2;

/// Most known networks. One more is refused; nothing is dropped silently.
pub const MAX_NETWORKS: usize = 16;

/// The list of known networks, in order of preference.
pub type Networks = Vec<KnownNetwork, MAX_NETWORKS>;

/// Stands for one known network as long as the device runs, wherever it moves in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetworkId(pub u8);

/// Everything a device is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// What the machine decides by.
    pub wifi: Wifi,
    /// What the doors around it need.
    pub services: Services,
}

impl Config {
    /// Both halves, borrowed.
    pub fn as_ref(&self) -> ConfigRef<'_> {
        ConfigRef {
            wifi: &self.wifi,
            services: &self.services,
        }
    }
}

/// A configuration whose halves live in different places: [`Wifi`] in the machine, [`Services`]
/// with the doors.
#[derive(Clone, Copy, Debug)]
pub struct ConfigRef<'a> {
    /// What the machine decides by.
    pub wifi: &'a Wifi,
    /// What the doors around it need.
    pub services: &'a Services,
}

/// What the machine decides by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Wifi {
    /// Which interfaces may be used.
    pub mode: Mode,
    /// The known networks, most preferred first.
    pub networks: Networks,
    /// The access point.
    pub ap: ApSettings,
    /// Timing of the station.
    pub station: StationSettings,
}

impl Wifi {
    /// Whether the other one asks the same of a device, whatever is known about its networks.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let alike = |(a, b): (&KnownNetwork, &KnownNetwork)| {
            let (proven, id) = (a.proven, a.id);
            *a == KnownNetwork {
                proven,
                id,
                ..b.clone()
            }
        };
        self.mode == other.mode
            && self.ap == other.ap
            && self.station == other.station
            && self.networks.len() == other.networks.len()
            && self.networks.iter().zip(&other.networks).all(alike)
    }

    /// The known network that an event names.
    pub fn network_by_id(&self, id: NetworkId) -> Option<&KnownNetwork> {
        self.networks.iter().find(|network| network.id == id)
    }
}

/// One known network.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KnownNetwork {
    /// Its name.
    pub ssid: Ssid,
    /// How it lets in.
    pub security: Security,
    /// The one access point of it that may be used.
    pub bssid: Option<Bssid>,
    /// Whether it hides its name, so that it is probed for when it is not seen.
    pub hidden: bool,
    /// Whether a connection to it starts WebREPL.
    pub enables_webrepl: bool,
    /// Whether these credentials ever gave an address.
    pub proven: bool,
    /// Which network it is in events; given by the machine, never stored.
    pub id: NetworkId,
}

impl KnownNetwork {
    /// A network with nothing but its name and how it lets in.
    pub fn new(ssid: Ssid, security: Security) -> Self {
        Self {
            ssid,
            security,
            bssid: None,
            hidden: false,
            enables_webrepl: false,
            proven: false,
            id: NetworkId::default(),
        }
    }
}

/// Which interfaces may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Mode {
    /// None.
    Off = 0,
    /// The station alone.
    Sta = 1,
    /// The access point alone.
    Ap = 2,
    /// The station, and the access point by its policy.
    #[default]
    StaAp = 3,
}

impl Mode {
    /// All modes, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Off, Self::Sta, Self::Ap, Self::StaAp];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Sta => "sta",
            Self::Ap => "ap",
            Self::StaAp => "sta_ap",
        }
    }

    /// From the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == word)
    }

    /// Whether the station may be used.
    pub const fn uses_station(self) -> bool {
        matches!(self, Self::Sta | Self::StaAp)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A number that is no mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownMode(pub u8);

impl TryFrom<u8> for Mode {
    type Error = UnknownMode;

    fn try_from(number: u8) -> Result<Self, UnknownMode> {
        Self::ALL
            .get(usize::from(number))
            .copied()
            .ok_or(UnknownMode(number))
    }
}

/// When the access point may come up in [`Mode::StaAp`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StartPolicy {
    /// Whenever the device runs.
    Always,
    /// When no network could be joined.
    #[default]
    Fallback,
    /// Never.
    Never,
}

impl StartPolicy {
    /// All policies.
    pub const ALL: [Self; 3] = [Self::Always, Self::Fallback, Self::Never];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Fallback => "fallback",
            Self::Never => "never",
        }
    }

    /// From the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name() == word)
    }
}

/// Most clients our access point can be told to take.
pub const AP_CLIENTS_MAX: u8 = 10;

/// The device's own access point.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ApSettings {
    /// Its name; none: [`Identity::ap_ssid`].
    pub ssid: Option<Ssid>,
    /// How it lets in.
    pub security: ApSecurity,
    /// Its channel, 1 to 13; none: the least busy of 1, 6 and 11.
    pub channel: Option<Channel>,
    /// Whether it hides its name.
    pub hidden: bool,
    /// Most clients, 1 to 10.
    pub max_clients: u8,
    /// Whether WebREPL runs while it is up.
    pub enables_webrepl: bool,
    /// When it may come up.
    pub start_policy: StartPolicy,
    /// Its address and network.
    pub address: Ipv4Net,
}

impl Default for ApSettings {
    fn default() -> Self {
        Self {
            ssid: None,
            security: ApSecurity::DeviceSecret,
            channel: None,
            hidden: false,
            max_clients: 4,
            enables_webrepl: false,
            start_policy: StartPolicy::default(),
            address: Ipv4Net::AP_DEFAULT,
        }
    }
}

/// How our access point lets in. It is open only where somebody said so: a mistake never opens it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum ApSecurity {
    /// By the secret made for this device at its first boot ([`Identity::ap_secret`]).
    #[default]
    DeviceSecret,
    /// Anyone, by the owner's word.
    Open,
    /// By this key.
    Key(Passphrase),
}

/// Timing of the station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StationSettings {
    /// Time for one attempt up to the address, 1 000 to 60 000 ms.
    pub connect_timeout_ms: u32,
    /// Consecutive failed attempts that bring the access point up, 1 to 50.
    pub max_retry: u8,
    /// Time without an address that brings the access point up, 0 to 600 000 ms.
    pub fallback_deadline_ms: u32,
}

impl Default for StationSettings {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 10_000,
            max_retry: 5,
            fallback_deadline_ms: 15_000,
        }
    }
}
