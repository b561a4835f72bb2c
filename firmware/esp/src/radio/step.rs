//! What the adapter does next, and what it makes of what it hears.

use esp_radio::wifi::event::EventInfo;
use landfall_core::net::{Channel, Mac};
use landfall_core::radio::{RadioEvent, Reason};

use super::driver::{self, Interfaces};
use super::{
    AP_RESTART_MS, Ap, Asked, Doing, Driver, EspRadio, Heard, Instant, NOT_BEGUN, SETTLE_MS, soon,
};

use crate::crash;

impl EspRadio {
    /// What can be told at once.
    pub(super) fn poll(&mut self) -> Option<RadioEvent> {
        if let Doing::Reading = self.doing {
            if let Some(row) = driver::next_row() {
                return Some(RadioEvent::ScanRow(row));
            }
            driver::forget_rows();
            self.doing = Doing::Nothing;
            return Some(RadioEvent::ScanDone);
        }
        if core::mem::take(&mut self.cancelled)
            && let Some(event) = self.cancel()
        {
            return Some(event);
        }
        if !self.is_up() {
            return self.refuse();
        }
        if let Some(event) = self.asked.take().and_then(|asked| self.begin(asked)) {
            return Some(event);
        }
        if let Some(client) = self.leaving.take() {
            // Refused where it has left already.
            let _ = driver::deauthenticate(client);
        }
        if core::mem::take(&mut self.queried) {
            self.clients = driver::clients();
            return Some(RadioEvent::Report(self.report()));
        }
        None
    }

    /// Answers what is asked of a radio that does not run.
    fn refuse(&mut self) -> Option<RadioEvent> {
        if let Some(asked) = self.asked.take() {
            return Some(match asked {
                Asked::Scan => RadioEvent::ScanFailed,
                Asked::Join { .. } => RadioEvent::JoinFailed {
                    reason: NOT_BEGUN,
                    comeback_ms: None,
                },
                Asked::Leave => RadioEvent::Left,
                Asked::ApStart(_) | Asked::ApMove(_) => RadioEvent::ApFailed { reason: NOT_BEGUN },
                Asked::ApStop => RadioEvent::ApStopped,
            });
        }
        let queried = core::mem::take(&mut self.queried);
        queried.then(|| RadioEvent::Report(self.report()))
    }

    /// Ends the operation under way; the driver says when, and at most [`SETTLE_MS`] are waited for it.
    fn cancel(&mut self) -> Option<RadioEvent> {
        match self.asked.take() {
            Some(Asked::Scan) => return Some(RadioEvent::ScanFailed),
            Some(Asked::Join { .. }) => return self.join_begun(false),
            // Not to be cancelled: they end by themselves, and soon.
            asked => self.asked = asked,
        }
        let until = Some(soon(SETTLE_MS));
        match self.doing {
            Doing::Scanning { .. } => {
                driver::end_scan();
                self.doing = Doing::Scanning { until };
            }
            Doing::Joining { .. } => {
                // Refused where it just ended: its event is on its way.
                let _ = driver::disconnect();
                self.doing = Doing::Joining { until };
            }
            Doing::Nothing | Doing::Reading | Doing::Leaving { .. } => {}
        }
        None
    }

    /// Begins an operation; told at once where the driver has done it, or refused it.
    fn begin(&mut self, asked: Asked) -> Option<RadioEvent> {
        match asked {
            Asked::Scan => self.begin_scan(),
            Asked::Join {
                ssid,
                security,
                bssid,
                channel,
            } => {
                let begun = driver::configure_station(&ssid, &security, bssid, channel)
                    .and_then(|()| driver::connect());
                self.join_begun(begun.is_ok())
            }
            Asked::Leave => self.leave(),
            Asked::ApStart(config) => {
                let started = driver::set_interfaces(Interfaces::Both)
                    .and_then(|()| driver::configure_ap(&config));
                Some(self.ap_started(started.is_ok(), config.channel))
            }
            Asked::ApStop => {
                self.ap = Ap::Down;
                self.clients.clear();
                // A driver that refuses has no access point up.
                let _ = driver::set_interfaces(Interfaces::Station);
                Some(RadioEvent::ApStopped)
            }
            Asked::ApMove(channel) => Some(self.move_ap(channel)),
        }
    }

    fn begin_scan(&mut self) -> Option<RadioEvent> {
        if driver::begin_scan().is_err() {
            return Some(RadioEvent::ScanFailed);
        }
        self.doing = Doing::Scanning { until: None };
        None
    }

    fn join_begun(&mut self, begun: bool) -> Option<RadioEvent> {
        if begun {
            self.doing = Doing::Joining { until: None };
            return None;
        }
        Some(RadioEvent::JoinFailed {
            reason: NOT_BEGUN,
            comeback_ms: None,
        })
    }

    fn leave(&mut self) -> Option<RadioEvent> {
        self.lease.end();
        let was_linked = core::mem::replace(&mut self.is_linked, false);
        if driver::disconnect().is_err() || !was_linked {
            return Some(RadioEvent::Left);
        }
        let until = soon(SETTLE_MS);
        self.doing = Doing::Leaving { until };
        None
    }

    fn ap_started(&mut self, started: bool, asked: Channel) -> RadioEvent {
        if !started {
            self.ap = Ap::Down;
            let _ = driver::set_interfaces(Interfaces::Station);
            return RadioEvent::ApFailed { reason: NOT_BEGUN };
        }
        self.ap = Ap::Up;
        // A station that is joined keeps its channel, and the access point goes there.
        let channel = driver::channel().unwrap_or(asked);
        RadioEvent::ApStarted { channel }
    }

    /// With clients joined the driver does not take a channel (it says so of `esp_wifi_set_channel`): it moves the
    /// access point itself when the station associates, and announces it. So the machine is told that it is done; with
    /// a join that failed it never went, and need not come back.
    fn move_ap(&mut self, channel: Channel) -> RadioEvent {
        self.clients = driver::clients();
        if self.clients.is_empty() && !self.is_linked {
            // Refused, the driver still takes it along with the join.
            let _ = driver::set_channel(channel);
        }
        RadioEvent::ApMoved { channel }
    }

    /// What is to be told of what was heard.
    pub(super) fn handle(&mut self, heard: Heard) -> Option<RadioEvent> {
        match heard {
            Heard::Lease(event) => Some(event),
            Heard::Look => self.look(Instant::now()),
            Heard::Driver(event) => self.handle_event(event),
        }
    }

    /// What is overdue has ended.
    fn look(&mut self, now: Instant) -> Option<RadioEvent> {
        if let Driver::Dead { restart } = self.driver
            && restart <= now
        {
            crash::restart();
        }
        let is_due = |until: Option<Instant>| until.is_some_and(|until| until <= now);
        let ended = match self.doing {
            Doing::Scanning { until } if is_due(until) => Some(RadioEvent::ScanFailed),
            Doing::Joining { until } if is_due(until) => Some(RadioEvent::JoinFailed {
                reason: NOT_BEGUN,
                comeback_ms: None,
            }),
            Doing::Leaving { until } if is_due(Some(until)) => Some(RadioEvent::Left),
            Doing::Nothing
            | Doing::Reading
            | Doing::Scanning { .. }
            | Doing::Joining { .. }
            | Doing::Leaving { .. } => None,
        };
        if ended.is_some() {
            self.doing = Doing::Nothing;
            return ended;
        }
        match self.ap {
            Ap::Restarting { until } if is_due(Some(until)) => {
                self.ap = Ap::Down;
                Some(RadioEvent::ApStopped)
            }
            Ap::Down | Ap::Up | Ap::Restarting { .. } => None,
        }
    }

    fn handle_event(&mut self, event: EventInfo) -> Option<RadioEvent> {
        match event {
            EventInfo::ScanDone { status, .. } => self.scan_done(status == 0),
            EventInfo::StationConnected { bssid, channel, .. } => {
                self.connected(Mac(bssid), Channel::new(channel))
            }
            EventInfo::StationDisconnected { reason, .. } => {
                self.disconnected(Reason::Code(reason))
            }
            EventInfo::AccessPointStart => {
                if let Ap::Restarting { .. } = self.ap {
                    self.ap = Ap::Up;
                }
                None
            }
            EventInfo::AccessPointStop => {
                if let Ap::Up = self.ap {
                    let until = soon(AP_RESTART_MS);
                    self.ap = Ap::Restarting { until };
                }
                None
            }
            EventInfo::AccessPointStationConnected { mac, .. } => {
                self.clients = driver::clients();
                Some(RadioEvent::ClientJoined(Mac(mac)))
            }
            EventInfo::AccessPointStationDisconnected { mac, .. } => {
                self.clients = driver::clients();
                Some(RadioEvent::ClientLeft(Mac(mac)))
            }
            // Of the driver's many others none concerns the machine.
            _ => None,
        }
    }

    fn scan_done(&mut self, worked: bool) -> Option<RadioEvent> {
        let Doing::Scanning { .. } = self.doing else {
            driver::forget_rows();
            return None;
        };
        if worked {
            self.doing = Doing::Reading;
            return None;
        }
        driver::forget_rows();
        self.doing = Doing::Nothing;
        Some(RadioEvent::ScanFailed)
    }

    fn connected(&mut self, bssid: Mac, channel: Option<Channel>) -> Option<RadioEvent> {
        let Doing::Joining { .. } = self.doing else {
            // Given up before it came: nobody wants it.
            let _ = driver::disconnect();
            return None;
        };
        self.doing = Doing::Nothing;
        self.is_linked = true;
        let name = self.hostname();
        self.lease.begin(&name);
        Some(RadioEvent::Joined {
            bssid,
            channel: channel.or_else(driver::channel).unwrap_or(Channel::ONE),
            rssi: driver::link_rssi().unwrap_or(i8::MIN),
        })
    }

    fn disconnected(&mut self, reason: Reason) -> Option<RadioEvent> {
        let was_linked = core::mem::replace(&mut self.is_linked, false);
        if was_linked {
            self.lease.end();
        }
        match self.doing {
            Doing::Joining { .. } => {
                self.doing = Doing::Nothing;
                Some(RadioEvent::JoinFailed {
                    reason,
                    // The driver keeps to itself when it may come back.
                    comeback_ms: None,
                })
            }
            Doing::Leaving { .. } => {
                self.doing = Doing::Nothing;
                Some(RadioEvent::Left)
            }
            Doing::Nothing | Doing::Scanning { .. } | Doing::Reading => {
                was_linked.then_some(RadioEvent::Lost { reason })
            }
        }
    }
}
