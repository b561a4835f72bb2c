//! Counts a device's configuration up when what is rendered for it changes, in the transaction of
//! whatever changed it. A version that devices were told is on disk, and never told again for
//! anything else.

use std::sync::Arc;

use sqlx::AnyConnection;

use super::device::{Enrolment, Record};
use super::load::{self, Which};
use crate::change::Change;
use crate::config::render;
use crate::config::scopes;
use crate::config::values::Values;
use crate::database::{Database, DatabaseError, Tx, rows};

/// Devices that are rendered in one job of the writer, so that others get their turn.
const CHUNK: i64 = 500;

/// Renders a device, counts its version up where that changed, and says that the device changed.
///
/// Every change of a device, its layer, its session or its roll-outs ends in this.
pub(crate) async fn refresh(tx: &mut Tx, hardware_id: &str) -> Result<(), DatabaseError> {
    let (revision, layer) = scopes::current(tx, scopes::FLEET).await?;
    if let Some(record) = load::one(tx, hardware_id).await? {
        judge(tx, &record, &layer, revision).await?;
    }
    tx.changed(Change::Device {
        hardware_id: hardware_id.to_owned(),
    });
    Ok(())
}

/// The hash of what a device is told over that layer of the fleet.
pub(crate) fn hash_of(record: &Record, layer: &Values) -> String {
    render::hash(&render::configuration(&record.sources(layer)))
}

async fn judge(
    tx: &mut Tx,
    record: &Record,
    layer: &Values,
    revision: i64,
) -> Result<(), DatabaseError> {
    let hash = hash_of(record, layer);
    let changed = *hash != *record.desired.hash;
    let sql = "UPDATE devices SET config_version = config_version + $1, config_hash = $2, \
               config_revision = $3 WHERE hardware_id = $4";
    let update = sqlx::query(sql)
        .bind(i64::from(changed))
        .bind(hash)
        .bind(revision)
        .bind(&*record.hardware_id);
    update.execute(&mut **tx).await?;
    Ok(())
}

/// Renders every device that was judged by an older layer of the fleet, some at a time, and has
/// memory read their versions.
pub(crate) async fn refresh_all(database: &Database) -> Result<(), DatabaseError> {
    while database.write(refresh_some).await? > 0 {}
    let tell = async |mut tx: Tx| {
        tx.changed(Change::Config);
        Ok(())
    };
    database.write(tell).await
}

/// Goes on where a server that was stopped left off, if it did.
pub(crate) async fn refresh_left(database: &Database) -> Result<(), DatabaseError> {
    if database.write(refresh_some).await? > 0 {
        refresh_all(database).await?;
    }
    Ok(())
}

/// Renders some of those that are left; how many.
async fn refresh_some(mut tx: Tx) -> Result<usize, DatabaseError> {
    let tx = &mut tx;
    let (revision, layer) = scopes::current(tx, scopes::FLEET).await?;
    let sql = "SELECT hardware_id FROM devices WHERE config_revision < $1 \
               ORDER BY config_revision, hardware_id LIMIT $2";
    let query = sqlx::query_scalar::<_, String>(sql)
        .bind(revision)
        .bind(CHUNK);
    let mut behind = query.fetch_all(&mut **tx).await?;
    behind.sort_unstable();
    let (Some(first), Some(last)) = (behind.first(), behind.last()) else {
        return Ok(0);
    };
    let records = load::records(tx, Which::Between(first, last)).await?;
    for record in &records {
        if behind.iter().any(|id| **id == *record.hardware_id) {
            judge(tx, record, &layer, revision).await?;
        }
    }
    Ok(behind.len())
}

/// Version and hash of every device.
pub(crate) async fn versions(
    connection: &mut AnyConnection,
) -> Result<Vec<(String, i64, String)>, DatabaseError> {
    let columns = "hardware_id, config_version, config_hash";
    let sql = rows::select(connection, columns, "devices");
    let text: String = sqlx::query_scalar(sql).fetch_one(connection).await?;
    rows::parse(&text)
}

/// The devices whose rendered configuration would change with that layer of a scope. Retired ones are
/// left out: none of them is told anything any more.
pub(crate) async fn affected(
    database: &Database,
    scope: &scopes::Scope,
    values: &Values,
) -> Result<Vec<String>, DatabaseError> {
    let mut connection = database.read().await?;
    let (_, layer) = scopes::current(&mut connection, scopes::FLEET).await?;
    let which = match scope {
        scopes::Scope::Fleet => Which::All,
        scopes::Scope::Device(hardware_id) => Which::One(hardware_id),
    };
    let records = load::records(&mut connection, which).await?;
    let changes = |record: &Record| {
        let mut next = record.clone();
        let over = match scope {
            scopes::Scope::Fleet => values,
            scopes::Scope::Device(_) => {
                next.desired.layer = Some(Arc::new(values.clone()));
                &layer
            }
        };
        hash_of(record, &layer) != hash_of(&next, over)
    };
    let in_use = |record: &&Record| record.enrolment != Enrolment::Retired;
    let affected = records
        .iter()
        .filter(in_use)
        .filter(|record| changes(record));
    Ok(affected
        .map(|record| record.hardware_id.to_string())
        .collect())
}
