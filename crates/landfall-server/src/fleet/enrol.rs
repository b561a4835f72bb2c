//! How devices come into the fleet: by a claim, which an admin had made, or pending, until an admin
//! compared fingerprints.

use landfall_protocol::claim::{Nonce, Proof};
use landfall_protocol::hardware_id::HardwareId;
use landfall_protocol::key::{DeviceKey, Fingerprint};
use sqlx::AnyConnection;

use super::claims::{self, Kept, REPEAT_MS};
use super::device::{Enrolment, Record};
use super::keys::{self, Arrival};
use super::{load, refresh};
use crate::database::{DatabaseError, Tx};
use crate::people::{audit, secret};

/// Devices that may wait for an admin at once.
pub(crate) const PENDING_MAX: i64 = 1000;
/// Alerts that are kept of a device.
const ALERTS_MAX: i64 = 32;
/// So long after an alert the same one is not entered again, in milliseconds.
const ALERT_AGAIN_MS: i64 = 60_000;
/// Another key came for a device whose fingerprint is bound.
pub(crate) const OTHER_KEY: &str = "other_key";

/// A device that asks by a claim.
#[derive(Clone, Debug)]
pub(crate) struct ByClaim {
    pub(crate) hardware_id: HardwareId,
    pub(crate) claim_id: String,
    pub(crate) device_nonce: Nonce,
    /// None where it is not written as one.
    pub(crate) proof: Option<Proof>,
}

/// What a device is answered that asked by a claim.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(crate) server_nonce: Nonce,
    pub(crate) proof: Proof,
}

/// Enrols by a claim; none where it is refused, for whatever reason: a stranger is not told which.
pub(crate) async fn by_claim(
    tx: &mut Tx,
    ask: &ByClaim,
    now: i64,
) -> Result<Option<Accepted>, DatabaseError> {
    let Some(kept) = claims::find(tx, &ask.claim_id).await? else {
        return Ok(None);
    };
    let Some(claim) = kept.claim().filter(|_| !kept.is_over(now)) else {
        return Ok(None);
    };
    let (id, device) = (&ask.hardware_id, ask.device_nonce);
    let proof = ask.proof.as_ref();
    if !proof.is_some_and(|proof| claim.is_enroll_proof(id, device, proof)) {
        if kept.used_at.is_none() {
            claims::count_wrong(tx, &kept.id).await?;
        }
        return Ok(None);
    }
    if kept.used_at.is_some() {
        let server = repeated(&kept, ask, now);
        return Ok(server.map(|server| Accepted {
            server_nonce: server,
            proof: claim.accept_proof(id, device, server),
        }));
    }
    let server = Nonce(secret::random());
    let key = claim.derive_key(id, device, server);
    let nonces = (device.to_hex(), server.to_hex());
    let nonces = (nonces.0.as_str(), nonces.1.as_str());
    claims::use_up(tx, &kept.id, id.as_str(), nonces, now).await?;
    accept_claimed(tx, id.as_str(), &key, &kept, now).await?;
    Ok(Some(Accepted {
        server_nonce: server,
        proof: claim.accept_proof(id, device, server),
    }))
}

/// The server's nonce of a claim that is asked for again, by the device that used it.
fn repeated(kept: &Kept, ask: &ByClaim, now: i64) -> Option<Nonce> {
    let same = kept.hardware_id.as_deref() == Some(ask.hardware_id.as_str())
        && kept.device_nonce.as_deref() == Some(ask.device_nonce.to_hex().as_str());
    let recent = now - kept.used_at? <= REPEAT_MS;
    Nonce::parse(kept.server_nonce.as_deref()?).filter(|_| same && recent)
}

async fn accept_claimed(
    tx: &mut Tx,
    hardware_id: &str,
    key: &DeviceKey,
    kept: &Kept,
    now: i64,
) -> Result<(), DatabaseError> {
    let before = load::one(tx, hardware_id).await?;
    match before.map(|record| record.enrolment) {
        None => insert(tx, hardware_id, Enrolment::Accepted, now).await?,
        Some(Enrolment::Accepted) => {}
        // Keys that nobody vouched for, or that were given up, do not come in with it.
        Some(Enrolment::Pending | Enrolment::Retired) => {
            keys::revoke_all(tx, hardware_id, now).await?;
            set_enrolment(tx, hardware_id, Enrolment::Accepted).await?;
        }
    }
    let purpose = kept.purpose();
    if !purpose.labels.is_empty() {
        let labels = serde_json::Value::from(purpose.labels).to_string();
        let sql = "UPDATE devices SET labels = $1 WHERE hardware_id = $2";
        let update = sqlx::query(sql).bind(labels).bind(hardware_id);
        update.execute(&mut **tx).await?;
    }
    if purpose.room.is_some() {
        let sql = "UPDATE devices SET room = $1 WHERE hardware_id = $2";
        let update = sqlx::query(sql).bind(purpose.room).bind(hardware_id);
        update.execute(&mut **tx).await?;
    }
    keys::add(tx, hardware_id, (key, Arrival::There), now).await?;
    let deed = ("device.claimed", hardware_id, kept.id.as_str());
    audit::note(tx, now, hardware_id, deed).await?;
    refresh(tx, hardware_id).await
}

/// What became of a device that made its own key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    /// An admin has to compare this.
    Waits(Fingerprint),
    /// An admin did.
    Accepted(Fingerprint),
    /// Another key is bound to the id, or it was retired.
    Refused,
    /// Too many wait.
    TooMany,
}

/// Enrols with a key of the device's own.
pub(crate) async fn pending(
    tx: &mut Tx,
    hardware_id: &str,
    key: &DeviceKey,
    now: i64,
) -> Result<Pending, DatabaseError> {
    let fingerprint = key.fingerprint();
    let Some(record) = load::one(tx, hardware_id).await? else {
        let sql = "SELECT COUNT(*) FROM devices WHERE enrolment = 'pending'";
        let waiting: i64 = sqlx::query_scalar(sql).fetch_one(&mut **tx).await?;
        if waiting >= PENDING_MAX {
            return Ok(Pending::TooMany);
        }
        insert(tx, hardware_id, Enrolment::Pending, now).await?;
        keys::add(tx, hardware_id, (key, Arrival::There), now).await?;
        refresh(tx, hardware_id).await?;
        return Ok(Pending::Waits(fingerprint));
    };
    let known = record.valid_keys().any(|kept| kept.secret == *key);
    match record.enrolment {
        Enrolment::Pending if known => Ok(Pending::Waits(fingerprint)),
        Enrolment::Accepted if known => Ok(Pending::Accepted(fingerprint)),
        Enrolment::Pending => {
            // Nothing is bound yet: a device that lost its flash asks anew.
            replace_key(tx, &record, key, now).await?;
            Ok(Pending::Waits(fingerprint))
        }
        Enrolment::Accepted
            if record.valid_keys().next().is_none() && !was_revoked(&record, key) =>
        {
            // An admin revoked every key: the device may show another one.
            set_enrolment(tx, hardware_id, Enrolment::Pending).await?;
            replace_key(tx, &record, key, now).await?;
            Ok(Pending::Waits(fingerprint))
        }
        Enrolment::Accepted => {
            alert(tx, hardware_id, OTHER_KEY, now).await?;
            Ok(Pending::Refused)
        }
        Enrolment::Retired => Ok(Pending::Refused),
    }
}

fn was_revoked(record: &Record, key: &DeviceKey) -> bool {
    record.keys.iter().any(|kept| kept.secret == *key)
}

async fn replace_key(
    tx: &mut Tx,
    record: &Record,
    key: &DeviceKey,
    now: i64,
) -> Result<(), DatabaseError> {
    keys::revoke_all(tx, &record.hardware_id, now).await?;
    keys::add(tx, &record.hardware_id, (key, Arrival::There), now).await?;
    refresh(tx, &record.hardware_id).await
}

/// Enters something that an admin should know, unless the same was just entered.
async fn alert(tx: &mut Tx, hardware_id: &str, kind: &str, now: i64) -> Result<(), DatabaseError> {
    let sql = "SELECT COUNT(*) FROM device_alerts WHERE hardware_id = $1 AND kind = $2 AND at > $3";
    let query = sqlx::query_scalar(sql)
        .bind(hardware_id)
        .bind(kind)
        .bind(now - ALERT_AGAIN_MS);
    let recent: i64 = query.fetch_one(&mut **tx).await?;
    if recent > 0 {
        return Ok(());
    }
    let sql = "INSERT INTO device_alerts (hardware_id, at, kind) VALUES ($1, $2, $3)";
    let insert = sqlx::query(sql).bind(hardware_id).bind(now).bind(kind);
    insert.execute(&mut **tx).await?;
    let sql = "DELETE FROM device_alerts WHERE hardware_id = $1 AND id <= (SELECT id FROM \
               device_alerts WHERE hardware_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";
    let prune = sqlx::query(sql).bind(hardware_id).bind(ALERTS_MAX);
    prune.execute(&mut **tx).await?;
    audit::note(tx, now, hardware_id, ("device.alert", hardware_id, kind)).await?;
    refresh(tx, hardware_id).await
}

/// Enters a device that is not known yet.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    hardware_id: &str,
    enrolment: Enrolment,
    now: i64,
) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO devices (hardware_id, own_id, labels, legacy, enrolment, enabled, \
               created_at, config_version, config_hash, config_revision) \
               VALUES ($1, $1, '[]', 0, $2, 1, $3, 0, '', 0)";
    let insert = sqlx::query(sql)
        .bind(hardware_id)
        .bind(enrolment.name())
        .bind(now);
    insert.execute(connection).await?;
    Ok(())
}

/// Sets whether a device may take part.
pub(crate) async fn set_enrolment(
    connection: &mut AnyConnection,
    hardware_id: &str,
    enrolment: Enrolment,
) -> Result<(), DatabaseError> {
    let sql = "UPDATE devices SET enrolment = $1 WHERE hardware_id = $2";
    let update = sqlx::query(sql).bind(enrolment.name()).bind(hardware_id);
    update.execute(connection).await?;
    Ok(())
}
