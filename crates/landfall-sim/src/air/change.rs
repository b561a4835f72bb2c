//! Changes of routers while the air runs, and what they do to those who are linked.

use core::fmt;

use landfall_core::net::{Bssid, Channel};
use landfall_core::radio::{RadioEvent, Reason};

use super::access_point::{AccessPoint, ApChange, ApSpec, Refused};
use super::device::{Fate, Work};
use super::file::{ACCESS_POINTS_MAX, TimedChange};
use super::{Air, BEACON_LOSS_MS, DeviceId, Purpose};

/// The router throws a station out: previous authentication no longer valid, what hostapd sends
/// when its owner does it.
const DEAUTHENTICATED: u16 = 2;
/// A router that was restarted does not know the station: class 2 frame from one that is not
/// authenticated.
const UNKNOWN_STATION: u16 = 6;

/// Why routers cannot be added to an air.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddError {
    /// A router of this air has this hardware address. Give it another.
    BssidTaken(Bssid),
    /// The air would have more than [`ACCESS_POINTS_MAX`] routers.
    TooMany,
}

impl fmt::Display for AddError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BssidTaken(bssid) => {
                write!(f, "bssid {bssid} is on the air already; give it another")
            }
            Self::TooMany => write!(
                f,
                "the air would have more than {ACCESS_POINTS_MAX} access points"
            ),
        }
    }
}

impl core::error::Error for AddError {}

pub(super) fn check_addition(aps: &[AccessPoint], more: &[ApSpec]) -> Result<(), AddError> {
    if aps.len() + more.len() > ACCESS_POINTS_MAX {
        return Err(AddError::TooMany);
    }
    let mut wanted = more.iter().filter_map(|spec| spec.bssid);
    wanted
        .find(|bssid| aps.iter().any(|ap| ap.bssid == *bssid))
        .map_or(Ok(()), |bssid| Err(AddError::BssidTaken(bssid)))
}

impl Air {
    /// Changes every router of that name. False: there is none.
    pub fn change(&mut self, name: &str, change: &ApChange, now_ms: u64) -> bool {
        self.advance(now_ms);
        self.change_named(name, change)
    }

    /// The lease of a device's address ends; its link stands, and the router gives another one
    /// where it gives any. False: it had none.
    pub fn end_lease(&mut self, device: DeviceId, now_ms: u64) -> bool {
        self.advance(now_ms);
        let held = self.radio(device).link.and_then(|link| link.address);
        if held.is_some() {
            self.update_link(device, |link| link.address = None);
            self.tell(device, RadioEvent::AddressLost);
            self.expect_address(device);
        }
        held.is_some()
    }

    pub(super) fn happen(&mut self, timed: &TimedChange) {
        for change in &timed.changes {
            self.change_named(&timed.ap, change);
        }
    }

    fn change_named(&mut self, name: &str, change: &ApChange) -> bool {
        let mut found = false;
        for place in 0..self.aps.len() {
            if self.aps[place].spec.name == name {
                self.change_one(place, change);
                found = true;
            }
        }
        found
    }

    fn change_one(&mut self, place: usize, change: &ApChange) {
        let spec = &mut self.aps[place].spec;
        match change {
            ApChange::On(on) => {
                let restarted = *on && !spec.signal.on;
                spec.signal.on = *on;
                if restarted {
                    self.throw_out(place, UNKNOWN_STATION);
                }
                self.watch_beacons(place);
            }
            ApChange::Password(password) => {
                let auth = spec.admission.auth.clone();
                spec.admission.auth = auth.with_password(password);
            }
            ApChange::Rssi(rssi) => {
                spec.signal.rssi = *rssi;
                self.watch_beacons(place);
            }
            ApChange::Dhcp(dhcp) => {
                spec.uplink.dhcp = *dhcp;
                self.for_linked(place, Self::expect_address);
            }
            ApChange::Deauth => self.throw_out(place, DEAUTHENTICATED),
            ApChange::Comeback(ms) => self.aps[place].comeback_ms = Some(*ms),
            ApChange::Channel(channel) => self.switch_channel(place, *channel),
        }
    }

    /// The move is announced, so stations follow, and their own access points with them.
    fn switch_channel(&mut self, place: usize, channel: Channel) {
        self.aps[place].spec.signal.channel = channel;
        self.for_linked(place, |air, device| air.follow(device, channel));
    }

    /// Begins or ends the wait of those linked to a router for its next beacon.
    fn watch_beacons(&mut self, place: usize) {
        let heard = self.aps[place].is_heard();
        self.for_linked(place, |air, device| {
            let waiting = air.radio(device).deadline(Purpose::BeaconLoss).is_some();
            if heard {
                air.update_link(device, |link| link.missed_at_ms = None);
            } else if !waiting {
                let at_ms = air.now_ms + u64::from(BEACON_LOSS_MS);
                air.update_link(device, |link| link.missed_at_ms = Some(at_ms));
                air.set_timer(device, Purpose::BeaconLoss, at_ms);
            }
        });
    }

    /// Ends the links to a router, and the joins that it would have let in.
    fn throw_out(&mut self, place: usize, code: u16) {
        self.for_linked(place, |air, device| air.lose(device, Reason::Code(code)));
        for device in self.devices() {
            let now_ms = self.now_ms;
            let Some(operation) = &mut self.radio_mut(device).operation else {
                continue;
            };
            if matches!(operation.work, Work::Join(Fate::In { ap }) if ap == place) {
                operation.work = Work::Join(Fate::Out(Refused::code(code)));
                operation.ends_ms = now_ms;
                self.set_timer(device, Purpose::Operation, now_ms);
            }
        }
    }

    fn for_linked(&mut self, place: usize, mut act: impl FnMut(&mut Self, DeviceId)) {
        for device in self.devices() {
            if self.radio(device).link.is_some_and(|link| link.ap == place) {
                act(self, device);
            }
        }
    }
}
