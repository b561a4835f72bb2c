//! What comes of operations and links: rows, addresses, failures, losses.

use core::net::Ipv4Addr;

use landfall_core::net::{Bssid, Channel, Ipv4Net};
use landfall_core::radio::{RadioEvent, Reason, ScanRow};

use super::access_point::HEARD_FROM_DBM;
use super::device::{DeviceAp, Fate, Link, Work};
use super::log::{EntryId, Outcome};
use super::{Air, DeviceId, Purpose};
use crate::rng::mix;

/// Strengths above this are exact, in dBm.
const EXACT_ABOVE_DBM: i8 = -80;
/// How much weaker ones waver up or down, in dB.
const NOISE_DB: u64 = 2;
/// How long a wavering strength stays what it is.
const NOISE_STEP_MS: u64 = 1_000;
/// How strong devices hear each other's access points, in dBm.
pub(super) const PEER_DBM: i8 = -60;
/// Channels of the band; a scan takes them in their order, each for the same time.
const CHANNELS: u64 = 14;

impl Air {
    pub(super) fn finish(&mut self, device: DeviceId) {
        let Some(operation) = self.radio_mut(device).operation.take() else {
            return;
        };
        let outcome = match operation.work {
            Work::Scan {
                began_ms,
                cut_ms,
                fails,
            } => self.end_scan(device, began_ms, cut_ms, fails),
            Work::Join(fate) => self.end_join(device, fate),
            Work::Leave => {
                self.tell(device, RadioEvent::Left);
                Outcome::Done
            }
            Work::ApStart { ap } => self.end_ap_start(device, ap),
            Work::ApStop => self.end_ap_stop(device),
            Work::ApMove(channel) => self.end_ap_move(device, channel),
        };
        self.note(operation.entry, outcome);
    }

    fn note(&mut self, entry: EntryId, outcome: Outcome) {
        self.log.end(entry, self.now_ms, outcome);
    }

    fn end_scan(
        &mut self,
        device: DeviceId,
        began_ms: u64,
        cut_ms: Option<u64>,
        fails: bool,
    ) -> Outcome {
        if fails {
            self.tell(device, RadioEvent::ScanFailed);
            return Outcome::ScanFailed;
        }
        let heard_up_to = cut_ms.map_or(CHANNELS, |cut_ms| {
            (cut_ms - began_ms) * CHANNELS / u64::from(self.scan_ms)
        });
        let was_heard = |channel: Channel| u64::from(channel.number()) <= heard_up_to;
        for place in 0..self.aps.len() {
            let signal = self.aps[place].spec.signal;
            if self.aps[place].is_heard() && was_heard(signal.channel) {
                let row = self.router_row(device, place);
                self.tell(device, RadioEvent::ScanRow(row));
            }
        }
        for other in self.devices().filter(|other| *other != device) {
            if let Some(row) = self.peer_row(other).filter(|row| was_heard(row.channel)) {
                self.tell(device, RadioEvent::ScanRow(row));
            }
        }
        self.tell(device, RadioEvent::ScanDone);
        cut_ms.map_or(Outcome::Done, |_| Outcome::Cancelled)
    }

    fn router_row(&self, device: DeviceId, place: usize) -> ScanRow {
        let ap = &self.aps[place];
        ScanRow {
            ssid: Some(ap.spec.ssid).filter(|_| !ap.spec.signal.hidden),
            bssid: ap.bssid,
            channel: ap.spec.signal.channel,
            rssi: self.strength(device, place),
            auth: ap.spec.admission.auth.mode(),
        }
    }

    fn peer_row(&self, other: DeviceId) -> Option<ScanRow> {
        let radio = self.radio(other);
        let ap = radio.ap.as_ref()?;
        Some(ScanRow {
            ssid: Some(ap.ssid).filter(|_| !ap.hidden),
            bssid: radio.ap_bssid(),
            channel: ap.channel,
            rssi: PEER_DBM,
            auth: ap.auth(),
        })
    }

    /// How strong a device hears a router now. The noise is a function of seed, device, router and
    /// second, so that asking changes nothing.
    pub(super) fn strength(&self, device: DeviceId, place: usize) -> i8 {
        let ap = &self.aps[place];
        let rssi = ap.spec.signal.rssi;
        if rssi >= EXACT_ABOVE_DBM {
            return rssi;
        }
        let second = self.now_ms / NOISE_STEP_MS;
        let pair = number(self.radio(device).mac) ^ number(ap.bssid).rotate_left(16);
        let noise = mix(mix(self.seed ^ mix(pair)) ^ second) % (2 * NOISE_DB + 1);
        let noisy = rssi.saturating_add(noise as i8 - NOISE_DB as i8);
        // Noise alone makes nothing unheard.
        noisy.max(rssi.min(HEARD_FROM_DBM))
    }

    fn end_join(&mut self, device: DeviceId, fate: Fate) -> Outcome {
        let (reason, comeback_ms) = match fate {
            Fate::In { ap } if self.aps[ap].is_heard() => return self.link_up(device, ap),
            // It went silent in the middle of the handshake.
            Fate::In { .. } => (Reason::TIMED_OUT, None),
            Fate::Out(refused) => (refused.reason, refused.comeback_ms),
            Fate::Cancelled => (Reason::LEAVING, None),
        };
        self.tell(
            device,
            RadioEvent::JoinFailed {
                reason,
                comeback_ms,
            },
        );
        if fate == Fate::Cancelled {
            Outcome::Cancelled
        } else {
            Outcome::Failed(reason)
        }
    }

    fn link_up(&mut self, device: DeviceId, ap: usize) -> Outcome {
        self.radio_mut(device).link = Some(Link {
            ap,
            address: None,
            address_at_ms: None,
            missed_at_ms: None,
        });
        let channel = self.aps[ap].spec.signal.channel;
        let event = RadioEvent::Joined {
            bssid: self.aps[ap].bssid,
            channel,
            rssi: self.strength(device, ap),
        };
        self.tell(device, event);
        self.follow(device, channel);
        self.expect_address(device);
        Outcome::Done
    }

    /// One radio has one channel: the access point goes where the station goes.
    pub(super) fn follow(&mut self, device: DeviceId, channel: Channel) {
        let own = self.radio_mut(device).ap.as_mut();
        if let Some(own) = own.filter(|own| own.channel != channel) {
            own.channel = channel;
            self.tell(device, RadioEvent::ApMoved { channel });
        }
    }

    /// Sets the moment of the address, where the router gives one and there is none yet.
    pub(super) fn expect_address(&mut self, device: DeviceId) {
        let Some(link) = self.radio(device).link.filter(|l| l.address.is_none()) else {
            return;
        };
        let uplink = self.aps[link.ap].spec.uplink;
        let pool = address_of(uplink.subnet, device);
        let at_ms = pool
            .filter(|_| uplink.dhcp)
            .map(|_| self.now_ms + u64::from(uplink.dhcp_ms));
        self.update_link(device, |link| link.address_at_ms = at_ms);
        if let Some(at_ms) = at_ms {
            self.set_timer(device, Purpose::Address, at_ms);
        }
    }

    pub(super) fn give_address(&mut self, device: DeviceId) {
        let Some(link) = self.radio(device).link else {
            return;
        };
        let ap = &self.aps[link.ap];
        let address = address_of(ap.spec.uplink.subnet, device).filter(|_| ap.is_heard());
        self.update_link(device, |link| {
            link.address_at_ms = None;
            link.address = address;
        });
        if let Some(address) = address {
            self.tell(device, RadioEvent::Address(address));
        }
    }

    /// Ends a link that the device did not leave.
    pub(super) fn lose(&mut self, device: DeviceId, reason: Reason) {
        if self.radio_mut(device).link.take().is_some() {
            self.tell(device, RadioEvent::Lost { reason });
        }
    }

    pub(super) fn update_link(&mut self, device: DeviceId, update: impl FnOnce(&mut Link)) {
        if let Some(link) = &mut self.radio_mut(device).link {
            update(link);
        }
    }

    pub(super) fn station_channel(&self, device: DeviceId) -> Option<Channel> {
        let link = self.radio(device).link?;
        Some(self.aps[link.ap].spec.signal.channel)
    }

    fn end_ap_start(&mut self, device: DeviceId, ap: Option<DeviceAp>) -> Outcome {
        self.drop_phone(device);
        let Some(mut ap) = ap else {
            let reason = Reason::TIMED_OUT;
            self.radio_mut(device).ap = None;
            self.tell(device, RadioEvent::ApFailed { reason });
            return Outcome::Failed(reason);
        };
        ap.channel = self.station_channel(device).unwrap_or(ap.channel);
        let channel = ap.channel;
        self.radio_mut(device).ap = Some(ap);
        self.tell(device, RadioEvent::ApStarted { channel });
        Outcome::Done
    }

    fn end_ap_stop(&mut self, device: DeviceId) -> Outcome {
        self.drop_phone(device);
        self.radio_mut(device).ap = None;
        self.tell(device, RadioEvent::ApStopped);
        Outcome::Done
    }

    fn end_ap_move(&mut self, device: DeviceId, asked: Channel) -> Outcome {
        let channel = self.station_channel(device).unwrap_or(asked);
        if let Some(ap) = &mut self.radio_mut(device).ap {
            ap.channel = channel;
        }
        self.tell(device, RadioEvent::ApMoved { channel });
        Outcome::Done
    }
}

fn number(mac: Bssid) -> u64 {
    let [a, b, c, d, e, f] = mac.0;
    u64::from_be_bytes([0, 0, a, b, c, d, e, f])
}

/// The address of a device in a network: the router has the first, devices the following ones in
/// the order of their coming; none where the network is too small.
fn address_of(subnet: Ipv4Net, device: DeviceId) -> Option<Ipv4Net> {
    let hosts = !subnet.mask();
    let host = device.0.saturating_add(2);
    (host < hosts).then(|| Ipv4Net {
        addr: Ipv4Addr::from_bits(subnet.addr.to_bits() & subnet.mask() | host),
        prefix: subnet.prefix,
    })
}
