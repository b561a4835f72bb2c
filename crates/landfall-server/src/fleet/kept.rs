//! Presence as it is on disk: how it is written, and how it comes back into memory, at the start and
//! from other processes.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, Row as _};

use super::presence::{Kind, Presence, Said};
use crate::app::App;
use crate::database::{Database, DatabaseError};

/// What is on disk of presence: to be read while the devices themselves are, and
/// [put back](Left::put_back) once those are known.
#[derive(Debug)]
pub(crate) struct Left {
    rows: Vec<Row>,
    /// When a server last listened; none: nobody was online then.
    watched: Option<i64>,
}

/// A device's presence as it was written.
#[derive(Debug)]
pub(super) struct Row {
    hardware_id: String,
    last_seen: i64,
    seq: Option<i64>,
    seq_key: i64,
    next_ms: i64,
    said: StoredSaid,
    pub(super) written_at: i64,
}

impl Left {
    /// Reads all of it.
    pub(crate) async fn read(database: &Database) -> Result<Self, DatabaseError> {
        let mut connection = database.read().await?;
        let watch = sqlx::query_scalar("SELECT at FROM presence_watch");
        Ok(Self {
            watched: watch.fetch_optional(&mut *connection).await?,
            rows: rows(&mut connection, (0, 0)).await?,
        })
    }

    /// Puts it into memory: a device's age is that which it had when a server last listened.
    pub(crate) fn put_back(self, app: &App) {
        let watched = self.watched.unwrap_or_else(|| app.clock().now_ms());
        for row in self.rows {
            row.put_back(app, watched);
        }
    }
}

/// Rows written from that moment on by another process than that.
pub(super) async fn rows(
    connection: &mut AnyConnection,
    (since, not_by): (i64, i64),
) -> Result<Vec<Row>, DatabaseError> {
    let sql = "SELECT hardware_id, last_seen, seq, seq_key, next_ms, report, written_at \
               FROM presence WHERE written_at >= $1 AND written_by <> $2";
    let query = sqlx::query(sql).bind(since).bind(not_by);
    let read = query.fetch_all(connection).await?;
    let mut rows = Vec::with_capacity(read.len());
    for row in &read {
        rows.push(Row {
            hardware_id: row.try_get(0)?,
            last_seen: row.try_get(1)?,
            seq: row.try_get(2)?,
            seq_key: row.try_get(3)?,
            next_ms: row.try_get(4)?,
            said: serde_json::from_str(row.try_get(5)?).unwrap_or_default(),
            written_at: row.try_get(6)?,
        });
    }
    Ok(rows)
}

impl Row {
    /// Puts it into memory, where that knows nothing newer; its age is counted up to `now`.
    pub(super) fn put_back(self, app: &App, now: i64) {
        let Some(device) = app.fleet.device(&self.hardware_id) else {
            return;
        };
        let mut presence = device.presence();
        if presence.was_seen() && presence.last_seen >= self.last_seen {
            return;
        }
        let numbers = (self.seq_key, self.seq.map(i64::cast_unsigned));
        // Numbers of a newer key begin again.
        let (seq_key, seq) = numbers.max((presence.seq_key, presence.seq));
        let age_ms = now.saturating_sub(self.last_seen).max(0);
        let older = std::mem::take(&mut *presence);
        *presence = Presence {
            seen_at: Some(app.clock().monotonic_ms() - age_ms),
            last_seen: self.last_seen,
            seq,
            seq_key,
            next_ms: u32::try_from(self.next_ms).unwrap_or(u32::MAX),
            was_online: older.was_online,
            looked_at: older.looked_at,
            said: self.said.said(|kind| app.fleet.intern(kind)),
            ..Presence::default()
        };
        drop(presence);
        app.fleet.was_heard(device);
    }
}

/// [`Said`] in its stored form.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct StoredSaid {
    #[serde(skip_serializing_if = "Option::is_none")]
    rssi: Option<i8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stations: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    station_capacity: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    free_heap: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config_version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ssid: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ap_ssid: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config_error: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    firmware: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chip: Option<Box<str>>,
}

impl From<&Said> for StoredSaid {
    fn from(said: &Said) -> Self {
        let kind = said.kind.as_deref().cloned().unwrap_or_default();
        Self {
            rssi: said.rssi,
            stations: said.stations,
            station_capacity: said.station_capacity,
            free_heap: said.free_heap,
            config_version: said.config_version,
            ip: said.ip,
            ssid: said.ssid.clone(),
            ap_ssid: said.ap_ssid.clone(),
            config_error: said.config_error.clone(),
            state: kind.state,
            firmware: kind.firmware,
            chip: kind.chip,
        }
    }
}

impl StoredSaid {
    fn said(self, intern: impl FnOnce(Kind) -> Arc<Kind>) -> Said {
        let Self {
            state,
            firmware,
            chip,
            ..
        } = self;
        Said {
            rssi: self.rssi,
            stations: self.stations,
            station_capacity: self.station_capacity,
            free_heap: self.free_heap,
            config_version: self.config_version,
            ip: self.ip,
            ssid: self.ssid,
            ap_ssid: self.ap_ssid,
            config_error: self.config_error,
            kind: Some(intern(Kind {
                state,
                firmware,
                chip,
            })),
        }
    }
}
