//! Devices as the database has them, one or all: a few queries for any number, put together in
//! memory.

use std::collections::HashMap;
use std::sync::Arc;

use landfall_protocol::key::DeviceKey;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::device::{Alert, Desired, Enrolment, Key, Record};
use crate::config::render::RolloutNetwork;
use crate::config::values::Values;
use crate::database::{Database, DatabaseError};
use crate::sessions;

/// Which devices are read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which<'a> {
    /// All of them.
    All,
    /// One.
    One(&'a str),
    /// Those behind the first and up to and with the second, by their hardware ids.
    Between(&'a str, &'a str),
}

/// Behind every hardware id, `lf-…` and `legacy-…`, by the order of bytes and of languages alike.
const BEHIND_ALL: &str = "lg";

impl<'a> Which<'a> {
    /// The ends of what is read: behind the first, up to and with the second.
    fn bounds(self) -> (&'a str, &'a str, &'static str) {
        match self {
            Self::All => ("", BEHIND_ALL, "hardware_id > $1 AND hardware_id <= $2"),
            Self::One(id) => (id, id, "hardware_id = $1 AND hardware_id = $2"),
            Self::Between(after, last) => (after, last, "hardware_id > $1 AND hardware_id <= $2"),
        }
    }
}

/// Reads devices with everything that hangs on them, in the order of their hardware ids.
pub(crate) async fn records(
    connection: &mut AnyConnection,
    which: Which<'_>,
) -> Result<Vec<Record>, DatabaseError> {
    let mut found = found(connection, which).await?;
    for (hardware_id, key) in keys(connection, which).await? {
        found.hang(&hardware_id, key);
    }
    Ok(found.records)
}

/// Reads all devices. Of a large fleet most rows are devices and keys: those are read at the same
/// time, each by a connection of its own.
pub(crate) async fn all(database: &Database) -> Result<Vec<Record>, DatabaseError> {
    let reader = database.clone();
    let keys = tokio::spawn(async move { keys(&mut *reader.read().await?, Which::All).await });
    let mut found = found(&mut *database.read().await?, Which::All).await?;
    for (hardware_id, key) in keys.await.map_err(|_| DatabaseError::Defect)?? {
        found.hang(&hardware_id, key);
    }
    Ok(found.records)
}

/// Reads devices with everything but their keys.
async fn found(connection: &mut AnyConnection, which: Which<'_>) -> Result<Found, DatabaseError> {
    let rows = select(connection, DEVICE_COLUMNS, "devices", which, "hardware_id").await?;
    let mut records = Vec::with_capacity(rows.len());
    for row in &rows {
        records.push(record(row)?);
    }
    drop(rows);
    let places: HashMap<Arc<str>, usize> = records
        .iter()
        .enumerate()
        .map(|(at, record): (usize, &Record)| (record.hardware_id.clone(), at))
        .collect();
    let mut found = Found { records, places };
    alerts(connection, which, &mut found).await?;
    layers(connection, which, &mut found).await?;
    networks(connection, which, &mut found).await?;
    let one = match which {
        Which::One(id) => Some(id),
        Which::All | Which::Between(..) => None,
    };
    for (hardware_id, session) in sessions::settings_of(connection, one).await? {
        if let Some(record) = found.at(&hardware_id) {
            record.desired.session = Some(Arc::new(session));
        }
    }
    Ok(found)
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
    let rows = select(
        connection,
        "device_id, hardware_id",
        "dynamic_ids",
        which,
        "device_id",
    );
    let pair = |row: &AnyRow| Ok((row.try_get(0)?, row.try_get(1)?));
    let pairs: Result<_, sqlx::Error> = rows.await?.iter().map(pair).collect();
    Ok(pairs?)
}

/// Devices under construction.
struct Found {
    records: Vec<Record>,
    places: HashMap<Arc<str>, usize>,
}

impl Found {
    fn at(&mut self, hardware_id: &str) -> Option<&mut Record> {
        let at = *self.places.get(hardware_id)?;
        self.records.get_mut(at)
    }

    /// Hangs a key on its device, where that was found.
    fn hang(&mut self, hardware_id: &str, key: Key) {
        if let Some(record) = self.at(hardware_id) {
            record.keys.push(key);
        }
    }
}

async fn select(
    connection: &mut AnyConnection,
    columns: &str,
    table: &str,
    which: Which<'_>,
    order: &str,
) -> Result<Vec<AnyRow>, DatabaseError> {
    let (after, last, filter) = which.bounds();
    let sql = format!("SELECT {columns} FROM {table} WHERE {filter} ORDER BY {order}");
    // Made of the constants in this file alone.
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(after).bind(last);
    Ok(query.fetch_all(connection).await?)
}

/// The columns of a device, in the order in which [`record`] reads them: to look a column up by its
/// name costs more than to read it.
const DEVICE_COLUMNS: &str = "hardware_id, own_id, name, labels, room, legacy, enrolment, enabled, \
                              config_version, config_hash";

fn record(row: &AnyRow) -> Result<Record, DatabaseError> {
    let text = |column: usize| row.try_get::<&str, _>(column);
    let flag = |column: usize| row.try_get::<i64, _>(column).map(|value| value != 0);
    let hardware_id: Arc<str> = text(0)?.into();
    let own_id = match text(1)? {
        own if own == &*hardware_id => hardware_id.clone(),
        own => own.into(),
    };
    Ok(Record {
        hardware_id,
        own_id,
        name: row.try_get(2)?,
        labels: serde_json::from_str(text(3)?).unwrap_or_default(),
        room: row.try_get(4)?,
        legacy: flag(5)?,
        // A word of a later version lets nobody in.
        enrolment: Enrolment::parse(text(6)?).unwrap_or(Enrolment::Retired),
        enabled: flag(7)?,
        keys: Vec::new(),
        alerts: Vec::new(),
        desired: Desired {
            version: row.try_get(8)?,
            hash: text(9)?.into(),
            ..Desired::default()
        },
    })
}

/// The keys of devices with the hardware ids of these, the oldest first.
async fn keys(
    connection: &mut AnyConnection,
    which: Which<'_>,
) -> Result<Vec<(String, Key)>, DatabaseError> {
    let columns = "hardware_id, id, secret, created_at, used_at, revoked_at, undelivered";
    let rows = select(connection, columns, "device_keys", which, "id").await?;
    let mut keys = Vec::with_capacity(rows.len());
    for row in &rows {
        let secret: &[u8] = row.try_get(2)?;
        let Ok(secret) = secret.try_into() else {
            continue;
        };
        let key = Key {
            id: row.try_get(1)?,
            secret: DeviceKey::new(secret),
            created_at: row.try_get(3)?,
            used: row.try_get::<Option<i64>, _>(4)?.is_some(),
            revoked_at: row.try_get(5)?,
            undelivered: row.try_get::<i64, _>(6)? != 0,
        };
        keys.push((row.try_get(0)?, key));
    }
    Ok(keys)
}

async fn alerts(
    connection: &mut AnyConnection,
    which: Which<'_>,
    found: &mut Found,
) -> Result<(), DatabaseError> {
    for row in select(
        connection,
        "hardware_id, at, kind",
        "device_alerts",
        which,
        "id",
    )
    .await?
    {
        if let Some(record) = found.at(row.try_get(0)?) {
            let (at, kind) = (row.try_get(1)?, row.try_get(2)?);
            record.alerts.push(Alert { at, kind });
        }
    }
    Ok(())
}

async fn layers(
    connection: &mut AnyConnection,
    which: Which<'_>,
    found: &mut Found,
) -> Result<(), DatabaseError> {
    let (after, last, _) = which.bounds();
    let sql = match which {
        Which::One(_) => "SELECT scope, content FROM config_layers WHERE scope = $1 AND scope = $2",
        Which::All | Which::Between(..) => {
            "SELECT scope, content FROM config_layers WHERE scope > $1 AND scope <= $2"
        }
    };
    let query = sqlx::query_as(sql)
        .bind(format!("{DEVICE_SCOPE}{after}"))
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

/// What the scope of a device begins with.
pub(crate) const DEVICE_SCOPE: &str = "device:";

async fn networks(
    connection: &mut AnyConnection,
    which: Which<'_>,
    found: &mut Found,
) -> Result<(), DatabaseError> {
    let (after, last, filter) = which.bounds();
    let sql = format!(
        "SELECT hardware_id, rollout_id, ssid, password, d.state FROM rollout_devices d \
         JOIN rollouts r ON r.id = rollout_id \
         WHERE {filter} AND d.state IN ('sent', 'proven', 'timed_out') ORDER BY rollout_id"
    );
    // Made of the constants in this file alone.
    let query = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(after)
        .bind(last);
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
