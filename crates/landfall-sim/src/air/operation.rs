//! Operations: how one begins, and what it is worth asking for.

use landfall_core::manager::JoinTarget;
use landfall_core::net::{Bssid, Channel, Security};
use landfall_core::radio::{LinkReport, RadioEvent, RadioOp, Reason};

use super::access_point::{AccessPoint, Refused, WRONG_KEY};
use super::device::{DeviceAp, Fate, Fault, Operation, Work};
use super::log::{Entry, Outcome};
use super::{
    AP_MOVE_MS, AP_START_MS, AP_STOP_MS, Air, CANCEL_MS, DeviceId, LEAVE_MS, MISS_MS, Purpose,
    REFUSE_MS, Targets, WRONG_KEY_MS,
};

/// A router that is missed (BEACON_TIMEOUT).
pub(super) const BEACON_TIMEOUT: Reason = Reason::Code(200);
/// Heard too weakly (NO_AP_FOUND_IN_RSSI_THRESHOLD).
const TOO_WEAK: u16 = 212;
/// How often a weak router fails a join, in percent.
const WEAK_FAILS_PERCENT: u64 = 30;
/// How much the seed adds to the time an access point takes to start.
const AP_START_JITTER_MS: u64 = 41;

/// Something a device must not ask of its one radio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// An exclusive operation while another is under way. It is refused by its own event.
    TwoAtOnce,
    /// A join that names another channel than the access point's, which was not moved before. It
    /// follows. A join that names none cannot know, and is no violation.
    JoinOffChannel,
    /// A move of the access point away from the station's channel. It stays.
    MoveOffStation,
    /// A move of an access point that is down.
    MoveOfNone,
}

/// How often the devices asked for what they must not, and the last of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Violations {
    pub(super) count: u64,
    pub(super) last: Option<(u64, DeviceId, Violation)>,
}

impl Air {
    pub(super) fn take(&mut self, device: DeviceId, op: RadioOp, targets: Targets<'_>) {
        match op {
            RadioOp::Query => {
                let report = self.report(device);
                self.tell(device, RadioEvent::Report(report));
            }
            RadioOp::Cancel => self.cancel(device),
            RadioOp::Scan
            | RadioOp::Join { .. }
            | RadioOp::Leave
            | RadioOp::ApStart { .. }
            | RadioOp::ApStop
            | RadioOp::ApMove { .. } => {
                if self.radio(device).operation.is_some() {
                    self.refuse(device, op, targets);
                } else {
                    self.begin(device, op, targets);
                }
            }
        }
    }

    fn report(&self, device: DeviceId) -> LinkReport {
        let radio = self.radio(device);
        LinkReport {
            rssi: radio.link.map(|link| self.strength(device, link.ap)),
            address: radio.link.and_then(|link| link.address),
            ap_up: radio.ap.is_some(),
        }
    }

    fn begin(&mut self, device: DeviceId, op: RadioOp, targets: Targets<'_>) {
        let (work, takes_ms) = match op {
            RadioOp::Scan => self.begin_scan(device),
            RadioOp::Join { bssid, channel } => {
                self.begin_join(device, bssid, channel, targets.join)
            }
            RadioOp::Leave => {
                self.radio_mut(device).link = None;
                (Work::Leave, LEAVE_MS)
            }
            RadioOp::ApStart { channel } => self.begin_ap(device, channel, targets),
            RadioOp::ApStop => (Work::ApStop, AP_STOP_MS),
            RadioOp::ApMove { channel } => self.begin_move(device, channel),
            // Handled by `take`; neither takes time.
            RadioOp::Cancel | RadioOp::Query => return,
        };
        let ends_ms = self.now_ms + u64::from(takes_ms);
        let entry = self.log.begin(self.entry(device, op, targets));
        self.radio_mut(device).operation = Some(Operation {
            ends_ms,
            entry,
            work,
        });
        self.set_timer(device, Purpose::Operation, ends_ms);
    }

    fn entry(&self, device: DeviceId, op: RadioOp, targets: Targets<'_>) -> Entry {
        let ssid = match op {
            RadioOp::Join { .. } => targets.join.map(|target| *target.ssid),
            RadioOp::ApStart { .. } => targets.ap.map(|target| target.ssid),
            RadioOp::Scan
            | RadioOp::Leave
            | RadioOp::ApStop
            | RadioOp::ApMove { .. }
            | RadioOp::Cancel
            | RadioOp::Query => None,
        };
        Entry {
            at_ms: self.now_ms,
            device,
            op,
            ssid,
            end: None,
        }
    }

    fn begin_scan(&mut self, device: DeviceId) -> (Work, u32) {
        let began_ms = self.now_ms;
        let is_scan = |fault| (fault == Fault::Scan).then_some(());
        let fails = self.radio_mut(device).takes_fault(is_scan).is_some();
        let work = Work::Scan {
            began_ms,
            cut_ms: None,
            fails,
        };
        (work, if fails { REFUSE_MS } else { self.scan_ms })
    }

    fn begin_ap(
        &mut self,
        device: DeviceId,
        channel: Channel,
        targets: Targets<'_>,
    ) -> (Work, u32) {
        let radio = self.radio_mut(device);
        let jitter_ms = radio.rng.below(AP_START_JITTER_MS) as u32;
        let is_ap = |fault| (fault == Fault::ApStart).then_some(());
        let fails = radio.takes_fault(is_ap).is_some();
        let ap = targets
            .ap
            .filter(|_| !fails)
            .map(|target| DeviceAp::new(target, channel));
        (Work::ApStart { ap }, AP_START_MS + jitter_ms)
    }

    fn begin_move(&mut self, device: DeviceId, channel: Channel) -> (Work, u32) {
        if self.radio(device).ap.is_none() {
            self.violate(device, Violation::MoveOfNone);
        } else if self.station_channel(device).is_some_and(|c| c != channel) {
            self.violate(device, Violation::MoveOffStation);
        }
        (Work::ApMove(channel), AP_MOVE_MS)
    }

    /// A join ends the link there is, without an event: the station cannot hold two.
    fn begin_join(
        &mut self,
        device: DeviceId,
        bssid: Option<Bssid>,
        channel: Option<Channel>,
        target: Option<JoinTarget<'_>>,
    ) -> (Work, u32) {
        let radio = self.radio_mut(device);
        radio.link = None;
        let ap_channel = radio.ap.as_ref().map(|ap| ap.channel);
        if ap_channel.is_some_and(|own| channel.is_some_and(|asked| asked != own)) {
            self.violate(device, Violation::JoinOffChannel);
        }
        // A look at all channels takes as long as a scan, and comes before anything else.
        let look_ms = if channel.is_some() { 0 } else { self.scan_ms };
        let found = target.and_then(|target| Some((target, self.find(target, bssid, channel)?)));
        let Some((target, ap)) = found else {
            let missed = Fate::Out(Refused {
                reason: Reason::NOT_FOUND,
                comeback_ms: None,
            });
            return (Work::Join(missed), look_ms.max(MISS_MS));
        };
        let of_join = |fault| match fault {
            Fault::Join(reason) => Some(reason),
            Fault::Scan | Fault::ApStart => None,
        };
        if let Some(reason) = self.radio_mut(device).takes_fault(of_join) {
            let refused = Refused {
                reason,
                comeback_ms: None,
            };
            return (Work::Join(Fate::Out(refused)), look_ms + REFUSE_MS);
        }
        let (fate, takes_ms) = match self.try_join(device, ap, target.security) {
            Ok(()) => (Fate::In { ap }, self.aps[ap].spec.admission.join_ms),
            Err(refused) if refused.reason == Reason::Code(WRONG_KEY) => {
                (Fate::Out(refused), WRONG_KEY_MS)
            }
            Err(refused) => (Fate::Out(refused), REFUSE_MS),
        };
        (Work::Join(fate), look_ms + takes_ms)
    }

    /// The router that a station takes: of those that answer, the strongest that suits it.
    pub(super) fn find(
        &self,
        target: JoinTarget<'_>,
        bssid: Option<Bssid>,
        channel: Option<Channel>,
    ) -> Option<usize> {
        let answers = |ap: &AccessPoint| {
            ap.is_heard()
                && ap.spec.ssid == *target.ssid
                && bssid.is_none_or(|bssid| bssid == ap.bssid)
                && channel.is_none_or(|channel| channel == ap.spec.signal.channel)
        };
        let rank = |ap: &AccessPoint| {
            let suits = ap.compatible(target.security).is_ok();
            (suits, ap.spec.signal.rssi)
        };
        // Reversed, because the last of several maxima is taken.
        let all = self.aps.iter().enumerate().rev();
        all.filter(|(_, ap)| answers(ap))
            .max_by_key(|(_, ap)| rank(ap))
            .map(|(place, _)| place)
    }

    fn try_join(
        &mut self,
        device: DeviceId,
        ap: usize,
        security: &Security,
    ) -> Result<(), Refused> {
        self.aps[ap].compatible(security)?;
        if self.aps[ap].is_weak() && self.radio_mut(device).rng.chance(WEAK_FAILS_PERCENT) {
            return Err(Refused::code(TOO_WEAK));
        }
        let linked = self.linked_to(ap);
        let answer = self.aps[ap].admit(security, linked, &mut self.keys);
        // It is told to the next who joins, and to no other.
        self.aps[ap].comeback_ms = None;
        answer
    }

    pub(super) fn linked_to(&self, ap: usize) -> usize {
        let links = self.radios.iter().filter_map(|radio| radio.link);
        links.filter(|link| link.ap == ap).count()
    }

    /// Ends the operation under way soon, where it can be ended; it comes to its own event.
    fn cancel(&mut self, device: DeviceId) {
        let now_ms = self.now_ms;
        let Some(operation) = &mut self.radio_mut(device).operation else {
            return;
        };
        match &mut operation.work {
            Work::Scan { cut_ms, .. } => *cut_ms = Some(cut_ms.unwrap_or(now_ms)),
            Work::Join(fate) => *fate = Fate::Cancelled,
            // Over in a moment by themselves.
            Work::Leave | Work::ApStart { .. } | Work::ApStop | Work::ApMove(_) => return,
        }
        operation.ends_ms = operation.ends_ms.min(now_ms + u64::from(CANCEL_MS));
        let ends_ms = operation.ends_ms;
        self.set_timer(device, Purpose::Operation, ends_ms);
    }

    fn refuse(&mut self, device: DeviceId, op: RadioOp, targets: Targets<'_>) {
        self.violate(device, Violation::TwoAtOnce);
        let entry = self.log.begin(self.entry(device, op, targets));
        self.log.end(entry, self.now_ms, Outcome::Refused);
        let reason = Reason::TIMED_OUT;
        let event = match op {
            RadioOp::Scan => RadioEvent::ScanFailed,
            RadioOp::Join { .. } => RadioEvent::JoinFailed {
                reason,
                comeback_ms: None,
            },
            RadioOp::Leave => RadioEvent::Left,
            RadioOp::ApStart { .. } => RadioEvent::ApFailed { reason },
            RadioOp::ApStop => RadioEvent::ApStopped,
            RadioOp::ApMove { channel } => {
                let own = self.radio(device).ap.as_ref().map(|ap| ap.channel);
                RadioEvent::ApMoved {
                    channel: own.unwrap_or(channel),
                }
            }
            RadioOp::Cancel | RadioOp::Query => return,
        };
        self.tell(device, event);
    }

    fn violate(&mut self, device: DeviceId, violation: Violation) {
        self.violations.count += 1;
        self.violations.last = Some((self.now_ms, device, violation));
    }
}
