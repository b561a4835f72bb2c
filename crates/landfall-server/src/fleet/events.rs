//! What devices told of themselves: kept per device, the last 64, written with the batch.

use std::sync::{Mutex, PoisonError};

use serde_json::value::RawValue;
use sqlx::AnyConnection;

use crate::database::DatabaseError;

/// Events that are kept of a device.
pub(crate) const KEPT_MAX: i64 = 64;
/// Events that wait to be written; more are lost, the oldest stay.
const QUEUE_MAX: usize = 8192;
/// Longest event that is kept, in bytes.
const EVENT_MAX: usize = 512;

/// Events that wait to be written.
#[derive(Debug, Default)]
pub(crate) struct Queue(Mutex<Vec<Event>>);

/// An event of a device.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    hardware_id: String,
    at: i64,
    text: String,
}

impl Queue {
    /// Takes the events of a heartbeat, those that are objects.
    pub(crate) fn push(&self, hardware_id: &str, at: i64, events: &[&RawValue]) {
        if events.is_empty() {
            return;
        }
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events.iter().map(|event| event.get()) {
            if event.starts_with('{') && event.len() <= EVENT_MAX && queue.len() < QUEUE_MAX {
                queue.push(Event {
                    hardware_id: hardware_id.to_owned(),
                    at,
                    text: event.to_owned(),
                });
            }
        }
    }

    /// What waits.
    pub(crate) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes events, and forgets those that are too many.
pub(crate) async fn write(
    connection: &mut AnyConnection,
    events: &[Event],
) -> Result<(), DatabaseError> {
    let mut devices: Vec<&str> = Vec::new();
    for event in events {
        let sql = "INSERT INTO device_events (hardware_id, at, event) \
                   SELECT hardware_id, $2, $3 FROM devices WHERE hardware_id = $1";
        let insert = sqlx::query(sql)
            .bind(&event.hardware_id)
            .bind(event.at)
            .bind(&event.text);
        insert.execute(&mut *connection).await?;
        devices.push(&event.hardware_id);
    }
    devices.sort_unstable();
    devices.dedup();
    for hardware_id in devices {
        let sql = "DELETE FROM device_events WHERE hardware_id = $1 AND id <= (SELECT id FROM \
                   device_events WHERE hardware_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";
        let prune = sqlx::query(sql).bind(hardware_id).bind(KEPT_MAX);
        prune.execute(&mut *connection).await?;
    }
    Ok(())
}

/// The events of a device, the newest first, before that id.
pub(crate) async fn list(
    connection: &mut AnyConnection,
    hardware_id: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<(i64, i64, String)>, DatabaseError> {
    let sql = "SELECT id, at, event FROM device_events WHERE hardware_id = $1 AND id < $2 \
               ORDER BY id DESC LIMIT $3";
    let query = sqlx::query_as(sql)
        .bind(hardware_id)
        .bind(before)
        .bind(limit);
    Ok(query.fetch_all(connection).await?)
}
