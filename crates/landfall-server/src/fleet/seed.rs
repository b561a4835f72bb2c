//! Devices as if they had enrolled, many at once: for measurements, which would else wait for their
//! enrolments longer than they measure.

use landfall_protocol::hardware_id::HardwareId;
use landfall_protocol::key::DeviceKey;
use sqlx::AnyConnection;

use super::device::Enrolment;
use super::{enrol, refresh};
use crate::app::App;
use crate::change::Change;
use crate::database::{DatabaseError, Tx};

/// Devices of one job of the writer.
const CHUNK: usize = 500;

/// Enters accepted devices with keys that they have shown.
///
/// # Errors
/// Where one of them is known already, or the database is lost.
pub async fn seed(app: &App, devices: &[(HardwareId, DeviceKey)]) -> Result<(), DatabaseError> {
    let now = app.clock().now_ms();
    for chunk in devices.chunks(CHUNK) {
        let chunk = chunk.to_vec();
        let job = async move |mut tx: Tx| {
            for (hardware_id, key) in &chunk {
                enter(&mut tx, hardware_id.as_str(), key, now).await?;
            }
            Ok::<_, DatabaseError>(())
        };
        app.database.write(job).await?;
    }
    refresh::refresh_all(&app.database).await?;
    let all = async move |mut tx: Tx| {
        tx.changed(Change::All);
        Ok(())
    };
    app.database.write(all).await
}

async fn enter(
    connection: &mut AnyConnection,
    hardware_id: &str,
    key: &DeviceKey,
    now: i64,
) -> Result<(), DatabaseError> {
    enrol::insert(connection, hardware_id, Enrolment::Accepted, now).await?;
    let behind = sqlx::query("UPDATE devices SET config_revision = -1 WHERE hardware_id = $1");
    behind.bind(hardware_id).execute(&mut *connection).await?;
    let sql = "INSERT INTO device_keys (hardware_id, secret, created_at, used_at, undelivered) \
               VALUES ($1, $2, $3, $3, 0)";
    let insert = sqlx::query(sql)
        .bind(hardware_id)
        .bind(key.expose().as_slice())
        .bind(now);
    insert.execute(connection).await?;
    Ok(())
}
