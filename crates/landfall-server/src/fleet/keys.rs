//! The keys of a device: at most two are valid, the one in use and the one that follows it.

use landfall_protocol::key::DeviceKey;
use sqlx::AnyConnection;

use crate::database::DatabaseError;

/// Keys of a device that are valid at once.
pub(crate) const VALID_MAX: usize = 2;
/// Keys of a device that are kept, with those that were revoked.
const KEPT_MAX: i64 = 16;

/// How a key comes to its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The device has it already.
    There,
    /// The device is to be told it in an answer.
    InAnswer,
}

/// Adds a key, and revokes what would be one too many.
pub(crate) async fn add(
    connection: &mut AnyConnection,
    hardware_id: &str,
    (key, arrival): (&DeviceKey, Arrival),
    now: i64,
) -> Result<(), DatabaseError> {
    let sql = "SELECT id, used_at FROM device_keys \
               WHERE hardware_id = $1 AND revoked_at IS NULL ORDER BY id";
    let query = sqlx::query_as(sql).bind(hardware_id);
    let valid: Vec<(i64, Option<i64>)> = query.fetch_all(&mut *connection).await?;
    if valid.len() >= VALID_MAX {
        // One that was never shown goes first, else the oldest.
        let unused = valid.iter().rfind(|(_, used)| used.is_none());
        if let Some((id, _)) = unused.or(valid.first()) {
            revoke(connection, hardware_id, *id, now).await?;
        }
    }
    let sql = "INSERT INTO device_keys (hardware_id, secret, created_at, undelivered) \
               VALUES ($1, $2, $3, $4)";
    let insert = sqlx::query(sql)
        .bind(hardware_id)
        .bind(key.expose().as_slice())
        .bind(now)
        .bind(i64::from(arrival == Arrival::InAnswer));
    insert.execute(&mut *connection).await?;
    let sql = "DELETE FROM device_keys WHERE hardware_id = $1 AND revoked_at IS NOT NULL AND id <= \
               (SELECT id FROM device_keys WHERE hardware_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";
    let prune = sqlx::query(sql).bind(hardware_id).bind(KEPT_MAX);
    prune.execute(connection).await?;
    Ok(())
}

/// Revokes a key; false where the device has no such key.
pub(crate) async fn revoke(
    connection: &mut AnyConnection,
    hardware_id: &str,
    id: i64,
    now: i64,
) -> Result<bool, DatabaseError> {
    let sql = "UPDATE device_keys SET revoked_at = COALESCE(revoked_at, $1), undelivered = 0 \
               WHERE hardware_id = $2 AND id = $3";
    let update = sqlx::query(sql).bind(now).bind(hardware_id).bind(id);
    Ok(update.execute(connection).await?.rows_affected() > 0)
}

/// Revokes all keys of a device.
pub(crate) async fn revoke_all(
    connection: &mut AnyConnection,
    hardware_id: &str,
    now: i64,
) -> Result<(), DatabaseError> {
    let sql = "UPDATE device_keys SET revoked_at = $1, undelivered = 0 \
               WHERE hardware_id = $2 AND revoked_at IS NULL";
    let update = sqlx::query(sql).bind(now).bind(hardware_id);
    update.execute(connection).await?;
    Ok(())
}

/// Notes that the device has shown a key: those before it are over.
pub(crate) async fn shown(
    connection: &mut AnyConnection,
    hardware_id: &str,
    id: i64,
    now: i64,
) -> Result<(), DatabaseError> {
    let sql = "UPDATE device_keys SET used_at = COALESCE(used_at, $1), undelivered = 0 \
               WHERE hardware_id = $2 AND id = $3 AND revoked_at IS NULL";
    let update = sqlx::query(sql).bind(now).bind(hardware_id).bind(id);
    if update.execute(&mut *connection).await?.rows_affected() > 0 {
        let sql = "UPDATE device_keys SET revoked_at = $1, undelivered = 0 \
                   WHERE hardware_id = $2 AND id < $3 AND revoked_at IS NULL";
        let older = sqlx::query(sql).bind(now).bind(hardware_id).bind(id);
        older.execute(connection).await?;
    }
    Ok(())
}
