//! A failed attempt: what it means, and what is tried instead.

use super::Manager;
use super::station::{Attempt, Route, Station, Target};
use crate::config::{KnownNetwork, NetworkId};
use crate::event::Event;
use crate::radio::{FailureClass, Reason};

/// The usual time after which an access point lets in again, where it gave none.
const COMEBACK_MS: u32 = 3_000;
/// Longest time that an access point can make the station wait for it.
const COMEBACK_MAX_MS: u32 = 10_000;

impl Manager {
    /// Tells the failure; penalties and counters follow.
    pub(super) fn tell_attempt_failed(
        &mut self,
        attempt: &Attempt,
        class: FailureClass,
        reason: Reason,
    ) {
        if let Some(ssid) = self.network_of(attempt).map(|network| network.ssid) {
            self.event(Event::StaDisconnected {
                ssid,
                class,
                reason,
            });
        }
        if class == FailureClass::OwnDoing {
            return;
        }
        if let Some(bssid) = attempt.bssid {
            self.known.penalties.add(bssid, self.now);
        }
        if matches!(attempt.of, Target::Known(_)) {
            self.side.failures = self.side.failures.saturating_add(1);
            if self.side.failures >= self.wifi.station.max_retry {
                self.need_fallback();
            }
        }
    }

    /// The attempt under way failed: tells it, and tries what is next.
    pub(super) fn attempt_failed(
        &mut self,
        attempt: Attempt,
        reason: Reason,
        comeback_ms: Option<u32>,
    ) {
        let class = reason.class(false);
        self.side.station = Station::Idle;
        self.tell_attempt_failed(&attempt, class, reason);
        if let Some(station) = self.second_chance(&attempt, class, comeback_ms) {
            self.side.station = station;
            return;
        }
        match attempt.of {
            Target::Candidate => self.candidate_failed(attempt, class),
            Target::Known(id) => self.known_failed(attempt, id, class),
        }
    }

    /// The same access point once more: at once after a passing fault, later where it said so.
    /// One that ran out of time had its chance, and the fast path has the scan behind it.
    fn second_chance(
        &self,
        attempt: &Attempt,
        class: FailureClass,
        comeback_ms: Option<u32>,
    ) -> Option<Station> {
        let quick = self.now <= attempt.deadline && attempt.route != Route::Fast;
        match class {
            FailureClass::Transient if quick && !attempt.again => Some(Station::Joining(Attempt {
                again: true,
                ..*attempt
            })),
            FailureClass::ApComeback if !attempt.came_back => {
                let wait_ms = comeback_ms.unwrap_or(COMEBACK_MS);
                let attempt = Attempt {
                    came_back: true,
                    ..*attempt
                };
                let at = self.now.plus_ms(wait_ms);
                (wait_ms <= COMEBACK_MAX_MS).then_some(Station::ComingBack { attempt, at })
            }
            FailureClass::Transient
            | FailureClass::ApComeback
            | FailureClass::WrongPassword
            | FailureClass::NotFound
            | FailureClass::SecurityMismatch
            | FailureClass::WeakSignal
            | FailureClass::ApFull
            | FailureClass::NoAddress
            | FailureClass::OwnDoing => None,
        }
    }

    fn known_failed(&mut self, attempt: Attempt, id: NetworkId, class: FailureClass) {
        let Some(network) = self.wifi.network_by_id(id) else {
            return self.go_on();
        };
        let (ssid, proven) = (network.ssid, network.proven);
        let missed = matches!(class, FailureClass::NotFound | FailureClass::Transient);
        if let Some(bssid) = attempt
            .bssid
            .filter(|_| attempt.route != Route::Fast || !missed)
        {
            self.known.heard.mark_tried(bssid);
        }
        match class {
            FailureClass::WrongPassword => {
                self.known.standings.wrong_key(id, proven, self.now);
            }
            FailureClass::SecurityMismatch => {
                if !proven {
                    self.known.standings.hold(id, self.now);
                }
            }
            FailureClass::NotFound if attempt.route == Route::Heard => {
                self.known.heard.mark_all_tried(&ssid);
                self.vanished(id);
            }
            FailureClass::WeakSignal => self.side.rows_are_stale = true,
            FailureClass::NotFound
            | FailureClass::ApFull
            | FailureClass::ApComeback
            | FailureClass::NoAddress
            | FailureClass::Transient
            | FailureClass::OwnDoing => {}
        }
        // Before the scan of this round, the rows heard may be hours old.
        if !self.side.round.scanned || class == FailureClass::Transient {
            self.side.station = Station::Scanning;
        } else {
            self.go_on();
        }
    }

    /// The network that an attempt is for.
    pub(super) fn network_of(&self, attempt: &Attempt) -> Option<&KnownNetwork> {
        match attempt.of {
            Target::Known(id) => self.wifi.network_by_id(id),
            Target::Candidate => self.vault.candidate(),
        }
    }
}
