//! The air file as it is written: one structure for each table, a default for each key, and the
//! rules that hold between keys.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use landfall_core::net::{self, Ipv4Net, KeyMaterial, Passphrase, Ssid};
use serde::Deserialize;
use toml::Spanned;

use super::field::{
    Bssid, ChannelNumber, Internet, Kind, Num, Password, Security, Speed, SsidHex, SsidText, Subnet,
};
use crate::air::access_point::{
    Admission, ApAuth, ApChange, ApSpec, InternetAccess, Signal, Uplink,
};

/// A year: no run is longer, and sums of such times do not overflow.
const YEAR_MS: i64 = 365 * 24 * 3600 * 1000;
/// Longest delay of a router.
const DELAY_MAX_MS: i64 = 600_000;
/// Most clients that IEEE 802.11 can number in one network.
const CLIENTS_MAX: i64 = 2007;

type Rssi = Num<i8, -127, 0>;
type Delay = Num<u32, 0, DELAY_MAX_MS>;
type Clients = Num<u16, 0, CLIENTS_MAX>;
type Count = Num<u64, 0, { i64::MAX }>;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    pub(super) seed: Count,
    pub(super) speed: Speed,
    pub(super) scan_ms: Num<u32, 1, 60_000>,
    pub(super) ap: Vec<Spanned<Ap>>,
    pub(super) at: Vec<Spanned<At>>,
    pub(super) flash: Flash,
}

impl Default for File {
    fn default() -> Self {
        let world = super::AirFile::default();
        Self {
            seed: Num::of(world.seed),
            speed: Speed(world.speed),
            scan_ms: Num::of(world.scan_ms),
            ap: Vec::new(),
            at: Vec::new(),
            flash: Flash::default(),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Addition {
    pub(super) ap: Vec<Spanned<Ap>>,
    pub(super) at: Vec<Spanned<At>>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Flash {
    pub(super) power_cut_after: Option<Count>,
    pub(super) fail_after: Option<Count>,
}

/// Flat and wide, because the table in the file is.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Ap {
    name: Option<String>,
    ssid: Option<SsidText>,
    ssid_hex: Option<SsidHex>,
    password: Option<Password>,
    security: Option<Security>,
    bssid: Option<Bssid>,
    channel: Option<ChannelNumber>,
    rssi: Rssi,
    hidden: bool,
    dhcp: bool,
    internet: Internet,
    max_clients: Clients,
    clients: Clients,
    on: bool,
    join_ms: Delay,
    dhcp_ms: Delay,
    subnet: Subnet,
}

impl Default for Ap {
    fn default() -> Self {
        Self {
            name: None,
            ssid: None,
            ssid_hex: None,
            password: None,
            security: None,
            bssid: None,
            channel: None,
            rssi: Num::of(-48),
            hidden: false,
            dhcp: true,
            internet: Internet(InternetAccess::Yes),
            max_clients: Num::of(32),
            clients: Num::of(0),
            on: true,
            join_ms: Num::of(600),
            dhcp_ms: Num::of(400),
            subnet: Subnet(Ipv4Net {
                addr: core::net::Ipv4Addr::new(10, 0, 0, 0),
                prefix: 24,
            }),
        }
    }
}

/// The channel of a router that names none.
const DEFAULT_CHANNEL: u8 = 6;

impl Ap {
    /// The router, or what does not fit together.
    pub(super) fn router(&self) -> Result<ApSpec, String> {
        let ssid = self.network_name()?;
        let default_channel = net::Channel::new(DEFAULT_CHANNEL).unwrap_or(net::Channel::ONE);
        Ok(ApSpec {
            name: self.name.clone().unwrap_or_else(|| ssid.to_string()),
            ssid,
            bssid: self.bssid.as_ref().map(|b| b.0),
            signal: Signal {
                channel: self.channel.map_or(default_channel, |c| c.0),
                rssi: self.rssi.get(),
                hidden: self.hidden,
                on: self.on,
            },
            admission: Admission {
                auth: self.auth()?,
                max_clients: self.max_clients.get(),
                clients: self.clients.get(),
                join_ms: self.join_ms.get(),
            },
            uplink: Uplink {
                dhcp: self.dhcp,
                dhcp_ms: self.dhcp_ms.get(),
                subnet: self.subnet.0,
                internet: self.internet.0,
            },
        })
    }

    fn network_name(&self) -> Result<Ssid, String> {
        match (&self.ssid, &self.ssid_hex) {
            (Some(text), None) => Ok(text.0),
            (None, Some(hex)) => Ok(hex.0),
            (None, None) => Err("`ssid` or `ssid_hex` is missing in this access point".to_owned()),
            (Some(_), Some(_)) => Err("`ssid` and `ssid_hex` exclude each other".to_owned()),
        }
    }

    /// Password and security together. An enterprise router has no use for a password; one that
    /// stands there is left aside, so that a file may change nothing but the word.
    fn auth(&self) -> Result<ApAuth, String> {
        let key = match self.password.as_ref().map(|p| &p.0) {
            Some(net::Security::Personal(key)) => Some(key),
            Some(net::Security::Open) | None => None,
        };
        let default_kind = if key.is_some() {
            Kind::Wpa2
        } else {
            Kind::Open
        };
        match (self.security.as_ref().map_or(default_kind, |s| s.0), key) {
            (Kind::Open, None) => Ok(ApAuth::Open),
            (Kind::Open, Some(_)) => {
                Err("`password` and `security = \"open\"` exclude each other".to_owned())
            }
            (Kind::Enterprise, _) => Ok(ApAuth::Enterprise),
            (Kind::Wpa2 | Kind::Wpa3 | Kind::Wpa2Wpa3, None) => {
                Err("this `security` needs a `password`".to_owned())
            }
            (Kind::Wpa2, Some(key)) => Ok(ApAuth::Wpa2(key.clone())),
            (Kind::Wpa3, Some(key)) => phrase(key).map(ApAuth::Wpa3),
            (Kind::Wpa2Wpa3, Some(key)) => phrase(key).map(ApAuth::Wpa2Wpa3),
        }
    }
}

fn phrase(key: &Passphrase) -> Result<Passphrase, String> {
    match key.material() {
        KeyMaterial::Phrase(_) => Ok(key.clone()),
        KeyMaterial::Raw(_) => Err(
            "WPA3 takes a `password` of 8 to 63 characters, not 64 hexadecimal digits".to_owned(),
        ),
    }
}

/// The keys of `[[at]]` that change something.
pub(super) const CHANGE_KEYS: &str =
    "`on`, `rssi`, `password`, `dhcp`, `deauth`, `comeback_ms` and `channel`";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct At {
    pub(super) ms: Num<u64, 0, YEAR_MS>,
    pub(super) ap: Spanned<String>,
    on: Option<bool>,
    rssi: Option<Rssi>,
    password: Option<Password>,
    dhcp: Option<bool>,
    deauth: Option<bool>,
    comeback_ms: Option<Delay>,
    channel: Option<ChannelNumber>,
}

impl At {
    /// What happens, what ends a link last.
    pub(super) fn changes(&self) -> Vec<ApChange> {
        let all = [
            self.password
                .as_ref()
                .map(|p| ApChange::Password(p.0.clone())),
            self.rssi.map(|r| ApChange::Rssi(r.get())),
            self.dhcp.map(ApChange::Dhcp),
            self.comeback_ms.map(|ms| ApChange::Comeback(ms.get())),
            self.channel.map(|c| ApChange::Channel(c.0)),
            self.deauth.filter(|d| *d).map(|_| ApChange::Deauth),
            self.on.map(ApChange::On),
        ];
        all.into_iter().flatten().collect()
    }
}
