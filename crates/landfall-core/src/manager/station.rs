//! The station: rounds over the known networks, one attempt at a time.
//!
//! ```text
//!            ┌───────────── round ─────────────┐
//!   Resting ─▶ Scanning ─▶ Joining ─▶ Addressing ─▶ Online
//!    ▲  ▲          ▲        │  ▲           │          │
//!    │  │          │ rescan │  │ again     │ none     │ lost
//!    │  │          └────────┤  └ComingBack │          ▼
//!    │  └── nothing left ───┴──────────────┘     Joining (same access point)
//!   Idle: no network is known, or none may be joined
//! ```
//!
//! `Scanning` and `Joining` are wishes as well as facts: the radio is asked when it is free.

use super::{LastGood, Manager};
use crate::config::{KnownNetwork, NetworkId};
use crate::event::{Attempted, Event};
use crate::net::{Bssid, Channel, Ipv4Net, Ssid};
use crate::radio::{FailureClass, Reason};
use crate::time::Instant;

/// How long a reconnection to the last access point may take until it is associated. With the time
/// that a cancelled join takes to end, a miss costs at most 2 s.
pub(super) const FAST_PATH_MS: u32 = 1_900;
/// First and longest wait between two rounds, before jitter.
const BACKOFF_MIN_MS: u32 = 1_000;
/// See [`BACKOFF_MIN_MS`].
const BACKOFF_MAX_MS: u32 = 30_000;
/// Rows this young need no new scan for a round to begin.
const FRESH_MS: u64 = 3_000;
/// Scans in a row without a known network that bring the access point up.
const EMPTY_SCANS_MAX: u8 = 2;

/// What the station does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Station {
    /// Nothing: no network may be joined.
    Idle,
    /// Between two rounds.
    Resting { until: Instant },
    /// Hears what networks there are.
    Scanning,
    /// Associates.
    Joining(Attempt),
    /// Associated, and waits for an address.
    Addressing(Attempt, Link),
    /// Was told to come back.
    ComingBack { attempt: Attempt, at: Instant },
    /// Holds an address.
    Online(Link),
}

/// One try to join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Attempt {
    pub(super) of: Target,
    pub(super) bssid: Option<Bssid>,
    pub(super) channel: Option<Channel>,
    pub(super) route: Route,
    /// The last moment at which an address counts; set when the radio is asked.
    pub(super) deadline: Instant,
    /// It is the one fast retry.
    pub(super) again: bool,
    /// It is the one return that the access point asked for.
    pub(super) came_back: bool,
}

/// Whose credentials are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Target {
    Known(NetworkId),
    Candidate,
}

/// How the access point was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Route {
    /// It was the last one that worked.
    Fast,
    /// A scan heard it.
    Heard,
    /// Nobody heard it: asked for by name.
    Probe,
}

/// An association.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Link {
    pub(super) ssid: Ssid,
    pub(super) bssid: Bssid,
    pub(super) channel: Channel,
    pub(super) rssi: i8,
    pub(super) net: Option<Ipv4Net>,
    /// Since when the signal is weak.
    pub(super) weak_since: Option<Instant>,
}

/// One pass over the known networks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Round {
    /// It is the first after boot or after a lost address.
    pub(super) first: bool,
    /// The scan that began it is done.
    pub(super) scanned: bool,
    /// Networks, by place, that were probed for by name.
    probed: u16,
    /// Networks, by place, that vanished between scan and join: to be probed for once.
    vanished: u16,
    /// Networks, by place, that had their turn and left it to another of their name.
    passed_on: u16,
    pub(super) attempted: Attempted,
}

/// The station and what it keeps between attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct StationSide {
    pub(super) station: Station,
    pub(super) round: Round,
    /// Since when no address is held, and no proof excuses it.
    pub(super) offline_since: Instant,
    /// Failed attempts since the last address.
    pub(super) failures: u8,
    pub(super) empty_scans: u8,
    /// The rows heard showed an access point that was too weak: the next round scans anew.
    pub(super) rows_are_stale: bool,
    pub(super) backoff_step: u8,
    next_id: u8,
}

impl Round {
    pub(super) fn new(first: bool) -> Self {
        Self {
            first,
            ..Self::default()
        }
    }
}

impl StationSide {
    pub(super) fn new(networks: u8) -> Self {
        Self {
            station: Station::Idle,
            round: Round::default(),
            offline_since: Instant::BOOT,
            failures: 0,
            empty_scans: 0,
            rows_are_stale: false,
            backoff_step: 0,
            next_id: networks,
        }
    }

    /// A number for one more known network.
    pub(super) fn new_id(&mut self, networks: &[KnownNetwork]) -> NetworkId {
        // At most 16 of 256 numbers are taken.
        while networks.iter().any(|network| network.id.0 == self.next_id) {
            self.next_id = self.next_id.wrapping_add(1);
        }
        let id = NetworkId(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        id
    }
}

impl Attempt {
    pub(super) fn new(
        of: Target,
        route: Route,
        bssid: Option<Bssid>,
        channel: Option<Channel>,
    ) -> Self {
        let deadline = Instant::BOOT;
        Self {
            of,
            bssid,
            channel,
            route,
            deadline,
            again: false,
            came_back: false,
        }
    }
}

impl Manager {
    /// Begins the first round: after boot, a lost address, or a word from the user.
    pub(super) fn begin_first_round(&mut self) {
        self.side.backoff_step = 0;
        self.side.empty_scans = 0;
        self.begin_round(true);
        let most_preferred = self.wifi.networks.first().map(|network| network.id);
        self.try_last_good(|id| Some(id) == most_preferred);
    }

    /// Begins the first round after a lost link: the same access point at once.
    pub(super) fn reconnect(&mut self) {
        self.begin_first_round();
        self.try_last_good(|_| true);
    }

    fn try_last_good(&mut self, allowed: impl FnOnce(NetworkId) -> bool) {
        let Some((id, LastGood { bssid, channel })) = self.known.last_good else {
            return;
        };
        let is_known = self.wifi.network_by_id(id).is_some();
        // At boot an access point that is wanted anyway waits for the first scan, which then
        // serves the round too.
        let scan_comes_first = self.radio.survey_due && self.ap_wanted();
        let may = matches!(self.side.station, Station::Scanning) && is_known && allowed(id);
        if may && !scan_comes_first && !self.known.standings.is_held(id, self.now) {
            self.join(Attempt::new(
                Target::Known(id),
                Route::Fast,
                Some(bssid),
                Some(channel),
            ));
        }
    }

    /// Begins a round, or rests where there is nothing to look for.
    pub(super) fn begin_round(&mut self, first: bool) {
        self.side.round = Round::new(first);
        self.known.heard.forget_tries();
        let can = self.may_look() && !self.wifi.networks.is_empty();
        self.side.station = if can {
            Station::Scanning
        } else {
            Station::Idle
        };
        if self.may_look() && self.wifi.networks.is_empty() {
            self.need_fallback();
        }
    }

    /// A round that needs a scan takes the rows of one just done, where they show something to
    /// try.
    pub(super) fn use_fresh_rows(&mut self) {
        let begins = matches!(self.side.station, Station::Scanning)
            && !self.side.round.scanned
            && !self.side.rows_are_stale
            && !self.onboarding.is_trying();
        if !begins || !self.known.heard.is_younger_than(FRESH_MS, self.now) {
            return;
        }
        if let Some(attempt) = self.next_known() {
            self.side.round.scanned = true;
            self.side.empty_scans = 0;
            self.join(attempt);
        }
    }

    /// The scan that a round or a proof waited for is over.
    pub(super) fn on_rows(&mut self, heard_any: bool) {
        self.side.rows_are_stale = false;
        if self.onboarding.is_trying() {
            return self.go_on_proving();
        }
        if !self.side.round.scanned {
            self.side.round.scanned = true;
            self.judge_visibility(heard_any);
        }
        self.go_on();
    }

    fn judge_visibility(&mut self, scan_worked: bool) {
        let networks = &self.wifi.networks;
        if !scan_worked {
            self.need_fallback();
        } else if networks
            .iter()
            .any(|network| self.known.heard.shows(network))
        {
            self.side.empty_scans = 0;
        } else if !networks.iter().any(|network| network.hidden) {
            // A hidden one counts as visible until its probe failed: the round's end judges it.
            self.see_nothing();
        }
    }

    fn see_nothing(&mut self) {
        self.side.empty_scans = self.side.empty_scans.saturating_add(1);
        if self.side.empty_scans >= EMPTY_SCANS_MAX {
            self.need_fallback();
        }
    }

    /// Tries what is next in this round, or ends it.
    pub(super) fn go_on(&mut self) {
        match self.next_known() {
            Some(attempt) => self.join(attempt),
            None => self.end_round(),
        }
    }

    fn next_known(&mut self) -> Option<Attempt> {
        for (place, network) in self.wifi.networks.iter().enumerate() {
            let bit = 1 << place;
            let passed_on = self.side.round.passed_on & bit != 0;
            if passed_on || self.known.standings.is_held(network.id, self.now) {
                continue;
            }
            let of = Target::Known(network.id);
            if let Some(row) = self
                .known
                .heard
                .best(network, &self.known.penalties, self.now)
            {
                return Some(Attempt::new(
                    of,
                    Route::Heard,
                    Some(row.bssid),
                    Some(row.channel),
                ));
            }
            let unseen = network.hidden && !self.known.heard.shows(network);
            let due = unseen || self.side.round.vanished & bit != 0;
            if due && self.side.round.probed & bit == 0 {
                self.side.round.probed |= bit;
                return Some(Attempt::new(of, Route::Probe, network.bssid, None));
            }
            let behind = &self.wifi.networks[place + 1..];
            if behind.iter().any(|other| other.ssid == network.ssid) {
                // What refused this key may take that of its twin.
                self.side.round.passed_on |= bit;
                self.known.heard.forget_tries_of(&network.ssid);
            }
        }
        None
    }

    /// Wants to join; the radio is asked when it is free.
    pub(super) fn join(&mut self, attempt: Attempt) {
        if let Target::Known(id) = attempt.of {
            self.side.round.attempted.push(id);
        }
        self.side.station = Station::Joining(attempt);
    }

    /// The network was heard, but was not there when it was to be joined.
    pub(super) fn vanished(&mut self, id: NetworkId) {
        if let Some(place) = self
            .wifi
            .networks
            .iter()
            .position(|network| network.id == id)
        {
            self.side.round.vanished |= 1 << place;
        }
    }

    /// The round joined nothing: tells so, and rests.
    pub(super) fn end_round(&mut self) {
        let attempted = self.side.round.attempted;
        self.event(Event::ConnectionFailed { attempted });
        let shown = self
            .wifi
            .networks
            .iter()
            .any(|network| self.known.heard.shows(network));
        if !shown && self.side.round.probed != 0 {
            self.see_nothing();
        }
        let held = |network: &KnownNetwork| self.known.standings.is_held(network.id, self.now);
        if self.wifi.networks.iter().all(held) {
            self.need_fallback();
        }
        self.side.round.first = false;
        self.rest();
    }

    /// Waits for the next round: by the backoff, and where every network is held back until the
    /// first of them is free.
    pub(super) fn rest(&mut self) {
        let step = self.side.backoff_step;
        let base_ms = BACKOFF_MIN_MS
            .checked_shl(u32::from(step))
            .unwrap_or(BACKOFF_MAX_MS);
        self.side.backoff_step = step.saturating_add(1).min(5);
        let wait_ms = self.known.rng.jitter(base_ms.min(BACKOFF_MAX_MS));
        let mut until = self.now.plus_ms(wait_ms);
        let held_until = |network: &KnownNetwork| {
            let end = self.known.standings.held_until(network.id);
            end.filter(|end| *end > self.now)
        };
        // None is the least: one network that is not held back leaves the wait as it is.
        let first_free = self.wifi.networks.iter().map(held_until).min().flatten();
        if let Some(free) = first_free {
            until = until.max(free);
        }
        let can = self.may_look() && !self.wifi.networks.is_empty();
        self.side.station = if can {
            Station::Resting { until }
        } else {
            Station::Idle
        };
    }

    /// Gives up what the station does, without a word about a failure of the network.
    pub(super) fn abandon(&mut self) {
        match self.side.station {
            Station::Idle | Station::Resting { .. } | Station::ComingBack { .. } => {}
            Station::Scanning => {}
            Station::Joining(attempt) => {
                if self.radio.orphan_join(self.now) {
                    self.outbox.cancel();
                    self.tell_attempt_failed(&attempt, FailureClass::OwnDoing, Reason::LEAVING);
                }
            }
            Station::Addressing(attempt, _) => {
                self.radio.link_unwanted = true;
                self.tell_attempt_failed(&attempt, FailureClass::OwnDoing, Reason::LEAVING);
            }
            Station::Online(_) => {
                self.radio.link_unwanted = true;
                self.go_offline(FailureClass::OwnDoing, Reason::LEAVING);
            }
        }
        self.side.station = Station::Idle;
    }
}
