//! What sessions ask of the fleet's memory: who can be picked, and who is gone.

use super::selection::{Candidate, Standing};
use super::start::Fleet;
use crate::app::App;
use crate::change::Change;
use crate::config::template::Templates;
use crate::database::{DatabaseError, Tx};
use crate::fleet;

/// The fleet at the moment.
pub(crate) fn now(app: &App) -> Fleet {
    Fleet {
        candidates: candidates(app),
        templates: Templates::default(),
        now: app.clock().now_ms(),
    }
}

/// Every device that is not retired.
pub(crate) fn candidates(app: &App) -> Vec<Candidate> {
    known(app).into_iter().map(candidate).collect()
}

/// Devices that are offline while a session holds them, with that session.
pub(crate) fn gone(app: &App) -> Vec<(i64, String)> {
    let all = known(app).into_iter();
    all.filter(|one| !one.online)
        .filter_map(|one| Some((one.session_id?, one.hardware_id)))
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

/// What memory knows of the devices.
fn known(_app: &App) -> Vec<fleet::Candidate> {
    Vec::new()
}

/// Renders anew what a device is told, in the transaction that changed it.
pub(super) async fn refresh(tx: &mut Tx, hardware_id: &str) -> Result<(), DatabaseError> {
    tx.changed(Change::Device {
        hardware_id: hardware_id.to_owned(),
    });
    Ok(())
}
