//! Presence as it is on disk: how it is written, and how it comes back into memory, at the start and
//! from other processes.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::load::{self, Which};
use super::presence::{Kind, Presence, Said};
use crate::app::App;
use crate::database::{Database, DatabaseError, rows};

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
        let watch = sqlx::query_scalar("SELECT at FROM presence_watch");
        let watched = watch.fetch_optional(&mut *database.read().await?).await?;
        let mut rows = Vec::new();
        let read: load::Read<Row> = |connection, which| of_devices(connection, which).boxed();
        load::all(database, read, |part| rows.extend(part)).await?;
        Ok(Self { rows, watched })
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
pub(super) async fn since(
    connection: &mut AnyConnection,
    (since, not_by): (i64, i64),
) -> Result<Vec<Row>, DatabaseError> {
    let from = "presence WHERE written_at >= $1 AND written_by <> $2";
    let sql = rows::select(connection, COLUMNS, from);
    let query = sqlx::query_scalar(sql).bind(since).bind(not_by);
    let text: String = query.fetch_one(connection).await?;
    parse(&text)
}

/// Rows of these devices.
async fn of_devices(
    connection: &mut AnyConnection,
    which: Which<'_>,
) -> Result<Vec<Row>, DatabaseError> {
    parse(&load::select(connection, COLUMNS, "presence", which).await?)
}

const COLUMNS: &str = "hardware_id, last_seen, seq, seq_key, next_ms, report, written_at";

/// A row as the database gives it.
#[derive(Deserialize)]
struct Columns<'a> {
    hardware_id: String,
    last_seen: i64,
    seq: Option<i64>,
    seq_key: i64,
    next_ms: i64,
    #[serde(borrow)]
    report: Cow<'a, str>,
    written_at: i64,
}

fn parse(text: &str) -> Result<Vec<Row>, DatabaseError> {
    let rows: Vec<Columns<'_>> = rows::parse(text)?;
    Ok(rows.into_iter().map(Row::from).collect())
}

impl From<Columns<'_>> for Row {
    fn from(columns: Columns<'_>) -> Self {
        Self {
            hardware_id: columns.hardware_id,
            last_seen: columns.last_seen,
            seq: columns.seq,
            seq_key: columns.seq_key,
            next_ms: columns.next_ms,
            said: serde_json::from_str(&columns.report).unwrap_or_default(),
            written_at: columns.written_at,
        }
    }
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
