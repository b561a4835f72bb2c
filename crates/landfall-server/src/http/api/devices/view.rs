//! A device and the summary as they are sent.

use serde::Serialize;
use utoipa::ToSchema;

use crate::config::render;
use crate::config::values::Values;
use crate::fleet::device::Enrolment;
use crate::fleet::presence::Kind;
use crate::fleet::summary::{self, Snapshot};
use crate::http::time::Time;

/// A device.
#[derive(Serialize, ToSchema)]
pub(super) struct Device {
    hardware_id: String,
    /// The id it goes by at the moment.
    device_id: String,
    name: String,
    /// The network it is in.
    #[schema(required)]
    ssid: Option<String>,
    /// The name of its access point.
    #[schema(required)]
    ap_ssid: Option<String>,
    #[schema(required)]
    location: Option<String>,
    labels: Vec<String>,
    #[schema(required)]
    room: Option<String>,
    /// Firmware without a key.
    legacy: bool,
    /// `pending`, `accepted` or `retired`.
    enrolment: &'static str,
    #[schema(required)]
    fingerprint: Option<String>,
    enabled: bool,
    /// `online`, `offline` or `retired`.
    presence: &'static str,
    never_seen: bool,
    #[schema(required)]
    last_seen: Option<Time>,
    /// In dBm.
    #[schema(required)]
    rssi: Option<i8>,
    /// Phones that are with it.
    #[schema(required)]
    stations: Option<u8>,
    #[schema(required)]
    station_capacity: Option<u16>,
    #[schema(required)]
    firmware: Option<String>,
    #[schema(required)]
    chip: Option<String>,
    #[schema(required)]
    uptime_ms: Option<u64>,
    /// In bytes.
    #[schema(required)]
    free_heap: Option<u32>,
    #[schema(required)]
    session_id: Option<i64>,
    config: Config,
    keys: Vec<Key>,
    alerts: Vec<Alert>,
}

/// Which configuration a device is to have, and has.
#[derive(Serialize, ToSchema)]
struct Config {
    desired_version: i64,
    #[schema(required)]
    reported_version: Option<u32>,
    #[schema(required)]
    error: Option<String>,
}

/// A key of a device; the secret itself is never shown.
#[derive(Serialize, ToSchema)]
struct Key {
    id: i64,
    created_at: Time,
    #[schema(required)]
    revoked_at: Option<Time>,
}

/// Something that an admin should know.
#[derive(Serialize, ToSchema)]
struct Alert {
    at: Time,
    /// `other_key`: another key came for this hardware id, and was refused.
    kind: String,
}

impl Device {
    /// The device as it stands over that layer of the fleet.
    pub(super) fn of(device: &Snapshot, layer: &Values) -> Self {
        let (record, presence) = (&device.record, &device.presence);
        let said = &presence.said;
        let base = record.base(layer);
        let session = record.desired.session.as_deref();
        let location = session.map_or(render::location(&base), |session| &session.location);
        let desired_ap = session.map(|session| session.ssid.as_str());
        let desired_ap = desired_ap.or_else(|| render::ap_ssid(&base));
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let word = |field: fn(&Kind) -> &Option<Box<str>>| said.word(field).and_then(text);
        Self {
            hardware_id: record.hardware_id.to_string(),
            device_id: session.map_or(&*record.own_id, |s| &s.device_id).to_owned(),
            name: render::own_name(&record.sources(layer), &base).to_owned(),
            ssid: said.ssid.as_deref().and_then(text),
            ap_ssid: said.ap_ssid.as_deref().or(desired_ap).and_then(text),
            location: text(location),
            labels: record.labels.clone(),
            room: record.room.clone(),
            legacy: record.legacy,
            enrolment: record.enrolment.name(),
            fingerprint: record.fingerprint().map(|one| one.to_string()),
            enabled: record.enabled,
            presence: presence_word(device),
            never_seen: !presence.was_seen(),
            last_seen: presence.was_seen().then_some(Time(presence.last_seen)),
            rssi: said.rssi,
            stations: said.stations,
            station_capacity: said.station_capacity,
            firmware: word(|kind| &kind.firmware),
            chip: word(|kind| &kind.chip),
            uptime_ms: presence.uptime_ms,
            free_heap: said.free_heap,
            session_id: session.map(|session| session.session_id),
            config: Config {
                desired_version: record.desired.version,
                reported_version: said.config_version,
                error: said.config_error.as_deref().and_then(text),
            },
            keys: keys(device),
            alerts: alerts(device),
        }
    }
}

fn presence_word(device: &Snapshot) -> &'static str {
    match (device.record.enrolment, device.online) {
        (Enrolment::Retired, _) => "retired",
        (Enrolment::Pending | Enrolment::Accepted, true) => "online",
        (Enrolment::Pending | Enrolment::Accepted, false) => "offline",
    }
}

fn keys(device: &Snapshot) -> Vec<Key> {
    let keys = device.record.keys.iter();
    keys.map(|key| Key {
        id: key.id,
        created_at: Time(key.created_at),
        revoked_at: key.revoked_at.map(Time),
    })
    .collect()
}

fn alerts(device: &Snapshot) -> Vec<Alert> {
    let alerts = device.record.alerts.iter();
    alerts
        .map(|alert| Alert {
            at: Time(alert.at),
            kind: alert.kind.clone(),
        })
        .collect()
}

/// How many devices there are. Pending and retired ones are not in the total; total = online +
/// offline.
#[derive(Serialize, ToSchema)]
pub(super) struct Summary {
    total: u32,
    online: u32,
    offline: u32,
    never_seen: u32,
    available: u32,
    pending: u32,
    retired: u32,
}

impl From<summary::Summary> for Summary {
    fn from(counted: summary::Summary) -> Self {
        let summary::Summary {
            total,
            online,
            offline,
            never_seen,
            available,
            pending,
            retired,
        } = counted;
        Self {
            total,
            online,
            offline,
            never_seen,
            available,
            pending,
            retired,
        }
    }
}
