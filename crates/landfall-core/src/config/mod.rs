//! The configuration: typed, bounded, built once from raw input.
//!
//! [`Wifi`] is what the machine decides by and owns; [`Services`] is for the doors around it.
//! Both travel together as [`Config`].

use core::fmt;

use heapless::{String, Vec};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::event::NetworkId;
use crate::net::{Bssid, Channel, Hostname, Ipv4Net, Mac, Passphrase, Ssid};

pub use crate::net::Security;

/// Most known networks. One more is refused; nothing is dropped silently.
pub const MAX_NETWORKS: usize = 16;

/// The list of known networks, in order of preference.
pub type Networks = Vec<KnownNetwork, MAX_NETWORKS>;

/// Everything a device is told.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// What the machine decides by.
    pub wifi: Wifi,
    /// What the doors around it need.
    pub services: Services,
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

/// Who the device is: made at the factory or at the first boot, never changed by a reset.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The station's hardware address.
    pub mac: Mac,
    /// The key of its access point where the configuration names none: 12 characters of
    /// [`AP_SECRET_ALPHABET`].
    pub ap_secret: Passphrase,
    /// What its access point's name begins with (`Landfall-` unless set at build time).
    pub ap_prefix: String<AP_PREFIX_MAX>,
}

/// Longest beginning of an access point's name: six characters of the hardware address follow.
pub const AP_PREFIX_MAX: usize = 26;

/// The characters of a generated access point secret: none that is read as another.
pub const AP_SECRET_ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

impl Identity {
    /// `Landfall-56789A`: the prefix and the last three bytes of the hardware address.
    pub fn ap_ssid(&self) -> Ssid {
        let [_, _, _, d, e, f] = self.mac.0;
        let mut name = String::<32>::new();
        // 26 and 6 characters always fit.
        let _ = fmt::Write::write_fmt(
            &mut name,
            format_args!("{}{d:02X}{e:02X}{f:02X}", self.ap_prefix),
        );
        Ssid::new(name.as_bytes()).unwrap_or_else(|_| unreachable!("a name of 6 to 32 bytes"))
    }
}

/// A secret text of the configuration, at most `N` bytes. Prints as `***`, zeroed on drop.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Secret<const N: usize>(String<N>);

impl<const N: usize> Secret<N> {
    /// The secret of that text; none where it is too long.
    pub fn new(text: &str) -> Option<Self> {
        String::try_from(text).ok().map(Self)
    }

    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<const N: usize> Zeroize for Secret<N> {
    fn zeroize(&mut self) {
        // Filling the whole capacity with NUL keeps the text valid UTF-8 while it is wiped.
        self.0.clear();
        while self.0.push('\0').is_ok() {}
        core::hint::black_box(&self.0);
        self.0.clear();
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl<const N: usize> ZeroizeOnDrop for Secret<N> {}

/// Shortest and longest password of config server and WebREPL.
pub const DOOR_PASSWORD_MIN: usize = 8;
/// See [`DOOR_PASSWORD_MIN`].
pub const DOOR_PASSWORD_MAX: usize = 64;
/// Longest URL in the configuration, in bytes.
pub const URL_MAX: usize = 128;
/// Longest certificate (PEM) of the fleet server, in bytes.
pub const CA_PEM_MAX: usize = 2048;
/// Longest user name or password of the MQTT broker, in bytes.
pub const MQTT_CREDENTIAL_MAX: usize = 64;
/// Most bytes of unknown members that are kept on a round trip.
pub const EXTRA_MAX: usize = 512;

/// What the doors around the machine need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Services {
    /// The device's name; none: [`Hostname::of`] its hardware address.
    pub hostname: Option<Hostname>,
    /// Whether the config server runs.
    pub config_server_enabled: bool,
    /// Its password, 8 to 64 characters; the server does not start without one.
    pub config_server_password: Option<Secret<DOOR_PASSWORD_MAX>>,
    /// WebREPL's password; none: that of the config server.
    pub webrepl_password: Option<Secret<DOOR_PASSWORD_MAX>>,
    /// Whether writes over the station side need no authentication.
    pub station_writes: bool,
    /// Where the fleet server is.
    pub fleet_url: String<URL_MAX>,
    /// The claim code for it.
    pub fleet_claim: Secret<32>,
    /// The certificate that signs it.
    pub fleet_ca_pem: String<CA_PEM_MAX>,
    /// Where the MQTT broker is.
    pub mqtt_url: String<URL_MAX>,
    /// The user there.
    pub mqtt_user: String<MQTT_CREDENTIAL_MAX>,
    /// The password there.
    pub mqtt_password: Secret<MQTT_CREDENTIAL_MAX>,
    /// Whether commands are taken over MQTT.
    pub mqtt_commands: bool,
    /// What is fetched to learn whether a network leads to the internet; empty: nothing is.
    pub internet_probe_url: String<URL_MAX>,
    /// The radio's country, two characters; none: the radio's own default.
    pub country: Option<[u8; 2]>,
    /// The radio's power in dBm, 2 to 20; none: 15.
    pub tx_power_dbm: Option<u8>,
    /// The LED's pin; none: that of the board.
    pub led_pin: Option<u8>,
    /// Whether the LED lights on a low level; none: as the board says.
    pub led_active_low: Option<bool>,
    /// How much is logged.
    pub log_level: LogLevel,
    /// Members and set-aside networks that we have no use for, kept for a round trip: the inside
    /// of a JSON object.
    pub extra: String<EXTRA_MAX>,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// Failures.
    Error,
    /// And what deserves a look.
    Warn,
    /// And what happens.
    #[default]
    Info,
    /// And how.
    Debug,
    /// And everything.
    Trace,
}
