//! One radio: what it does now, what it does next, and what comes of it.

use super::ap::ApState;
use super::station::{Attempt, FAST_PATH_MS, Link, Route, Station};
use super::{Askers, Manager};
use crate::command::{Refusal, Reply, Ticket};
use crate::event::Event;
use crate::net::{Bssid, Channel, Ssid};
use crate::radio::{RadioEvent, RadioOp, Reason, ScanRow};
use crate::time::Instant;

/// Longest time for a scan.
const SCAN_MS: u32 = 3_000;
/// Longest time for the access point to come up.
const AP_START_MS: u32 = 5_000;
/// Longest time for leaving, stopping and moving, and for a cancelled operation to end.
const SETTLE_MS: u32 = 2_000;

/// An operation that the radio does alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Exclusive {
    Scan,
    Join,
    Leave,
    ApStart,
    ApStop,
    ApMove,
}

/// The operation under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Busy {
    op: Exclusive,
    pub(super) deadline: Instant,
    /// Nobody waits for its result any more; it was cancelled and only has to end.
    orphan: bool,
}

/// The radio's side of the machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct RadioQueue {
    pub(super) busy: Option<Busy>,
    /// It is, or may be, associated with a network that nobody wants.
    pub(super) link_unwanted: bool,
    /// An access point may be up that the machine does not count on.
    pub(super) ap_unwanted: bool,
    /// The scan that precedes the first start of the access point is still to be done.
    pub(super) survey_due: bool,
    /// The next scan looks for a better access point.
    pub(super) roams: bool,
    /// Doors that wait for a scan.
    pub(super) askers: Askers,
    /// What they are told, from the end of the scan until it is told.
    scan_answer: Option<Reply>,
}

impl RadioQueue {
    pub(super) fn new(survey_due: bool) -> Self {
        Self {
            busy: None,
            link_unwanted: false,
            ap_unwanted: false,
            survey_due,
            roams: false,
            askers: Askers::new(),
            scan_answer: None,
        }
    }

    /// Whether doors wait for a scan that is still to be done.
    fn is_asked(&self) -> bool {
        !self.askers.is_empty() && self.scan_answer.is_none()
    }

    /// The next door that waits for the scan which ended.
    pub(super) fn pop_scan_answer(&mut self) -> Option<(Ticket, Reply)> {
        let reply = self.scan_answer?;
        if self.askers.is_empty() {
            self.scan_answer = None;
            return None;
        }
        Some((self.askers.remove(0), reply))
    }

    /// Nobody wants the join under way any more: it is given time to end. False where none is.
    pub(super) fn orphan_join(&mut self, now: Instant) -> bool {
        match &mut self.busy {
            Some(busy) if busy.op == Exclusive::Join && !busy.orphan => {
                busy.orphan = true;
                busy.deadline = now.plus_ms(SETTLE_MS);
                true
            }
            Some(_) | None => false,
        }
    }
}

impl Manager {
    /// Asks the radio for the next thing, where it is free.
    pub(super) fn ask_radio(&mut self) {
        if self.radio.busy.is_some() {
            return;
        }
        self.use_fresh_rows();
        let Some((op, within_ms)) = self.next_operation() else {
            return;
        };
        let exclusive = match op {
            RadioOp::Scan => Exclusive::Scan,
            RadioOp::Join { .. } => Exclusive::Join,
            RadioOp::Leave => Exclusive::Leave,
            RadioOp::ApStart { .. } => Exclusive::ApStart,
            RadioOp::ApStop => Exclusive::ApStop,
            RadioOp::ApMove { .. } => Exclusive::ApMove,
            RadioOp::Cancel | RadioOp::Query => return,
        };
        let deadline = self.now.plus_ms(within_ms);
        self.radio.busy = Some(Busy {
            op: exclusive,
            deadline,
            orphan: false,
        });
        self.outbox.radio(op);
    }

    /// The one thing the radio is to do next, and how long it may take: first to be rid of a
    /// link, then the access point, then the station's own.
    fn next_operation(&mut self) -> Option<(RadioOp, u32)> {
        if self.radio.link_unwanted {
            return Some((RadioOp::Leave, SETTLE_MS));
        }
        if self.radio.ap_unwanted {
            return Some((RadioOp::ApStop, SETTLE_MS));
        }
        if let Some(step) = self.next_ap_operation() {
            return Some(step);
        }
        match self.side.station {
            Station::Scanning => Some(self.scan()),
            Station::Joining(attempt) => Some(self.join_operation(attempt)),
            Station::Idle | Station::Resting { .. } | Station::Online(_) => {
                // One that is online was found without a survey, and needs its radio now.
                let survey = self.radio.survey_due && !self.is_online();
                if self.radio.is_asked() || survey || self.roams() {
                    return Some(self.scan());
                }
                self.move_ap_home()
            }
            Station::Addressing(..) | Station::ComingBack { .. } => None,
        }
    }

    fn scan(&mut self) -> (RadioOp, u32) {
        self.known.heard.begin();
        (RadioOp::Scan, SCAN_MS)
    }

    fn next_ap_operation(&mut self) -> Option<(RadioOp, u32)> {
        let may_start = self.ap.deadline(self.now).is_none();
        match (self.ap_wanted(), self.ap.is_up()) {
            (true, false) if self.radio.survey_due => Some(self.scan()),
            (true, false) if may_start => {
                self.choose_ap_net();
                let channel = self.ap_start_channel();
                Some((RadioOp::ApStart { channel }, AP_START_MS))
            }
            (false, true) => Some((RadioOp::ApStop, SETTLE_MS)),
            (false, false) => {
                self.ap.stale = false;
                None
            }
            (true, true | false) => None,
        }
    }

    /// The join, or before it the move of the access point to the channel where it goes.
    fn join_operation(&mut self, attempt: Attempt) -> (RadioOp, u32) {
        if let (Some(at), Some(goes)) = (self.ap.channel(), attempt.channel)
            && at != goes
        {
            return (RadioOp::ApMove { channel: goes }, SETTLE_MS);
        }
        let whole_ms = self.wifi.station.connect_timeout_ms;
        let deadline = self.now.plus_ms(whole_ms);
        self.side.station = Station::Joining(Attempt {
            deadline,
            ..attempt
        });
        let within_ms = match attempt.route {
            Route::Fast => FAST_PATH_MS.min(whole_ms),
            Route::Heard | Route::Probe => whole_ms,
        };
        (
            RadioOp::Join {
                bssid: attempt.bssid,
                channel: attempt.channel,
            },
            within_ms,
        )
    }

    fn move_ap_home(&self) -> Option<(RadioOp, u32)> {
        let rests = matches!(self.side.station, Station::Idle | Station::Resting { .. });
        let away = self
            .ap
            .channel()
            .is_some_and(|channel| channel != self.ap.home);
        (rests && away).then_some((
            RadioOp::ApMove {
                channel: self.ap.home,
            },
            SETTLE_MS,
        ))
    }

    /// The operation under way took too long. False where none did.
    pub(super) fn run_radio_timer(&mut self) -> bool {
        match self.radio.busy {
            Some(busy) if self.now > busy.deadline => {
                self.operation_overdue(busy);
                true
            }
            Some(_) | None => false,
        }
    }

    fn operation_overdue(&mut self, busy: Busy) {
        if busy.orphan || busy.op != Exclusive::Scan && busy.op != Exclusive::Join {
            // Its end was missed; the periodic check heals what is not as it seems.
            self.radio.busy = None;
            self.give_up(busy);
            return;
        }
        let deadline = self.now.plus_ms(SETTLE_MS);
        self.radio.busy = Some(Busy {
            orphan: true,
            deadline,
            ..busy
        });
        self.outbox.cancel();
        match busy.op {
            Exclusive::Scan => self.scan_ended(!self.known.heard.rows().is_empty()),
            Exclusive::Join => self.join_failed(Reason::TIMED_OUT, None),
            Exclusive::Leave | Exclusive::ApStart | Exclusive::ApStop | Exclusive::ApMove => {}
        }
    }

    fn give_up(&mut self, busy: Busy) {
        match busy.op {
            Exclusive::ApStart => {
                self.radio.ap_unwanted = true;
                self.on_ap_failed(Reason::TIMED_OUT);
            }
            Exclusive::ApStop => self.on_ap_stopped(),
            Exclusive::Leave => self.radio.link_unwanted = false,
            Exclusive::ApMove => self.ap_move_ended(None),
            // It may have come to pass, and its end was missed.
            Exclusive::Join => self.radio.link_unwanted = true,
            Exclusive::Scan => {}
        }
    }

    /// Whether this is what the radio does now. `Some(orphan)` frees the radio.
    fn completes(&mut self, op: Exclusive) -> Option<bool> {
        let busy = self.radio.busy.filter(|busy| busy.op == op)?;
        self.radio.busy = None;
        Some(busy.orphan)
    }

    pub(super) fn on_radio(&mut self, event: RadioEvent) {
        match event {
            RadioEvent::ScanRow(row) => self.on_scan_row(row),
            RadioEvent::ScanDone => {
                if self.completes(Exclusive::Scan) == Some(false) {
                    self.scan_ended(true);
                }
            }
            RadioEvent::ScanFailed => {
                if self.completes(Exclusive::Scan) == Some(false) {
                    self.scan_ended(false);
                }
            }
            RadioEvent::Joined {
                bssid,
                channel,
                rssi,
            } => self.on_joined(bssid, channel, rssi),
            RadioEvent::JoinFailed {
                reason,
                comeback_ms,
            } => {
                self.on_join_failed(reason, comeback_ms);
            }
            RadioEvent::Address(net) => self.on_address(net),
            RadioEvent::AddressLost => self.on_address_lost(),
            RadioEvent::Lost { reason } => self.on_lost(reason),
            RadioEvent::Left => {
                if self.completes(Exclusive::Leave).is_some() {
                    self.radio.link_unwanted = false;
                }
            }
            RadioEvent::ApStarted { channel } => {
                if self.completes(Exclusive::ApStart).is_some() {
                    self.on_ap_started(channel);
                }
            }
            RadioEvent::ApFailed { reason } => {
                if self.completes(Exclusive::ApStart).is_some() {
                    self.on_ap_failed(reason);
                }
            }
            RadioEvent::ApStopped => {
                self.completes(Exclusive::ApStop);
                self.on_ap_stopped();
            }
            RadioEvent::ApMoved { channel } => {
                self.completes(Exclusive::ApMove);
                self.ap_move_ended(Some(channel));
            }
            RadioEvent::ClientJoined(mac) => self.event(Event::ApStaConnected { mac }),
            RadioEvent::ClientLeft(mac) => self.event(Event::ApStaDisconnected { mac }),
            RadioEvent::Report(report) => self.on_report(report),
        }
    }

    fn on_scan_row(&mut self, row: ScanRow) {
        if !matches!(
            self.radio.busy,
            Some(Busy {
                op: Exclusive::Scan,
                ..
            })
        ) {
            return;
        }
        let candidate = self.vault.candidate().map(|network| network.ssid);
        let networks = &self.wifi.networks;
        let known = |ssid: &Ssid| {
            candidate.as_ref() == Some(ssid) || networks.iter().any(|known| known.ssid == *ssid)
        };
        self.known.heard.hear(row, known);
    }

    fn scan_ended(&mut self, worked: bool) {
        self.radio.survey_due = false;
        if worked {
            self.known.heard.end(self.now);
        }
        let reply = if worked {
            Reply::Scanned
        } else {
            Reply::Refused(Refusal::ScanFailed)
        };
        self.radio.scan_answer = Some(reply);
        match self.side.station {
            Station::Scanning => self.on_rows(worked),
            Station::Online(link) => self.roam(link, worked),
            Station::Idle
            | Station::Resting { .. }
            | Station::Joining(_)
            | Station::Addressing(..)
            | Station::ComingBack { .. } => {}
        }
    }

    /// Whether this is what the radio does now.
    pub(super) fn radio_is(&self, op: Exclusive) -> bool {
        self.radio.busy.is_some_and(|busy| busy.op == op)
    }

    /// Whether nothing under way changes links or the access point.
    pub(super) fn radio_is_still(&self) -> bool {
        self.radio
            .busy
            .is_none_or(|busy| busy.op == Exclusive::Scan)
    }

    pub(super) fn on_join_failed(&mut self, reason: Reason, comeback_ms: Option<u32>) {
        if self.completes(Exclusive::Join) == Some(false) {
            self.join_failed(reason, comeback_ms);
        }
    }

    fn join_failed(&mut self, reason: Reason, comeback_ms: Option<u32>) {
        if let Station::Joining(attempt) = self.side.station {
            self.attempt_failed(attempt, reason, comeback_ms);
        }
    }

    fn on_joined(&mut self, bssid: Bssid, channel: Channel, rssi: i8) {
        let Some(orphan) = self.completes(Exclusive::Join) else {
            return;
        };
        if self.ap.is_up() {
            // Where a probe found it on another channel, the one radio took the access point along.
            self.ap.state = ApState::Up { channel };
        }
        let network = match self.side.station {
            Station::Joining(attempt) if !orphan => {
                self.network_of(&attempt).map(|n| (attempt, n.ssid))
            }
            Station::Joining(_)
            | Station::Idle
            | Station::Resting { .. }
            | Station::Scanning
            | Station::Addressing(..)
            | Station::ComingBack { .. }
            | Station::Online(_) => None,
        };
        let Some((attempt, ssid)) = network else {
            self.radio.link_unwanted = true;
            return;
        };
        let link = Link {
            ssid,
            bssid,
            channel,
            rssi,
            net: None,
            weak_since: None,
        };
        // A probe did not know whom it would find.
        let attempt = Attempt {
            bssid: Some(bssid),
            channel: Some(channel),
            ..attempt
        };
        self.side.station = Station::Addressing(attempt, link);
        self.event(Event::StaConnected {
            ssid,
            bssid,
            channel,
            rssi,
        });
    }

    fn ap_move_ended(&mut self, channel: Option<Channel>) {
        if !self.ap.is_up() {
            return;
        }
        if let Some(channel) = channel {
            self.ap.state = ApState::Up { channel };
        } else if let Station::Joining(attempt) = self.side.station {
            // It did not move in time: the join goes on without waiting for it.
            self.side.station = Station::Joining(Attempt {
                channel: None,
                ..attempt
            });
        } else {
            self.ap.home = self.ap.channel().unwrap_or(self.ap.home);
        }
    }

    /// A door wants fresh rows.
    pub(super) fn ask_for_scan(&mut self, ticket: Ticket) -> Result<(), Refusal> {
        self.radio
            .askers
            .push(ticket)
            .map_err(|_| Refusal::TooManyAskers)
    }
}
