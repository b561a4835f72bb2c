//! The link while it lasts: addresses, losses, a periodic look, and roaming.

use super::radio_queue::Exclusive;
use super::station::{Attempt, Link, Round, Route, Station, Target};
use super::{LastGood, Manager};
use crate::config::NetworkId;
use crate::event::Event;
use crate::net::Ipv4Net;
use crate::radio::{FailureClass, LinkReport, Reason};
use crate::time::Instant;

/// How often the radio is asked how things stand.
const WATCH_MS: u32 = 10_000;
/// Below this strength another access point may be looked for.
const WEAK_DBM: i8 = -75;
/// It is, after being weak for this long.
const WEAK_MS: u64 = 30_000;
/// By how much another one must be stronger.
const ROAM_MARGIN_DB: i8 = 10;
/// The least time between two moves to a better access point.
const ROAM_PAUSE_MS: u32 = 5 * 60_000;
/// The least time from a look for a better one that found none to the next: a scan takes the radio
/// off its channel for seconds.
const LOOK_PAUSE_MS: u32 = 60_000;
/// The reason told where a loss was missed and found by a look (BEACON_TIMEOUT).
const MISSED: Reason = Reason::Code(200);

/// When the link is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Watch {
    next: Instant,
    roam_from: Instant,
}

impl Manager {
    pub(super) fn watch_due(&self) -> Option<Instant> {
        Some(self.watch.next)
    }

    pub(super) fn run_watch_timer(&mut self) {
        if self.now >= self.watch.next {
            self.watch.next = self.now.plus_ms(WATCH_MS);
            self.outbox.query();
            self.retry_background_write();
        }
    }

    pub(super) fn on_address(&mut self, net: Ipv4Net) {
        if net.addr.is_unspecified() {
            return self.on_address_lost();
        }
        match &mut self.side.station {
            Station::Addressing(attempt, link) => {
                let (attempt, link) = (*attempt, *link);
                self.go_online(&attempt, link, net);
            }
            Station::Online(link) if link.net != Some(net) => {
                link.net = Some(net);
                self.ap.station_net = Some(net);
                self.event(Event::StaGotIp { ip: net.addr });
            }
            // An answer of the network that was just left.
            Station::Online(_)
            | Station::Idle
            | Station::Resting { .. }
            | Station::Scanning
            | Station::Joining(_)
            | Station::ComingBack { .. } => {}
        }
    }

    /// The address is gone, with its link.
    pub(super) fn go_offline(&mut self, class: FailureClass, reason: Reason) {
        if let Station::Online(Link { ssid, .. }) = self.side.station {
            self.event(Event::StaDisconnected {
                ssid,
                class,
                reason,
            });
            self.event(Event::Disconnected { ssid });
        }
        self.side.station = Station::Idle;
        self.side.offline_since = self.now;
        self.known.internet = None;
    }

    /// The station has an address.
    pub(super) fn go_online(&mut self, attempt: &Attempt, mut link: Link, net: Ipv4Net) {
        link.net = Some(net);
        self.event(Event::StaGotIp { ip: net.addr });
        self.event(Event::Connected {
            ssid: link.ssid,
            ip: net.addr,
        });
        self.side.station = Station::Online(link);
        self.side.failures = 0;
        self.side.backoff_step = 0;
        self.side.empty_scans = 0;
        self.known.penalties.forgive(link.bssid);
        self.ap.station_net = Some(net);
        match attempt.of {
            Target::Candidate => self.commit(
                attempt.route,
                LastGood {
                    bssid: link.bssid,
                    channel: link.channel,
                },
            ),
            Target::Known(id) => self.known_network_works(id, &link),
        }
    }

    fn known_network_works(&mut self, id: NetworkId, link: &Link) {
        self.side.round.first = false;
        self.known.standings.forget(id);
        let last_good = Some((
            id,
            LastGood {
                bssid: link.bssid,
                channel: link.channel,
            },
        ));
        let is_first = self
            .wifi
            .networks
            .first()
            .is_some_and(|first| first.id == id);
        // The next boot looks there first. One write a boot is what that is worth: a mesh that
        // hands its stations about would wear the flash.
        let first_of_boot = self.side.offline_since == Instant::BOOT;
        self.vault.dirty |= is_first && first_of_boot && self.known.last_good != last_good;
        self.known.last_good = last_good;
        let network = self
            .wifi
            .networks
            .iter_mut()
            .find(|network| network.id == id);
        if let Some(network) = network.filter(|network| !network.proven) {
            // Worth one write in the life of a network: proven credentials are never held back.
            network.proven = true;
            self.vault.dirty = true;
        }
        self.settle();
    }

    /// An address is held, and what gave it is in the store.
    pub(super) fn settle(&mut self) {
        self.side.round.first = false;
        self.begin_linger();
        if self.policy.probe_internet {
            self.outbox.probe_internet();
        }
    }

    /// The lease ran out, the link stands: the same network may give another one.
    pub(super) fn on_address_lost(&mut self) {
        let Station::Online(link) = self.side.station else {
            return;
        };
        self.event(Event::StaLostIp);
        self.event(Event::Disconnected { ssid: link.ssid });
        self.side.offline_since = self.now;
        self.known.internet = None;
        let network = self
            .wifi
            .networks
            .iter()
            .find(|network| network.ssid == link.ssid);
        let Some(id) = network.map(|network| network.id) else {
            self.radio.link_unwanted = true;
            return self.begin_first_round();
        };
        let (bssid, channel) = (Some(link.bssid), Some(link.channel));
        let deadline = self.now.plus_ms(self.wifi.station.connect_timeout_ms);
        let attempt = Attempt::new(Target::Known(id), Route::Heard, bssid, channel);
        self.side.round = Round::new(true);
        self.side.round.attempted.push(id);
        self.side.station = Station::Addressing(
            Attempt {
                deadline,
                ..attempt
            },
            Link { net: None, ..link },
        );
    }

    pub(super) fn on_lost(&mut self, reason: Reason) {
        if self.radio_is(Exclusive::Join) {
            return self.on_join_failed(reason, None);
        }
        match self.side.station {
            Station::Addressing(attempt, _) => self.attempt_failed(attempt, reason, None),
            Station::Online(_) => {
                self.go_offline(reason.class(false), reason);
                if self.onboarding.proof.is_none() {
                    self.reconnect();
                }
            }
            // The end of a link that nobody wanted any more.
            Station::Idle
            | Station::Resting { .. }
            | Station::Scanning
            | Station::Joining(_)
            | Station::ComingBack { .. } => {}
        }
    }

    /// Heals what a missed event left wrong. Only while no operation changes it anyway.
    pub(super) fn on_report(&mut self, report: LinkReport) {
        if self.radio.link_unwanted || !self.radio_is_still() {
            return;
        }
        if self.ap.is_up() && !report.ap_up {
            // The station's part comes with the next look.
            return self.on_ap_stopped();
        }
        if report.ap_up && !self.ap.is_up() {
            self.radio.ap_unwanted = true;
        }
        match (self.side.station, report.rssi) {
            (Station::Online(_) | Station::Addressing(..), None) => self.on_lost(MISSED),
            (Station::Online(link), Some(rssi)) => self.look_at(link, rssi, &report),
            (Station::Addressing(..), Some(_)) => {
                if let Some(net) = report.usable_address() {
                    self.on_address(net);
                }
            }
            (
                Station::Idle
                | Station::Resting { .. }
                | Station::Scanning
                | Station::Joining(_)
                | Station::ComingBack { .. },
                rssi,
            ) => self.radio.link_unwanted = rssi.is_some(),
        }
    }

    fn look_at(&mut self, link: Link, rssi: i8, report: &LinkReport) {
        let weak_since = (rssi < WEAK_DBM).then(|| link.weak_since.unwrap_or(self.now));
        self.side.station = Station::Online(Link {
            rssi,
            weak_since,
            ..link
        });
        match report.usable_address() {
            Some(net) => self.on_address(net),
            None => return self.on_address_lost(),
        }
        let weak = weak_since.is_some_and(|since| self.now.ms_since(since) >= WEAK_MS);
        let in_peace = self.onboarding.proof.is_none() && !self.portal.used_recently(self.now);
        if weak && in_peace && self.now >= self.watch.roam_from {
            self.radio.roams = true;
        }
    }

    /// Whether a better access point is looked for.
    pub(super) fn roams(&self) -> bool {
        self.radio.roams && self.is_online()
    }

    /// A scan ended while connected: moves to a better access point, if that was looked for.
    pub(super) fn roam(&mut self, link: Link, scan_worked: bool) {
        if !core::mem::take(&mut self.radio.roams) {
            return;
        }
        self.watch.roam_from = self.now.plus_ms(LOOK_PAUSE_MS);
        let network = self
            .wifi
            .networks
            .iter()
            .find(|network| network.ssid == link.ssid);
        let Some(network) = network.filter(|_| scan_worked) else {
            return;
        };
        let margin = ROAM_MARGIN_DB;
        let Some(row) = self
            .known
            .heard
            .stronger(network, link.bssid, link.rssi, margin)
        else {
            return;
        };
        let of = Target::Known(network.id);
        self.watch.roam_from = self.now.plus_ms(ROAM_PAUSE_MS);
        self.abandon();
        self.begin_round(true);
        self.join(Attempt::new(
            of,
            Route::Heard,
            Some(row.bssid),
            Some(row.channel),
        ));
    }
}
