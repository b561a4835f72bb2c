//! How many devices there are and in which state, and who can be picked for a session.

use std::sync::Arc;

use super::device::{Device, Enrolment, Record};
use super::presence::{Presence, Timeout};
use super::{Candidate, Fleet};

/// How many devices there are. Pending and retired ones are not in the total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Registered and not retired: online and offline.
    pub total: u32,
    /// Heard lately.
    pub online: u32,
    /// Not heard lately, or never.
    pub offline: u32,
    /// Never heard.
    pub never_seen: u32,
    /// Enabled, online, in no session.
    pub available: u32,
    /// Waiting for an admin.
    pub pending: u32,
    /// Given up.
    pub retired: u32,
}

/// A device at a moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What the database says.
    pub record: Arc<Record>,
    /// What it said last.
    pub presence: Presence,
    /// Whether it is there.
    pub online: bool,
}

impl Snapshot {
    /// The device at that moment of the monotonic clock.
    pub fn of(device: &Device, timeout: Timeout, now: i64) -> Self {
        let presence = device.presence().clone();
        Self {
            record: device.record(),
            online: presence.is_online(timeout, now),
            presence,
        }
    }

    /// Whether it could be picked for a session.
    pub fn is_available(&self) -> bool {
        let record = &self.record;
        let accepted = record.enrolment == Enrolment::Accepted;
        accepted && record.enabled && self.online && record.desired.session.is_none()
    }
}

impl Fleet {
    /// Every device at that moment of the monotonic clock, in the order of their hardware ids.
    pub fn snapshot(&self, timeout: Timeout, now: i64) -> Vec<Snapshot> {
        let devices = self.devices();
        let mut all: Vec<Snapshot> = devices
            .iter()
            .map(|device| Snapshot::of(device, timeout, now))
            .collect();
        all.sort_unstable_by(|a, b| a.record.hardware_id.cmp(&b.record.hardware_id));
        all
    }

    /// How many devices there are at that moment.
    pub fn summary(&self, timeout: Timeout, now: i64) -> Summary {
        let mut summary = Summary::default();
        for device in self.devices() {
            let presence = device.presence();
            let (online, seen) = (presence.is_online(timeout, now), presence.was_seen());
            drop(presence);
            summary.count(&device.record(), online, seen);
        }
        summary
    }

    /// Every device that is not retired, as far as picking one goes by, in the order of their
    /// hardware ids.
    pub fn candidates_at(&self, timeout: Timeout, now: i64) -> Vec<Candidate> {
        let all = self.snapshot(timeout, now).into_iter();
        all.filter(|one| one.record.enrolment != Enrolment::Retired)
            .map(candidate)
            .collect()
    }
}

impl Summary {
    fn count(&mut self, record: &Record, online: bool, seen: bool) {
        match record.enrolment {
            Enrolment::Pending => self.pending += 1,
            Enrolment::Retired => self.retired += 1,
            Enrolment::Accepted => {
                self.total += 1;
                self.online += u32::from(online);
                self.offline += u32::from(!online);
                self.never_seen += u32::from(!seen);
                let free = record.enabled && record.desired.session.is_none();
                self.available += u32::from(online && free);
            }
        }
    }
}

fn candidate(one: Snapshot) -> Candidate {
    let (record, said) = (&one.record, &one.presence.said);
    Candidate {
        hardware_id: record.hardware_id.to_string(),
        accepted: record.enrolment == Enrolment::Accepted,
        enabled: record.enabled,
        seen: one.presence.was_seen(),
        online: one.online,
        session_id: record.desired.session.as_ref().map(|s| s.session_id),
        room: record.room.clone(),
        station_capacity: said.station_capacity,
        stations: said.stations.unwrap_or_default().into(),
        rssi: said.rssi,
        last_seen: one.presence.was_seen().then_some(one.presence.last_seen),
    }
}
