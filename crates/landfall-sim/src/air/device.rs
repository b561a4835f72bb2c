//! The radio of one device: a station, an access point, and at most one operation under way.

use alloc::vec::Vec;

use landfall_core::manager::ApTarget;
use landfall_core::net::{Bssid, Channel, Ipv4Net, Mac, Passphrase, Ssid};
use landfall_core::radio::{AuthMode, Reason};

use super::Purpose;
use super::access_point::Refused;
use super::log::EntryId;
use crate::rng::Rng;

/// Names a device on the air that gave it, by the order of their coming.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(pub(super) u32);

impl DeviceId {
    /// Its place in the order of coming, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Something that goes wrong once, at the next operation of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The next scan fails.
    Scan,
    /// The next access point does not come up.
    ApStart,
    /// The next join fails for this reason.
    Join(Reason),
}

/// The access point of a device, as it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceAp {
    /// Its name.
    pub ssid: Ssid,
    /// Its key; none: open.
    pub key: Option<Passphrase>,
    /// Whether it hides its name.
    pub hidden: bool,
    /// Most clients.
    pub max_clients: u8,
    /// Its channel.
    pub channel: Channel,
    /// Its address and network.
    pub address: Ipv4Net,
}

impl DeviceAp {
    pub(super) fn new(target: ApTarget<'_>, channel: Channel) -> Self {
        Self {
            ssid: target.ssid,
            key: target.key.cloned(),
            hidden: target.hidden,
            max_clients: target.max_clients,
            channel,
            address: target.address,
        }
    }

    pub(super) fn auth(&self) -> AuthMode {
        if self.key.is_some() {
            AuthMode::Wpa2
        } else {
            AuthMode::Open
        }
    }
}

/// The station's link to the router of that place in the air's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) ap: usize,
    pub(super) address: Option<Ipv4Net>,
    pub(super) address_at_ms: Option<u64>,
    pub(super) missed_at_ms: Option<u64>,
}

/// An exclusive operation under way.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) ends_ms: u64,
    pub(super) entry: EntryId,
    pub(super) work: Work,
}

/// What is under way, and what will come of it.
#[derive(Clone, Debug)]
pub(super) enum Work {
    Scan {
        began_ms: u64,
        cut_ms: Option<u64>,
        fails: bool,
    },
    Join(Fate),
    Leave,
    ApStart {
        /// None: it will fail.
        ap: Option<DeviceAp>,
    },
    ApStop,
    ApMove(Channel),
}

/// What will come of a join, if the world stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    In { ap: usize },
    Out(Refused),
    Cancelled,
}

/// The radio of one device.
#[derive(Clone, Debug)]
pub(super) struct Radio {
    pub(super) mac: Mac,
    pub(super) rng: Rng,
    pub(super) link: Option<Link>,
    pub(super) ap: Option<DeviceAp>,
    pub(super) operation: Option<Operation>,
    /// What is still to go wrong, in this order.
    pub(super) faults: Vec<Fault>,
}

impl Radio {
    pub(super) fn new(mac: Mac, rng: Rng) -> Self {
        Self {
            mac,
            rng,
            link: None,
            ap: None,
            operation: None,
            faults: Vec::new(),
        }
    }

    /// Silences it; gives the operation that was under way.
    pub(super) fn power_off(&mut self) -> Option<EntryId> {
        self.link = None;
        self.ap = None;
        self.operation.take().map(|operation| operation.entry)
    }

    pub(super) fn deadline(&self, purpose: Purpose) -> Option<u64> {
        match purpose {
            Purpose::Operation => self.operation.as_ref().map(|operation| operation.ends_ms),
            Purpose::Address => self.link.and_then(|link| link.address_at_ms),
            Purpose::BeaconLoss => self.link.and_then(|link| link.missed_at_ms),
        }
    }

    /// The hardware address of its access point: its own with the locally administered bit, so
    /// that devices of consecutive addresses do not collide.
    pub(super) fn ap_bssid(&self) -> Bssid {
        let [a, rest @ ..] = self.mac.0;
        let [b, c, d, e, f] = rest;
        Mac([a | 0x02, b, c, d, e, f])
    }

    /// Takes the first fault that this picks.
    pub(super) fn takes_fault<T>(&mut self, pick: impl Fn(Fault) -> Option<T>) -> Option<T> {
        let (place, found) = self
            .faults
            .iter()
            .enumerate()
            .find_map(|(place, fault)| Some((place, pick(*fault)?)))?;
        self.faults.remove(place);
        Some(found)
    }
}
