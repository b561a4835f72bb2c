//! The stored forms: what is written, field by field. Never change one; a new form gets a new
//! version.
//!
//! They are apart from the configuration's own types, so that those can change. Texts and names
//! are borrowed, from the configuration as from the bytes that are read.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::super::{ApSecurity, MAX_NETWORKS, values};
use super::{DoesNotFit, VERSION};
use crate::net::{KeyMaterial, Passphrase, Security};

/// The piece *networks*.
#[derive(Serialize, Deserialize)]
pub(super) struct NetworksForm<'a> {
    #[serde(borrow)]
    pub(super) networks: Vec<NetworkForm<'a>, MAX_NETWORKS>,
    pub(super) candidate: Option<CandidateForm<'a>>,
    pub(super) last_good: Option<LastGoodForm>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct NetworkForm<'a> {
    pub(super) ssid: &'a [u8],
    #[serde(borrow)]
    pub(super) key: KeyForm<'a>,
    pub(super) bssid: Option<[u8; 6]>,
    pub(super) hidden: bool,
    pub(super) enables_webrepl: bool,
    pub(super) proven: bool,
}

/// How a network lets in.
#[derive(Serialize, Deserialize)]
pub(super) enum KeyForm<'a> {
    Open,
    Phrase(&'a str),
    Raw([u8; 32]),
    /// By the device's own secret; our access point only.
    Device,
}

#[derive(Serialize, Deserialize)]
pub(super) struct CandidateForm<'a> {
    pub(super) ssid: &'a [u8],
    pub(super) verdict: u8,
}

#[derive(Serialize, Deserialize)]
pub(super) struct LastGoodForm {
    pub(super) bssid: [u8; 6],
    pub(super) channel: u8,
}

/// The piece *settings*.
#[derive(Serialize, Deserialize)]
pub(super) struct SettingsForm<'a> {
    pub(super) mode: u8,
    #[serde(borrow)]
    pub(super) ap: ApForm<'a>,
    pub(super) connect_timeout_ms: u32,
    pub(super) max_retry: u8,
    pub(super) fallback_deadline_ms: u32,
    pub(super) services: ServicesForm<'a>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ApForm<'a> {
    pub(super) ssid: Option<&'a [u8]>,
    #[serde(borrow)]
    pub(super) key: KeyForm<'a>,
    pub(super) channel: Option<u8>,
    pub(super) hidden: bool,
    pub(super) max_clients: u8,
    pub(super) enables_webrepl: bool,
    pub(super) start_policy: u8,
    pub(super) address: [u8; 4],
    pub(super) prefix: u8,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ServicesForm<'a> {
    pub(super) hostname: Option<&'a str>,
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

impl<'a> KeyForm<'a> {
    pub(super) fn of(security: &'a Security) -> Self {
        match security {
            Security::Open => Self::Open,
            Security::Personal(key) => Self::of_key(key),
        }
    }

    pub(super) fn of_ap(security: &'a ApSecurity) -> Self {
        match security {
            ApSecurity::DeviceSecret => Self::Device,
            ApSecurity::Open => Self::Open,
            ApSecurity::Key(key) => Self::of_key(key),
        }
    }

    fn of_key(key: &'a Passphrase) -> Self {
        match key.material() {
            KeyMaterial::Phrase(text) => Self::Phrase(text),
            KeyMaterial::Raw(key) => Self::Raw(*key),
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

/// Writes a piece: the version, then the form.
pub(super) fn write<'b>(
    form: &impl Serialize,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], DoesNotFit> {
    let (version, rest) = buffer.split_first_mut().ok_or(DoesNotFit)?;
    *version = VERSION;
    let len = 1 + postcard::to_slice(form, rest)
        .map_err(|_| DoesNotFit)?
        .len();
    buffer.get(..len).ok_or(DoesNotFit)
}

/// Reads a piece; none where it has another version, another form, or more behind it.
pub(super) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    let form = bytes.strip_prefix(&[VERSION])?;
    match postcard::take_from_bytes(form) {
        Ok((form, [])) => Some(form),
        Ok(_) | Err(_) => None,
    }
}
