//! Devices as the database has them, one or all: a few queries for any number, put together in
//! memory.

mod all;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use landfall_protocol::key::DeviceKey;
use serde::Deserialize;
use sqlx::AnyConnection;
use zeroize::Zeroizing;

use super::device::{Alert, Desired, Enrolment, Key, Record};
use crate::config::render::RolloutNetwork;
use crate::config::values::Values;
use crate::database::{DatabaseError, rows};
use crate::sessions;
pub(super) use all::{Read, all};

/// Which devices are read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which<'a> {
    /// All of them.
    All,
    /// One.
    One(&'a str),
    /// From the first up to and with the last, by their hardware ids.
    Between(&'a str, &'a str),
}

/// Behind every hardware id, `lf-…` and `legacy-…`, by the order of bytes and of languages alike.
const BEHIND_ALL: &str = "lg";

/// What the ends of [`Which`] are bound to.
const IN_BOUNDS: &str = "hardware_id BETWEEN $1 AND $2";

/// What the scope of a device begins with.
pub(crate) const DEVICE_SCOPE: &str = "device:";

impl<'a> Which<'a> {
    /// The hardware ids that are read: from the first up to and with the last.
    fn bounds(self) -> (&'a str, &'a str) {
        match self {
            Self::All => ("", BEHIND_ALL),
            Self::One(id) => (id, id),
            Self::Between(first, last) => (first, last),
        }
    }
}

/// Reads devices with everything that hangs on them, in the order of their hardware ids.
pub(crate) async fn records(
    connection: &mut AnyConnection,
    which: Which<'_>,
) -> Result<Vec<Record>, DatabaseError> {
    let mut found = devices(connection, which).await?;
    keys(connection, which, &mut found).await?;
    alerts(connection, which, &mut found).await?;
    layers(connection, which, &mut found).await?;
    networks(connection, which, &mut found).await?;
    for (hardware_id, session) in sessions::settings_of(connection, which.bounds()).await? {
        if let Some(record) = found.at(&hardware_id) {
            record.desired.session = Some(Arc::new(session));
        }
    }
    Ok(found.records)
}

/// Reads one device.
pub(crate) async fn one(
    connection: &mut AnyConnection,
    hardware_id: &str,
) -> Result<Option<Record>, DatabaseError> {
    let found = records(connection, Which::One(hardware_id)).await?;
    Ok(found.into_iter().next())
}

/// Every id that leads to one of these devices, and its hardware id.
pub(crate) async fn ids(
    connection: &mut AnyConnection,
    which: Which<'_>,
) -> Result<Vec<(String, String)>, DatabaseError> {
    let columns = "device_id, hardware_id";
    rows::parse(&select(connection, columns, "dynamic_ids", which).await?)
}

/// Devices under construction, in the order of their hardware ids.
struct Found {
    records: Vec<Record>,
    places: HashMap<Arc<str>, usize>,
}

impl Found {
    fn at(&mut self, hardware_id: &str) -> Option<&mut Record> {
        let at = *self.places.get(hardware_id)?;
        self.records.get_mut(at)
    }
}

/// Rows of these devices, as one text. Some have keys in them.
pub(super) async fn select(
    connection: &mut AnyConnection,
    columns: &str,
    table: &str,
    which: Which<'_>,
) -> Result<Zeroizing<String>, DatabaseError> {
    let (first, last) = which.bounds();
    let sql = rows::select(connection, columns, &format!("{table} WHERE {IN_BOUNDS}"));
    let query = sqlx::query_scalar(sql).bind(first).bind(last);
    Ok(Zeroizing::new(query.fetch_one(connection).await?))
}

/// A row of `devices`.
#[derive(Deserialize)]
struct DeviceRow<'a> {
    #[serde(borrow)]
    hardware_id: Cow<'a, str>,
    #[serde(borrow)]
    own_id: Cow<'a, str>,
    name: Option<String>,
    #[serde(borrow)]
    labels: Cow<'a, str>,
    room: Option<String>,
    legacy: i64,
    #[serde(borrow)]
    enrolment: Cow<'a, str>,
    enabled: i64,
    config_version: i64,
    #[serde(borrow)]
    config_hash: Cow<'a, str>,
}

const DEVICE_COLUMNS: &str = "hardware_id, own_id, name, labels, room, legacy, enrolment, enabled, \
                              config_version, config_hash";

async fn devices(connection: &mut AnyConnection, which: Which<'_>) -> Result<Found, DatabaseError> {
    let text = select(connection, DEVICE_COLUMNS, "devices", which).await?;
    let rows: Vec<DeviceRow<'_>> = rows::parse(&text)?;
    let mut records: Vec<Record> = rows.into_iter().map(Record::from).collect();
    records.sort_unstable_by(|a, b| a.hardware_id.cmp(&b.hardware_id));
    let named = records.iter().enumerate();
    let places = named.map(|(at, record)| (record.hardware_id.clone(), at));
    let places = places.collect();
    Ok(Found { records, places })
}

impl From<DeviceRow<'_>> for Record {
    fn from(row: DeviceRow<'_>) -> Self {
        let hardware_id: Arc<str> = row.hardware_id.into();
        let own_id = if row.own_id == *hardware_id {
            hardware_id.clone()
        } else {
            row.own_id.into()
        };
        Self {
            hardware_id,
            own_id,
            name: row.name,
            labels: serde_json::from_str(&row.labels).unwrap_or_default(),
            room: row.room,
            legacy: row.legacy != 0,
            // A word of a later version lets nobody in.
            enrolment: Enrolment::parse(&row.enrolment).unwrap_or(Enrolment::Retired),
            enabled: row.enabled != 0,
            keys: Vec::new(),
            alerts: Vec::new(),
            desired: Desired {
                version: row.config_version,
                hash: row.config_hash.into(),
                ..Desired::default()
            },
        }
    }
}

/// A row of `device_keys`.
#[derive(Deserialize)]
struct KeyRow<'a> {
    #[serde(borrow)]
    hardware_id: Cow<'a, str>,
    id: i64,
    #[serde(borrow)]
    secret: Cow<'a, str>,
    created_at: i64,
    used_at: Option<i64>,
    revoked_at: Option<i64>,
    undelivered: i64,
}

/// Hangs the keys on their devices, the oldest first.
async fn keys(
    connection: &mut AnyConnection,
    which: Which<'_>,
    found: &mut Found,
) -> Result<(), DatabaseError> {
    let secret = rows::hex(connection, "secret");
    let columns =
        format!("hardware_id, id, {secret}, created_at, used_at, revoked_at, undelivered");
    let text = select(connection, &columns, "device_keys", which).await?;
    let mut rows: Vec<KeyRow<'_>> = rows::parse(&text)?;
    rows.sort_unstable_by_key(|row| row.id);
    for row in rows {
        let (Some(record), Some(secret)) =
            (found.at(&row.hardware_id), DeviceKey::parse(&row.secret))
        else {
            continue;
        };
        record.keys.push(Key {
            id: row.id,
            secret,
            created_at: row.created_at,
            used: row.used_at.is_some(),
            revoked_at: row.revoked_at,
            undelivered: row.undelivered != 0,
        });
    }
    Ok(())
}

/// Hangs the alerts on their devices, the oldest first.
async fn alerts(
    connection: &mut AnyConnection,
    which: Which<'_>,
    found: &mut Found,
) -> Result<(), DatabaseError> {
    let text = select(
        connection,
        "id, hardware_id, at, kind",
        "device_alerts",
        which,
    )
    .await?;
    let mut rows: Vec<(i64, Cow<'_, str>, i64, String)> = rows::parse(&text)?;
    rows.sort_unstable_by_key(|(id, ..)| *id);
    for (_, hardware_id, at, kind) in rows {
        if let Some(record) = found.at(&hardware_id) {
            record.alerts.push(Alert { at, kind });
        }
    }
    Ok(())
}

/// Hangs the layers on their devices.
async fn layers(
    connection: &mut AnyConnection,
    which: Which<'_>,
    found: &mut Found,
) -> Result<(), DatabaseError> {
    let (first, last) = which.bounds();
    let sql = "SELECT scope, content FROM config_layers WHERE scope BETWEEN $1 AND $2";
    let query = sqlx::query_as(sql)
        .bind(format!("{DEVICE_SCOPE}{first}"))
        .bind(format!("{DEVICE_SCOPE}{last}"));
    let rows: Vec<(String, String)> = query.fetch_all(connection).await?;
    for (scope, content) in rows {
        let hardware_id = scope.strip_prefix(DEVICE_SCOPE).unwrap_or_default();
        if let Some(record) = found.at(hardware_id) {
            let values: Values = serde_json::from_str(&content).unwrap_or_default();
            record.desired.layer = Some(Arc::new(values));
        }
    }
    Ok(())
}

/// Hangs the networks of roll-outs on their devices, the oldest first.
async fn networks(
    connection: &mut AnyConnection,
    which: Which<'_>,
    found: &mut Found,
) -> Result<(), DatabaseError> {
    let (first, last) = which.bounds();
    let sql = "SELECT hardware_id, rollout_id, ssid, password, d.state FROM rollout_devices d \
               JOIN rollouts r ON r.id = rollout_id WHERE hardware_id BETWEEN $1 AND $2 \
               AND d.state IN ('sent', 'proven', 'timed_out') ORDER BY rollout_id";
    let query = sqlx::query_as(sql).bind(first).bind(last);
    let rows: Vec<(String, i64, String, String, String)> = query.fetch_all(connection).await?;
    for (hardware_id, rollout, ssid, password, state) in rows {
        if let Some(record) = found.at(&hardware_id) {
            record.desired.networks.push(RolloutNetwork {
                rollout,
                ssid,
                password,
                awaited: state != "proven",
            });
        }
    }
    Ok(())
}
