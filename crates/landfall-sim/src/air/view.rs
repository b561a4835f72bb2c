//! What can be seen of an air from outside, for the host, for people and for checks. Looking
//! changes nothing.

use landfall_core::manager::JoinTarget;
use landfall_core::net::{Ipv4Net, Mac};

use super::access_point::{AccessPoint, InternetAccess};
use super::log::Entry;
use super::{Air, DeviceAp, DeviceId, Fault, Violation};

/// The link of a device's station.
#[derive(Clone, Copy, Debug)]
pub struct LinkView<'a> {
    /// The router it is linked to.
    pub ap: &'a AccessPoint,
    /// The address it has there.
    pub address: Option<Ipv4Net>,
}

impl LinkView<'_> {
    /// What a probe for internet finds; none without an address or while the router is silent.
    pub fn internet(&self) -> Option<InternetAccess> {
        let reaches = self.address.is_some() && self.ap.is_heard();
        reaches.then_some(self.ap.spec.uplink.internet)
    }
}

impl Air {
    /// The moment the air stands at, in milliseconds since it began.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// The routers, in the order of their coming.
    pub fn access_points(&self) -> &[AccessPoint] {
        &self.aps
    }

    /// Whether a router of that name is on the air.
    pub fn has_access_point(&self, name: &str) -> bool {
        self.aps.iter().any(|ap| ap.spec.name == name)
    }

    /// The devices with their hardware addresses, in the order of their coming.
    pub fn devices_with_macs(&self) -> impl Iterator<Item = (DeviceId, Mac)> + '_ {
        self.devices()
            .map(|device| (device, self.radio(device).mac))
    }

    /// The link of a device's station.
    pub fn link(&self, device: DeviceId) -> Option<LinkView<'_>> {
        let link = self.radio(device).link?;
        Some(LinkView {
            ap: &self.aps[link.ap],
            address: link.address,
        })
    }

    /// A device's access point, where it is up.
    pub fn device_ap(&self, device: DeviceId) -> Option<&DeviceAp> {
        self.radio(device).ap.as_ref()
    }

    /// Whether this device would get an address if it looked for that network now, and no weakness
    /// of the signal kept it out: the truth that checks compare a device with. Takes the air
    /// mutably for the keys it derives, which nobody sees.
    pub fn lets_in(&mut self, device: DeviceId, target: JoinTarget<'_>) -> bool {
        let own = self.radio(device).link.map(|link| link.ap);
        (0..self.aps.len()).any(|place| {
            let others = self.linked_to(place) - usize::from(own == Some(place));
            let ap = &self.aps[place];
            ap.is_heard()
                && ap.spec.ssid == *target.ssid
                && ap.spec.uplink.dhcp
                && ap.compatible(target.security).is_ok()
                && ap.admit(target.security, others, &mut self.keys).is_ok()
        })
    }

    /// Makes something go wrong once, at the next operation of its kind. Several of a kind follow
    /// one another.
    pub fn inject(&mut self, device: DeviceId, fault: Fault) {
        self.radio_mut(device).faults.push(fault);
    }

    /// How often this is still to go wrong.
    pub fn faults(&self, device: DeviceId, fault: Fault) -> usize {
        let all = self.radio(device).faults.iter();
        all.filter(|other| **other == fault).count()
    }

    /// The last radio operations, oldest first. [`Query`](landfall_core::radio::RadioOp::Query)
    /// and [`Cancel`](landfall_core::radio::RadioOp::Cancel) are none.
    pub fn log(&self) -> impl Iterator<Item = &Entry> {
        self.log.iter()
    }

    /// How often devices asked what they must not of their one radio.
    pub fn violations(&self) -> u64 {
        self.violations.count
    }

    /// The last such question: when, who and what.
    pub fn last_violation(&self) -> Option<(u64, DeviceId, Violation)> {
        self.violations.last
    }
}
