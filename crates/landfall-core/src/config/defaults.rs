//! Defaults that are set when the program is built, from `LANDFALL_…` environment variables.
//!
//! A value that is out of its bounds fails the build: a device in the field could only guess what
//! was meant. A variable that is empty counts as not set, since build services set them so; an
//! open access point cannot be had that way.

use heapless::String;

use super::{AP_PREFIX_MAX, ApSettings, Config, KnownNetwork, StartPolicy, StationSettings, Wifi};
use crate::net::{
    Channel, HOSTNAME_MAX, Hostname, PASSPHRASE_MAX, PASSPHRASE_MIN, PSK_HEX_LEN, Passphrase,
    SSID_MAX, Security, Ssid,
};

/// The environment variables as they were set, each named as its field in capitals behind
/// `LANDFALL_`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RawDefaults<'a> {
    /// A first known network.
    pub sta_ssid: Option<&'a str>,
    /// Its password; none: it is open.
    pub sta_password: Option<&'a str>,
    /// The device's name.
    pub hostname: Option<&'a str>,
    /// Consecutive failed attempts that bring the access point up, 1 to 50.
    pub sta_max_retry: Option<&'a str>,
    /// The access point's name.
    pub ap_ssid: Option<&'a str>,
    /// What its name begins with, where it has none, 1 to 26 bytes.
    pub ap_ssid_prefix: Option<&'a str>,
    /// Its secret in place of one made at the first boot, 8 to 63 characters.
    pub ap_password: Option<&'a str>,
    /// Its channel, 1 to 13.
    pub ap_channel: Option<&'a str>,
    /// Its clients, 1 to 10.
    pub ap_max_clients: Option<&'a str>,
    /// `y` for the policy `fallback`, `n` for `never`.
    pub ap_fallback: Option<&'a str>,
}

/// A variable that is out of its bounds. Its value is not told: it may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadDefault {
    /// The variable, and what it has to be.
    pub message: &'static str,
}

impl core::fmt::Display for BadDefault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.message)
    }
}

impl core::error::Error for BadDefault {}

/// What a field is where nobody said otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// The network that is known to a device without a configuration.
    pub network: Option<KnownNetwork>,
    /// The device's name; none: from its hardware address.
    pub hostname: Option<Hostname>,
    /// Consecutive failed attempts that bring the access point up.
    pub max_retry: u8,
    /// The access point's name; none: [`Identity::ap_ssid`](super::Identity::ap_ssid).
    pub ap_ssid: Option<Ssid>,
    /// For [`Identity::ap_prefix`](super::Identity::ap_prefix).
    pub ap_prefix: String<AP_PREFIX_MAX>,
    /// For [`Identity::ap_secret`](super::Identity::ap_secret); none: one is made.
    pub ap_secret: Option<Passphrase>,
    /// The access point's channel; none: the least busy one.
    pub ap_channel: Option<Channel>,
    /// Most clients of the access point.
    pub ap_max_clients: u8,
    /// When the access point may come up.
    pub start_policy: StartPolicy,
}

impl Default for Defaults {
    fn default() -> Self {
        let ap = ApSettings::default();
        Self {
            network: None,
            hostname: None,
            max_retry: StationSettings::default().max_retry,
            ap_ssid: None,
            // 9 of 26 bytes.
            ap_prefix: String::try_from("Landfall-").unwrap_or_default(),
            ap_secret: None,
            ap_channel: None,
            ap_max_clients: ap.max_clients,
            start_policy: ap.start_policy,
        }
    }
}

impl Defaults {
    /// What was set when this program was built.
    pub fn built_in() -> Self {
        // The build failed if any of them was wrong.
        Self::of(&RawDefaults::BUILT_IN)
    }

    /// From the variables.
    ///
    /// # Errors
    /// The first variable that is out of its bounds.
    pub fn parse(raw: &RawDefaults<'_>) -> Result<Self, BadDefault> {
        match raw.fault() {
            Some(message) => Err(BadDefault { message }),
            None => Ok(Self::of(raw)),
        }
    }

    /// From variables that are right.
    fn of(raw: &RawDefaults<'_>) -> Self {
        let d = Self::default();
        let ssid = |text: Option<&str>| set(text).and_then(|t| Ssid::new(t.as_bytes()).ok());
        let password = set(raw.sta_password).unwrap_or_default();
        let security = Security::from_password(password.as_bytes()).ok();
        let network = ssid(raw.sta_ssid).zip(security);
        Self {
            network: network.map(|(ssid, security)| KnownNetwork::new(ssid, security)),
            hostname: set(raw.hostname).and_then(Hostname::new),
            max_retry: number(raw.sta_max_retry).unwrap_or(d.max_retry),
            ap_ssid: ssid(raw.ap_ssid),
            ap_prefix: set(raw.ap_ssid_prefix)
                .and_then(|text| String::try_from(text).ok())
                .unwrap_or(d.ap_prefix),
            ap_secret: set(raw.ap_password).and_then(|t| Passphrase::new(t.as_bytes()).ok()),
            ap_channel: number(raw.ap_channel).and_then(Channel::new),
            ap_max_clients: number(raw.ap_max_clients).unwrap_or(d.ap_max_clients),
            start_policy: match set(raw.ap_fallback) {
                Some("n") => StartPolicy::Never,
                Some(_) | None => StartPolicy::Fallback,
            },
        }
    }

    /// The configuration of a device that was told nothing.
    pub fn config(&self) -> Config {
        let mut config = Config::default();
        self.fill(&mut config);
        config
    }

    /// The same, where it stays: `config` is [`Config::default`]. A chip's stack has room for few of them.
    pub fn fill(&self, config: &mut Config) {
        let Wifi {
            networks,
            ap,
            station,
            ..
        } = &mut config.wifi;
        if let Some(network) = &self.network {
            // An empty list has room for it.
            let _ = networks.push(network.clone());
        }
        ap.ssid = self.ap_ssid;
        ap.channel = self.ap_channel;
        ap.max_clients = self.ap_max_clients;
        ap.start_policy = self.start_policy;
        station.max_retry = self.max_retry;
        config.services.hostname.clone_from(&self.hostname);
    }
}

/// An empty variable is none.
fn set(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn number(text: Option<&str>) -> Option<u8> {
    set(text)?.parse().ok()
}

impl RawDefaults<'static> {
    /// As they were set when this program was built.
    pub const BUILT_IN: Self = Self {
        sta_ssid: option_env!("LANDFALL_STA_SSID"),
        sta_password: option_env!("LANDFALL_STA_PASSWORD"),
        hostname: option_env!("LANDFALL_HOSTNAME"),
        sta_max_retry: option_env!("LANDFALL_STA_MAX_RETRY"),
        ap_ssid: option_env!("LANDFALL_AP_SSID"),
        ap_ssid_prefix: option_env!("LANDFALL_AP_SSID_PREFIX"),
        ap_password: option_env!("LANDFALL_AP_PASSWORD"),
        ap_channel: option_env!("LANDFALL_AP_CHANNEL"),
        ap_max_clients: option_env!("LANDFALL_AP_MAX_CLIENTS"),
        ap_fallback: option_env!("LANDFALL_AP_FALLBACK"),
    };
}

const _: () = {
    if let Some(fault) = RawDefaults::BUILT_IN.fault() {
        panic!("{}", fault);
    }
};

impl RawDefaults<'_> {
    /// What is wrong with the first variable that is out of its bounds. It is judged when the
    /// program is built, by code that can run then: the types themselves cannot.
    const fn fault(&self) -> Option<&'static str> {
        let judged = [
            (
                has_length(self.sta_ssid, 1, SSID_MAX),
                "LANDFALL_STA_SSID has to have 1 to 32 bytes",
            ),
            (
                is_password(self.sta_password, true),
                "LANDFALL_STA_PASSWORD has to have 8 to 63 printable ASCII characters or 64 hex digits",
            ),
            (
                is_hostname(self.hostname),
                "LANDFALL_HOSTNAME has to have 1 to 32 of a-z, 0-9 and -, no - at either end",
            ),
            (
                is_number(self.sta_max_retry, 50),
                "LANDFALL_STA_MAX_RETRY has to be 1 to 50",
            ),
            (
                has_length(self.ap_ssid, 1, SSID_MAX),
                "LANDFALL_AP_SSID has to have 1 to 32 bytes",
            ),
            (
                has_length(self.ap_ssid_prefix, 1, AP_PREFIX_MAX),
                "LANDFALL_AP_SSID_PREFIX has to have 1 to 26 bytes",
            ),
            (
                is_password(self.ap_password, false),
                "LANDFALL_AP_PASSWORD has to have 8 to 63 printable ASCII characters",
            ),
            (
                is_number(self.ap_channel, 13),
                "LANDFALL_AP_CHANNEL has to be 1 to 13",
            ),
            (
                is_number(self.ap_max_clients, 10),
                "LANDFALL_AP_MAX_CLIENTS has to be 1 to 10",
            ),
            (
                is_choice(self.ap_fallback),
                "LANDFALL_AP_FALLBACK has to be y or n",
            ),
        ];
        let mut at = 0;
        while at < judged.len() {
            let (right, message) = judged[at];
            if !right {
                return Some(message);
            }
            at += 1;
        }
        None
    }
}

/// The bytes of a variable; none of one that is not set.
const fn bytes(text: Option<&str>) -> &[u8] {
    match text {
        Some(text) => text.as_bytes(),
        None => &[],
    }
}

const fn has_length(text: Option<&str>, min: usize, max: usize) -> bool {
    let len = bytes(text).len();
    len == 0 || (len >= min && len <= max)
}

const fn is_choice(text: Option<&str>) -> bool {
    matches!(bytes(text), b"" | b"y" | b"n")
}

/// Whether it is a number from 1 to `max`.
const fn is_number(text: Option<&str>, max: u32) -> bool {
    let digits = bytes(text);
    let mut number = 0;
    let mut at = 0;
    while at < digits.len() {
        if !digits[at].is_ascii_digit() || number > max {
            return false;
        }
        number = number * 10 + (digits[at] - b'0') as u32;
        at += 1;
    }
    digits.is_empty() || (number >= 1 && number <= max && digits[0] != b'0')
}

const fn is_password(text: Option<&str>, raw_key: bool) -> bool {
    let chars = bytes(text);
    let (mut printable, mut hex) = (true, true);
    let mut at = 0;
    while at < chars.len() {
        printable &= chars[at] >= 0x20 && chars[at] <= 0x7e;
        hex &= chars[at].is_ascii_hexdigit();
        at += 1;
    }
    let phrase = chars.len() >= PASSPHRASE_MIN && chars.len() <= PASSPHRASE_MAX && printable;
    chars.is_empty() || phrase || (raw_key && chars.len() == PSK_HEX_LEN && hex)
}

const fn is_hostname(text: Option<&str>) -> bool {
    let chars = bytes(text);
    if chars.is_empty() {
        return true;
    }
    let mut at = 0;
    while at < chars.len() {
        if !matches!(chars[at], b'a'..=b'z' | b'0'..=b'9' | b'-') {
            return false;
        }
        at += 1;
    }
    chars.len() <= HOSTNAME_MAX && chars[0] != b'-' && chars[chars.len() - 1] != b'-'
}
