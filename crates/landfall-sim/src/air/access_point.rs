//! A router on the air: what it is, how it changes, and whom it lets in.

use alloc::string::String;

use landfall_core::net::{Bssid, Channel, Ipv4Net, KeyMaterial, Passphrase, Security, Ssid};
use landfall_core::radio::{AuthMode, Reason};

use super::key::KeyRing;

/// Below this, in dBm, an access point is not heard at all.
pub const HEARD_FROM_DBM: i8 = -92;
/// Up to this, in dBm, a join fails now and then for weakness.
pub const WEAK_UP_TO_DBM: i8 = -85;

/// A router as the air file describes it, and as it stands after changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApSpec {
    /// What changes call it; not unique: a change goes to all of that name.
    pub name: String,
    /// Its network.
    pub ssid: Ssid,
    /// Its hardware address; none: the air gives it a free one.
    pub bssid: Option<Bssid>,
    /// What is heard of it.
    pub signal: Signal,
    /// Whom it lets in.
    pub admission: Admission,
    /// What is behind it.
    pub uplink: Uplink,
}

/// What is heard of a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Its channel.
    pub channel: Channel,
    /// Its strength at every device, in dBm.
    pub rssi: i8,
    /// Whether its beacons leave the name out.
    pub hidden: bool,
    /// Whether it runs.
    pub on: bool,
}

/// Whom a router lets in, and how fast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// How it lets in.
    pub auth: ApAuth,
    /// Most clients.
    pub max_clients: u16,
    /// How many of them are others, not on this air.
    pub clients: u16,
    /// Association and handshake, in milliseconds.
    pub join_ms: u32,
}

/// What is behind a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uplink {
    /// Whether addresses are given.
    pub dhcp: bool,
    /// How long that takes, in milliseconds.
    pub dhcp_ms: u32,
    /// From where.
    pub subnet: Ipv4Net,
    /// Whether the internet is behind it.
    pub internet: InternetAccess,
}

/// Whether the internet is behind a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InternetAccess {
    /// Probes are answered.
    Yes,
    /// Probes fail.
    No,
    /// Probes are redirected.
    Captive,
}

/// How a router lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApAuth {
    /// Anyone.
    Open,
    /// WPA2 personal.
    Wpa2(Passphrase),
    /// WPA3 personal alone. Its key is a passphrase: SAE has no use for a raw key.
    Wpa3(Passphrase),
    /// Both.
    Wpa2Wpa3(Passphrase),
    /// WPA enterprise.
    Enterprise,
}

impl ApAuth {
    /// As a scan shows it.
    pub fn mode(&self) -> AuthMode {
        match self {
            Self::Open => AuthMode::Open,
            Self::Wpa2(_) => AuthMode::Wpa2,
            Self::Wpa3(_) => AuthMode::Wpa3,
            Self::Wpa2Wpa3(_) => AuthMode::Wpa2Wpa3,
            Self::Enterprise => AuthMode::Enterprise,
        }
    }

    /// The same with another password: an open one becomes WPA2, and any becomes open by
    /// [`Security::Open`]. A WPA3 router that is given a raw key takes WPA2 for it.
    #[must_use]
    pub fn with_password(self, password: &Security) -> Self {
        let Security::Personal(key) = password else {
            return Self::Open;
        };
        let raw = matches!(key.material(), KeyMaterial::Raw(_));
        match self {
            Self::Wpa3(_) if !raw => Self::Wpa3(key.clone()),
            Self::Wpa2Wpa3(_) if !raw => Self::Wpa2Wpa3(key.clone()),
            Self::Open | Self::Wpa2(_) | Self::Wpa3(_) | Self::Wpa2Wpa3(_) => {
                Self::Wpa2(key.clone())
            }
            Self::Enterprise => Self::Enterprise,
        }
    }
}

/// A change of a router while the air runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApChange {
    /// Switch it on or off.
    On(bool),
    /// Give it another password; those who are in stay in.
    Password(Security),
    /// Move it nearer or farther, in dBm.
    Rssi(i8),
    /// Give addresses, or none from now on; those who have one keep it.
    Dhcp(bool),
    /// Throw everyone out.
    Deauth,
    /// Tell the next who joins to come back after this time, in milliseconds.
    Comeback(u32),
    /// Move to another channel, announced.
    Channel(Channel),
}

/// A router that runs on an air.
#[derive(Clone, Debug)]
pub struct AccessPoint {
    pub(super) spec: ApSpec,
    pub(super) bssid: Bssid,
    pub(super) comeback_ms: Option<u32>,
}

/// Why a router does not let in, as the station's radio says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) reason: Reason,
    pub(super) comeback_ms: Option<u32>,
}

impl Refused {
    pub(super) const fn code(code: u16) -> Self {
        Self {
            reason: Reason::Code(code),
            comeback_ms: None,
        }
    }
}

/// The reason of a join that the handshake refuses: the key is wrong (4-way handshake timeout).
pub(super) const WRONG_KEY: u16 = 15;
/// No room (disassociated, too many stations).
const FULL: u16 = 5;
/// The association is refused for now (ASSOC_FAIL).
const COMEBACK: u16 = 203;
/// Heard, with another kind of security (NO_AP_FOUND_W_COMPATIBLE_SECURITY).
const OTHER_SECURITY: u16 = 210;
/// Heard, with a better kind of security than the key is good for
/// (NO_AP_FOUND_IN_AUTHMODE_THRESHOLD).
const BETTER_SECURITY: u16 = 211;

impl AccessPoint {
    /// As it stands now. Its `bssid` is as the file has it; see [`AccessPoint::bssid`].
    pub fn spec(&self) -> &ApSpec {
        &self.spec
    }

    /// Its hardware address.
    pub fn bssid(&self) -> Bssid {
        self.bssid
    }

    /// Whether it is heard at all.
    pub fn is_heard(&self) -> bool {
        self.spec.signal.on && self.spec.signal.rssi >= HEARD_FROM_DBM
    }

    /// Whether its signal is so weak that a join fails now and then.
    pub fn is_weak(&self) -> bool {
        self.spec.signal.rssi <= WEAK_UP_TO_DBM
    }

    /// Whether a station with this kind of credentials tries it at all.
    pub(super) fn compatible(&self, security: &Security) -> Result<(), Refused> {
        match (security, &self.spec.admission.auth) {
            (Security::Open, ApAuth::Open)
            | (Security::Personal(_), ApAuth::Wpa2(_) | ApAuth::Wpa2Wpa3(_)) => Ok(()),
            (Security::Personal(key), ApAuth::Wpa3(_)) => match key.material() {
                KeyMaterial::Phrase(_) => Ok(()),
                KeyMaterial::Raw(_) => Err(Refused::code(BETTER_SECURITY)),
            },
            (Security::Open | Security::Personal(_), ApAuth::Enterprise)
            | (Security::Open, ApAuth::Wpa2(_) | ApAuth::Wpa3(_) | ApAuth::Wpa2Wpa3(_))
            | (Security::Personal(_), ApAuth::Open) => Err(Refused::code(OTHER_SECURITY)),
        }
    }

    /// Whether the router lets a compatible station in, when `linked` stations of this air are.
    pub(super) fn admit(
        &self,
        security: &Security,
        linked: usize,
        keys: &mut KeyRing,
    ) -> Result<(), Refused> {
        let admission = &self.spec.admission;
        if let Some(comeback_ms) = self.comeback_ms {
            return Err(Refused {
                reason: Reason::Code(COMEBACK),
                comeback_ms: Some(comeback_ms),
            });
        }
        if usize::from(admission.clients) + linked >= usize::from(admission.max_clients) {
            return Err(Refused::code(FULL));
        }
        if self.opens(security, keys) {
            Ok(())
        } else {
            Err(Refused::code(WRONG_KEY))
        }
    }

    fn opens(&self, security: &Security, keys: &mut KeyRing) -> bool {
        match (&self.spec.admission.auth, security) {
            (ApAuth::Open, Security::Open) => true,
            (
                ApAuth::Wpa2(own) | ApAuth::Wpa3(own) | ApAuth::Wpa2Wpa3(own),
                Security::Personal(key),
            ) => keys.same(&self.spec.ssid, own, key),
            (ApAuth::Open | ApAuth::Enterprise, Security::Personal(_))
            | (
                ApAuth::Wpa2(_) | ApAuth::Wpa3(_) | ApAuth::Wpa2Wpa3(_) | ApAuth::Enterprise,
                Security::Open,
            ) => false,
        }
    }
}
