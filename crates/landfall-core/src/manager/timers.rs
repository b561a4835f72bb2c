//! Everything that happens because time passes.

use super::Manager;
use super::station::{Attempt, Station, Target};
use crate::radio::{FailureClass, Reason};
use crate::time::Instant;

impl Manager {
    /// Does the first thing that is due, so that the outputs of one input stay few. What else is
    /// due leaves the deadline in the past, and so comes next.
    pub(super) fn run_timers(&mut self) {
        let _ = self.run_radio_timer()
            || self.run_proof_timer()
            || self.run_station_timer()
            || self.run_fallback_timer();
        self.run_watch_timer();
    }

    fn run_station_timer(&mut self) -> bool {
        match self.side.station {
            Station::Resting { until } if self.now >= until.max(self.held_until()) => {
                self.begin_round(false);
            }
            Station::ComingBack { attempt, at } if self.now >= at => {
                self.side.station = Station::Joining(attempt);
            }
            Station::Addressing(attempt, _) if self.now > attempt.deadline => {
                self.radio.link_unwanted = true;
                self.attempt_failed(attempt, Reason::NoAddress, None);
            }
            Station::Idle
            | Station::Resting { .. }
            | Station::Scanning
            | Station::Joining(_)
            | Station::Addressing(..)
            | Station::ComingBack { .. }
            | Station::Online(_) => return false,
        }
        true
    }

    /// Until when people at the portal hold rounds off.
    fn held_until(&self) -> Instant {
        if self.ap.is_up() {
            self.portal.held_until()
        } else {
            Instant::BOOT
        }
    }

    /// When the time without an address brings the access point up, or ends the first round
    /// where it may not come.
    fn fallback_due(&self) -> Option<Instant> {
        let waits = self.side.round.first && !self.is_online() && self.onboarding.proof.is_none();
        let waits = waits || self.may_fall_back() && !self.ap.needed && !self.is_online();
        let excused = self.onboarding.left_a_network();
        (waits && !excused).then(|| self.fallback_deadline())
    }

    /// When the first round stops being one.
    pub(super) fn fallback_deadline(&self) -> Instant {
        self.side
            .offline_since
            .plus_ms(self.wifi.station.fallback_deadline_ms)
    }

    fn run_fallback_timer(&mut self) -> bool {
        if self.fallback_due().is_none_or(|due| self.now < due) {
            return false;
        }
        self.side.round.first = false;
        if self.may_fall_back() {
            self.need_fallback();
            if self.wifi.station.fallback_deadline_ms > 0 {
                self.make_way_for_ap();
            }
        }
        true
    }

    /// Aborts a running join, so that the access point comes first. What was aborted is tried
    /// again by the next round.
    fn make_way_for_ap(&mut self) {
        let of_known = |attempt: &Attempt| matches!(attempt.of, Target::Known(_));
        match self.side.station {
            Station::Joining(attempt) | Station::ComingBack { attempt, .. }
                if of_known(&attempt) =>
            {
                self.abandon();
                self.end_round();
            }
            Station::Addressing(attempt, _) if of_known(&attempt) => {
                self.abandon();
                self.end_round();
            }
            Station::Idle
            | Station::Resting { .. }
            | Station::Scanning
            | Station::Joining(_)
            | Station::Addressing(..)
            | Station::ComingBack { .. }
            | Station::Online(_) => {}
        }
    }

    fn run_proof_timer(&mut self) -> bool {
        if self
            .onboarding
            .trying_until()
            .is_none_or(|until| self.now < until)
        {
            return false;
        }
        let class = match self.side.station {
            Station::Addressing(..) => FailureClass::NoAddress,
            Station::Idle
            | Station::Resting { .. }
            | Station::Scanning
            | Station::Joining(_)
            | Station::ComingBack { .. }
            | Station::Online(_) => self
                .onboarding
                .last_class()
                .unwrap_or(FailureClass::Transient),
        };
        self.abandon();
        self.end_proof(class);
        true
    }

    /// When [`Input::Timeout`](super::Input::Timeout) is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.policy.halted {
            return None;
        }
        let station = match self.side.station {
            Station::Resting { until } => Some(until.max(self.held_until())),
            Station::ComingBack { at, .. } => Some(at),
            // An address at the very deadline counts.
            Station::Addressing(attempt, _) => Some(attempt.deadline.plus_ms(1)),
            Station::Idle | Station::Scanning | Station::Joining(_) | Station::Online(_) => None,
        };
        let times = [
            station,
            self.radio.busy.map(|busy| busy.deadline.plus_ms(1)),
            self.ap.deadline(self.now),
            self.fallback_due(),
            self.onboarding.trying_until(),
            self.watch_due(),
        ];
        times.into_iter().flatten().min()
    }
}
