//! The language between the machine and a radio: operations, what comes back, and what the
//! reason codes of a failure mean.
//!
//! Operations marked *exclusive* end with exactly one of the events named beside them, and the
//! machine never asks for two at once.

use core::fmt;
use core::net::Ipv4Addr;

use crate::net::{Bssid, Channel, Ipv4Net, Mac, Ssid};

/// What the machine asks of the radio. Names and keys are not in here: the adapter reads them
/// from [`Manager::join_target`](crate::manager::Manager::join_target) and
/// [`Manager::ap_target`](crate::manager::Manager::ap_target).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RadioOp {
    /// Look at all channels. Exclusive: rows, then `ScanDone` or `ScanFailed`.
    Scan,
    /// Associate with the join target. Exclusive: `Joined` or `JoinFailed`; an `Address` follows
    /// a `Joined` by itself.
    Join {
        /// The one access point to take; none: a directed probe for the name, any that answers.
        bssid: Option<Bssid>,
        /// Where it was last heard; none: look on all.
        channel: Option<Channel>,
    },
    /// Leave the network joined, or give up waiting for its address. Exclusive: `Left`.
    Leave,
    /// Bring the access point up. Exclusive: `ApStarted` or `ApFailed`.
    ApStart {
        /// Its channel.
        channel: Channel,
    },
    /// Take the access point down. Exclusive: `ApStopped`.
    ApStop,
    /// Move the running access point, announced to its clients where the radio can.
    /// Exclusive: `ApMoved`.
    ApMove {
        /// Its new channel.
        channel: Channel,
    },
    /// End the exclusive operation under way; that operation's own event still comes.
    Cancel,
    /// Say how things stand; answered by `Report`. May be asked at any time.
    Query,
}

/// What a radio tells the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RadioEvent {
    /// One access point heard by the scan under way.
    ScanRow(ScanRow),
    /// The scan is over.
    ScanDone,
    /// The scan could not be done.
    ScanFailed,
    /// Associated and authenticated; the address is still to come.
    Joined {
        /// Whom it joined.
        bssid: Bssid,
        /// On which channel.
        channel: Channel,
        /// How strong, in dBm.
        rssi: i8,
    },
    /// The join failed.
    JoinFailed {
        /// Why.
        reason: Reason,
        /// The time after which the access point said to come back, in milliseconds.
        comeback_ms: Option<u32>,
    },
    /// The station has this address.
    Address(Ipv4Net),
    /// The station lost its address but not its link.
    AddressLost,
    /// The station lost its link.
    Lost {
        /// Why.
        reason: Reason,
    },
    /// The station left, as asked.
    Left,
    /// The access point is up.
    ApStarted {
        /// Its channel (that of the station, where the radio has but one).
        channel: Channel,
    },
    /// The access point did not come up.
    ApFailed {
        /// Why.
        reason: Reason,
    },
    /// The access point is down, asked for or not.
    ApStopped,
    /// The access point moved.
    ApMoved {
        /// Its channel now.
        channel: Channel,
    },
    /// A client joined the access point.
    ClientJoined(Mac),
    /// A client left the access point.
    ClientLeft(Mac),
    /// How things stand, asked for by `Query`.
    Report(LinkReport),
}

/// How things stand at the radio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkReport {
    /// The strength of the link in dBm; none: the station is not associated.
    pub rssi: Option<i8>,
    /// The station's address; none, or `0.0.0.0`: it has none.
    pub address: Option<Ipv4Net>,
    /// Whether the access point is up.
    pub ap_up: bool,
}

impl LinkReport {
    /// The address where it is one: `0.0.0.0` counts as none.
    pub fn usable_address(&self) -> Option<Ipv4Net> {
        self.address.filter(|net| net.addr != Ipv4Addr::UNSPECIFIED)
    }
}

/// One access point as a scan heard it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScanRow {
    /// Its name; none: it hides it.
    pub ssid: Option<Ssid>,
    /// Its hardware address.
    pub bssid: Bssid,
    /// Its channel.
    pub channel: Channel,
    /// Its strength, in dBm.
    pub rssi: i8,
    /// How it lets in.
    pub auth: AuthMode,
}

/// How a network heard in a scan lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthMode {
    /// Anyone.
    Open,
    /// WPA2 personal.
    Wpa2,
    /// WPA3 personal alone.
    Wpa3,
    /// WPA2 and WPA3 personal.
    Wpa2Wpa3,
    /// WPA enterprise: not joined by us.
    Enterprise,
    /// Another one, which the radio may or may not join.
    Other,
}

impl AuthMode {
    /// Whether it takes a key.
    pub fn is_secure(self) -> bool {
        !matches!(self, Self::Open)
    }
}

/// Why a join failed or a link ended, in the numbering of its own context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A deauthentication or disassociation reason (IEEE 802.11 table 9-49), or from 200 on one
    /// of Espressif's own (`wifi_err_reason_t` of ESP-IDF).
    Code(u16),
    /// A status of SAE authentication (IEEE 802.11 table 9-50).
    SaeStatus(u16),
    /// A status of an association response (IEEE 802.11 table 9-50).
    AssocStatus(u16),
    /// DHCP gave no address in time.
    NoAddress,
}

impl Reason {
    /// Leaving because we asked to (ASSOC_LEAVE).
    pub const LEAVING: Self = Self::Code(8);
    /// No access point of that name was heard (NO_AP_FOUND).
    pub const NOT_FOUND: Self = Self::Code(201);
    /// The attempt ran out of time (CONNECTION_FAIL).
    pub const TIMED_OUT: Self = Self::Code(205);

    /// The bare number, for people and logs; 0 where there is none.
    pub fn number(self) -> u16 {
        match self {
            Self::Code(n) | Self::SaeStatus(n) | Self::AssocStatus(n) => n,
            Self::NoAddress => 0,
        }
    }

    /// What it means for what is next. `asked` is whether we ended the link ourselves.
    pub fn class(self, asked: bool) -> FailureClass {
        use FailureClass as C;
        match self {
            Self::NoAddress => C::NoAddress,
            Self::SaeStatus(1) => C::WrongPassword,
            Self::AssocStatus(17) => C::ApFull,
            Self::SaeStatus(_) | Self::AssocStatus(_) => C::Transient,
            Self::Code(code) => match code {
                3 | 8 if asked => C::OwnDoing,
                15 | 23 | 202 | 204 => C::WrongPassword,
                201 => C::NotFound,
                13 | 17..=22 | 24 | 210 | 211 => C::SecurityMismatch,
                212 => C::WeakSignal,
                5 => C::ApFull,
                203 | 208 => C::ApComeback,
                _ => C::Transient,
            },
        }
    }
}

/// What a failure means for what is tried next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureClass {
    /// The key does not open the network.
    WrongPassword,
    /// No access point of that name answers.
    NotFound,
    /// The network wants another kind of security.
    SecurityMismatch,
    /// Heard too weakly to join.
    WeakSignal,
    /// The access point takes no more clients.
    ApFull,
    /// The access point said to come back later.
    ApComeback,
    /// Joined, but DHCP gave no address.
    NoAddress,
    /// Anything that may be gone at the next try.
    Transient,
    /// We ended it ourselves.
    OwnDoing,
}

impl FailureClass {
    /// The name that every door uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WrongPassword => "wrong_password",
            Self::NotFound => "not_found",
            Self::SecurityMismatch => "security_mismatch",
            Self::WeakSignal => "weak_signal",
            Self::ApFull => "ap_full",
            Self::ApComeback => "ap_comeback",
            Self::NoAddress => "no_address",
            Self::Transient => "transient",
            Self::OwnDoing => "own_doing",
        }
    }
}

impl fmt::Display for FailureClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::{FailureClass as C, Reason};

    #[test]
    fn reason_codes_fall_into_their_classes() {
        for code in 0..=300 {
            let expected = match code {
                15 | 202 | 204 | 23 => C::WrongPassword,
                201 => C::NotFound,
                13 | 17..=22 | 24 | 210 | 211 => C::SecurityMismatch,
                212 => C::WeakSignal,
                5 => C::ApFull,
                203 | 208 => C::ApComeback,
                _ => C::Transient,
            };
            assert_eq!(Reason::Code(code).class(false), expected, "code {code}");
        }
        assert_eq!(Reason::Code(3).class(true), C::OwnDoing);
        assert_eq!(Reason::LEAVING.class(true), C::OwnDoing);
        assert_eq!(Reason::SaeStatus(1).class(false), C::WrongPassword);
        assert_eq!(Reason::AssocStatus(17).class(false), C::ApFull);
        assert_eq!(Reason::NoAddress.class(false), C::NoAddress);
    }
}
