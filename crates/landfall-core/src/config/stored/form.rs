//! The stored forms: what is written, field by field. Never change one; a new form gets a new
//! version.
//!
//! They are apart from the configuration's own types, so that those can change. Texts and names
//! are borrowed from the bytes that are read: a piece is looked through whole before any of it is
//! taken.

use super::super::{ApSecurity, MAX_NETWORKS, values};
use super::bytes::{Cursor, Writer};
use crate::net::{KeyMaterial, Passphrase, Security};

/// The piece *networks*.
pub(super) struct NetworksForm<'a> {
    /// Stands before the networks that follow.
    networks: Cursor<'a>,
    count: u32,
    pub(super) candidate: Option<CandidateForm<'a>>,
    pub(super) last_good: Option<LastGoodForm>,
}

pub(super) struct NetworkForm<'a> {
    pub(super) ssid: &'a [u8],
    pub(super) key: KeyForm<'a>,
    pub(super) bssid: Option<[u8; 6]>,
    pub(super) hidden: bool,
    pub(super) enables_webrepl: bool,
    pub(super) proven: bool,
}

/// How a network lets in.
pub(super) enum KeyForm<'a> {
    Open,
    Phrase(&'a str),
    Raw([u8; 32]),
    /// By the device's own secret; our access point only.
    Device,
}

pub(super) struct CandidateForm<'a> {
    pub(super) ssid: &'a [u8],
    pub(super) verdict: u8,
}

pub(super) struct LastGoodForm {
    pub(super) bssid: [u8; 6],
    pub(super) channel: u8,
}

/// The piece *settings*.
pub(super) struct SettingsForm<'a> {
    pub(super) mode: u8,
    pub(super) ap: ApForm<'a>,
    pub(super) connect_timeout_ms: u32,
    pub(super) max_retry: u8,
    pub(super) fallback_deadline_ms: u32,
    pub(super) services: ServicesForm<'a>,
}

pub(super) struct ApForm<'a> {
    pub(super) ssid: Option<&'a [u8]>,
    pub(super) key: KeyForm<'a>,
    pub(super) channel: Option<u8>,
    pub(super) hidden: bool,
    pub(super) max_clients: u8,
    pub(super) enables_webrepl: bool,
    pub(super) start_policy: u8,
    pub(super) address: [u8; 4],
    pub(super) prefix: u8,
}

pub(super) struct ServicesForm<'a> {
    pub(super) hostname: Option<&'a str>,
    pub(super) device_name: &'a str,
    pub(super) config_server_enabled: bool,
    pub(super) config_server_password: Option<&'a str>,
    pub(super) webrepl_password: Option<&'a str>,
    pub(super) station_writes: bool,
    pub(super) fleet_url: &'a str,
    pub(super) fleet_claim: &'a str,
    pub(super) fleet_ca_pem: &'a str,
    pub(super) mqtt_url: &'a str,
    pub(super) mqtt_user: &'a str,
    pub(super) mqtt_password: &'a str,
    pub(super) mqtt_commands: bool,
    pub(super) internet_probe_url: &'a str,
    pub(super) country: Option<[u8; 2]>,
    pub(super) tx_power_dbm: Option<u8>,
    pub(super) led_pin: Option<u8>,
    pub(super) led_active_low: Option<bool>,
    pub(super) log_level: u8,
    pub(super) extra: &'a str,
}

impl<'a> NetworksForm<'a> {
    /// The form that the bytes of a piece are; none: they are none.
    pub(super) fn read(piece: &'a [u8]) -> Option<Self> {
        let mut c = Cursor::new(piece);
        let count = c.number();
        if count > MAX_NETWORKS as u32 {
            return None;
        }
        let networks = c.clone();
        for _ in 0..count {
            NetworkForm::read(&mut c);
        }
        let form = Self {
            networks,
            count,
            candidate: c.flag().then(|| CandidateForm {
                ssid: c.bytes(),
                verdict: c.byte(),
            }),
            last_good: c.flag().then(|| LastGoodForm {
                bssid: c.array(),
                channel: c.byte(),
            }),
        };
        c.is_whole().then_some(form)
    }

    /// The networks, in their order; at most [`MAX_NETWORKS`].
    pub(super) fn networks(&self) -> impl Iterator<Item = NetworkForm<'a>> {
        let mut c = self.networks.clone();
        (0..self.count).map(move |_| NetworkForm::read(&mut c))
    }
}

impl<'a> NetworkForm<'a> {
    #[inline(never)]
    fn read(c: &mut Cursor<'a>) -> Self {
        Self {
            ssid: c.bytes(),
            key: KeyForm::read(c),
            bssid: c.some_array(),
            hidden: c.flag(),
            enables_webrepl: c.flag(),
            proven: c.flag(),
        }
    }
}

impl<'a> SettingsForm<'a> {
    /// The form that the bytes of a piece are; none: they are none.
    pub(super) fn read(piece: &'a [u8]) -> Option<Self> {
        let mut c = Cursor::new(piece);
        let form = Self {
            mode: c.byte(),
            ap: ApForm::read(&mut c),
            connect_timeout_ms: c.number(),
            max_retry: c.byte(),
            fallback_deadline_ms: c.number(),
            services: ServicesForm::read(&mut c),
        };
        c.is_whole().then_some(form)
    }
}

impl<'a> ApForm<'a> {
    fn read(c: &mut Cursor<'a>) -> Self {
        Self {
            ssid: c.some_bytes(),
            key: KeyForm::read(c),
            channel: c.some_byte(),
            hidden: c.flag(),
            max_clients: c.byte(),
            enables_webrepl: c.flag(),
            start_policy: c.byte(),
            address: c.array(),
            prefix: c.byte(),
        }
    }
}

impl<'a> ServicesForm<'a> {
    fn read(c: &mut Cursor<'a>) -> Self {
        Self {
            hostname: c.some_text(),
            device_name: c.text(),
            config_server_enabled: c.flag(),
            config_server_password: c.some_text(),
            webrepl_password: c.some_text(),
            station_writes: c.flag(),
            fleet_url: c.text(),
            fleet_claim: c.text(),
            fleet_ca_pem: c.text(),
            mqtt_url: c.text(),
            mqtt_user: c.text(),
            mqtt_password: c.text(),
            mqtt_commands: c.flag(),
            internet_probe_url: c.text(),
            country: c.some_array(),
            tx_power_dbm: c.some_byte(),
            led_pin: c.some_byte(),
            led_active_low: c.flag().then(|| c.flag()),
            log_level: c.byte(),
            extra: c.text(),
        }
    }
}

const OPEN: u8 = 0;
const PHRASE: u8 = 1;
const RAW: u8 = 2;
const DEVICE: u8 = 3;

/// Writes how a network lets in.
pub(super) fn write_security(security: &Security, w: &mut Writer<'_>) {
    match security {
        Security::Open => w.byte(OPEN),
        Security::Personal(key) => write_key(key, w),
    }
}

/// Writes how our access point lets in.
pub(super) fn write_ap_security(security: &ApSecurity, w: &mut Writer<'_>) {
    match security {
        ApSecurity::DeviceSecret => w.byte(DEVICE),
        ApSecurity::Open => w.byte(OPEN),
        ApSecurity::Key(key) => write_key(key, w),
    }
}

fn write_key(key: &Passphrase, w: &mut Writer<'_>) {
    match key.material() {
        KeyMaterial::Phrase(text) => {
            w.byte(PHRASE);
            w.text(text);
        }
        KeyMaterial::Raw(key) => {
            w.byte(RAW);
            w.raw(key);
        }
    }
}

impl<'a> KeyForm<'a> {
    fn read(c: &mut Cursor<'a>) -> Self {
        match c.byte() {
            OPEN => Self::Open,
            PHRASE => Self::Phrase(c.text()),
            RAW => Self::Raw(c.array()),
            DEVICE => Self::Device,
            _ => {
                c.refuse();
                Self::Device
            }
        }
    }

    /// The key of a known network; none where it is none.
    pub(super) fn security(&self) -> Option<Security> {
        match self {
            Self::Open => Some(Security::Open),
            Self::Phrase(text) => phrase(text).map(Security::Personal),
            Self::Raw(key) => Some(Security::Personal(Passphrase::from_raw(key))),
            Self::Device => None,
        }
    }

    /// The key of our access point; none where it is none.
    pub(super) fn ap_security(&self) -> Option<ApSecurity> {
        match self {
            Self::Open => Some(ApSecurity::Open),
            Self::Phrase(text) => phrase(text).map(ApSecurity::Key),
            Self::Raw(_) => None,
            Self::Device => Some(ApSecurity::DeviceSecret),
        }
    }
}

/// A passphrase, and no raw key written as one.
fn phrase(text: &str) -> Option<Passphrase> {
    let key = Passphrase::new(text.as_bytes()).ok()?;
    values::is_phrase(&key).then_some(key)
}
