//! Firmware of the server before: it has no key, knows its `device_id` alone, and takes over the
//! id that a session gives it.

use super::device::{Enrolment, Record};
use super::{enrol, refresh};
use crate::change::Change;
use crate::database::{DatabaseError, Tx};
use crate::people::secret;
use crate::problem::Problem;

/// Devices without a key that are taken. Whoever reaches the server can make one up.
pub(crate) const LEGACY_MAX: i64 = 10_000;

/// What became of an id that was not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    /// A new device has it.
    Created(String),
    /// Somebody else was quicker: this device has it.
    There(String),
    /// There are too many.
    TooMany,
}

/// Enters a device under its own id.
pub(crate) async fn enter(
    tx: &mut Tx,
    device_id: &str,
    now: i64,
) -> Result<Entered, DatabaseError> {
    let known = sqlx::query_scalar("SELECT hardware_id FROM dynamic_ids WHERE device_id = $1");
    let known: Option<String> = known.bind(device_id).fetch_optional(&mut **tx).await?;
    if let Some(hardware_id) = known {
        return Ok(Entered::There(hardware_id));
    }
    let count = "SELECT COUNT(*) FROM devices WHERE legacy = 1";
    let there: i64 = sqlx::query_scalar(count).fetch_one(&mut **tx).await?;
    if there >= LEGACY_MAX {
        return Ok(Entered::TooMany);
    }
    let hardware_id = format!("legacy-{}", secret::hex(&secret::random::<6>()));
    enrol::insert(tx, &hardware_id, Enrolment::Accepted, now).await?;
    let sql = "UPDATE devices SET own_id = $1, legacy = 1 WHERE hardware_id = $2";
    let update = sqlx::query(sql).bind(device_id).bind(&hardware_id);
    update.execute(&mut **tx).await?;
    let sql = "INSERT INTO dynamic_ids (device_id, base, hardware_id) VALUES ($1, $1, $2)";
    let insert = sqlx::query(sql).bind(device_id).bind(&hardware_id);
    insert.execute(&mut **tx).await?;
    refresh(tx, &hardware_id).await?;
    Ok(Entered::Created(hardware_id))
}

/// Lets a device without a key become the one that it is now: its ids lead there, and what an admin
/// said of it goes along where the other has nothing of the kind.
///
/// # Errors
/// 409 where the one is not legacy or the other is, or either is in a session.
pub(crate) async fn merge(tx: &mut Tx, from: &Record, into: &Record) -> Result<(), Problem> {
    if !from.legacy || into.legacy {
        let detail = "a legacy device is merged into one that has a key";
        return Err(Problem::conflict(detail));
    }
    if into.enrolment != Enrolment::Accepted {
        return Err(Problem::conflict("the other device is not accepted"));
    }
    if from.desired.session.is_some() || into.desired.session.is_some() {
        return Err(Problem::conflict(
            "the device is in a session; end that first",
        ));
    }
    lead_to(tx, &from.hardware_id, &into.hardware_id).await?;
    let mut labels = into.labels.clone();
    let more = from.labels.iter().filter(|one| !into.labels.contains(one));
    labels.extend(more.cloned());
    let sql = "UPDATE devices SET name = COALESCE(name, $1), room = COALESCE(room, $2), \
               labels = $3 WHERE hardware_id = $4";
    let update = sqlx::query(sql)
        .bind(&from.name)
        .bind(&from.room)
        .bind(serde_json::Value::from(labels).to_string())
        .bind(&*into.hardware_id);
    update.execute(&mut **tx).await?;
    let delete = sqlx::query("DELETE FROM devices WHERE hardware_id = $1");
    delete.bind(&*from.hardware_id).execute(&mut **tx).await?;
    tx.changed(Change::Device {
        hardware_id: from.hardware_id.to_string(),
    });
    Ok(refresh(tx, &into.hardware_id).await?)
}

/// Lets every id of one device lead to another. A device has one id of a template: where both have
/// one, the older device's stands for itself alone.
async fn lead_to(tx: &mut Tx, from: &str, into: &str) -> Result<(), DatabaseError> {
    let sql = "UPDATE dynamic_ids SET base = device_id WHERE hardware_id = $1 AND base IN \
               (SELECT base FROM dynamic_ids WHERE hardware_id = $2)";
    let apart = sqlx::query(sql).bind(from).bind(into);
    apart.execute(&mut **tx).await?;
    let sql = "UPDATE dynamic_ids SET hardware_id = $2 WHERE hardware_id = $1";
    let lead = sqlx::query(sql).bind(from).bind(into);
    lead.execute(&mut **tx).await?;
    Ok(())
}
