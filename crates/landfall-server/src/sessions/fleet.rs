//! What sessions ask of the fleet's memory: who can be picked, and who is gone.

use super::selection::{Candidate, Standing};
use crate::app::App;
use crate::config::template::Templates;
use crate::fleet;
pub(super) use crate::fleet::refresh;

/// What the fleet is at the moment.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) templates: Templates,
    /// Wall time in ms since 1970.
    pub(crate) now: i64,
}

/// The fleet at the moment.
pub(crate) fn now(app: &App) -> Fleet {
    Fleet {
        candidates: candidates(app),
        templates: app.fleet.templates(),
        now: app.clock().now_ms(),
    }
}

/// Every device that is not retired.
pub(crate) fn candidates(app: &App) -> Vec<Candidate> {
    let (timeout, now) = (app.presence_timeout(), app.clock().monotonic_ms());
    let all = app.fleet.candidates_at(timeout, now).into_iter();
    all.map(candidate).collect()
}

/// Devices that are offline while a session holds them, with that session.
pub(crate) fn gone(app: &App) -> Vec<(i64, String)> {
    let (timeout, now) = (app.presence_timeout(), app.clock().monotonic_ms());
    let held = app.fleet.devices_in_session().into_iter();
    held.filter(|device| !device.presence().is_online(timeout, now))
        .filter_map(|device| {
            let record = device.record();
            let session = record.desired.session.as_ref()?;
            Some((session.session_id, record.hardware_id.to_string()))
        })
        .collect()
}

fn candidate(device: fleet::Candidate) -> Candidate {
    let standing = if !device.accepted {
        Standing::Pending
    } else if !device.enabled {
        Standing::Disabled
    } else if !device.seen {
        Standing::NeverSeen
    } else if !device.online {
        Standing::Offline
    } else if device.session_id.is_some() {
        Standing::InSession
    } else {
        Standing::Available
    };
    Candidate {
        hardware_id: device.hardware_id,
        standing,
        room: device.room,
        stations: u32::from(device.stations),
        station_capacity: device.station_capacity.map(u32::from),
        rssi: device.rssi.map(i32::from),
        last_seen: device.last_seen.unwrap_or_default(),
    }
}
