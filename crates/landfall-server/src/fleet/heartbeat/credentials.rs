//! Who a heartbeat is from: a device's key, over TLS as it is or sealing the body; or nothing, for
//! firmware that has none, where the operator allows it.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use landfall_protocol::hardware_id::HardwareId;
use landfall_protocol::key::DeviceKey;
use landfall_protocol::path::{DEVICE_HEADER, SEALED_TYPE, SEQ_HEADER};
use landfall_protocol::seal::{Direction, Envelope};

use super::Request;
use super::refusal::Refusal;
use crate::app::App;
use crate::fleet::device::{Device, Enrolment, Key, Record};
use crate::fleet::legacy::{self, Entered};
use crate::fleet::report::Report;

/// Who a heartbeat is from.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) device: Arc<Device>,
    /// What the database said of it when it was let in.
    pub(super) record: Arc<Record>,
    /// The key that it showed; none of a device that has none.
    pub(super) key: Option<Key>,
    /// The request's number, where it counts.
    pub(super) seq: Option<u64>,
    /// Whether the answer is to be sealed, under that number.
    pub(super) sealed: Option<u64>,
    /// Whether it was not known before.
    pub(super) created: bool,
}

/// A sealed body that was opened.
#[derive(Debug)]
pub(super) struct Opened {
    device: Arc<Device>,
    record: Arc<Record>,
    key: Key,
    seq: u64,
    /// How many bytes of the body are its text.
    pub(super) len: usize,
}

/// Opens a sealed body in place; none where it is not sealed.
pub(super) fn open(
    app: &App,
    request: &Request,
    body: &mut [u8],
) -> Result<Option<Opened>, Refusal> {
    if !is_sealed(&request.headers) {
        return Ok(None);
    }
    let text = |name: &str| request.headers.get(name)?.to_str().ok();
    let hardware_id = text(DEVICE_HEADER).map(str::trim).unwrap_or_default();
    if hardware_id.is_empty() {
        return Err(Refusal::DeviceId);
    }
    let seq = text(SEQ_HEADER).and_then(|seq| seq.trim().parse::<u64>().ok());
    let (Some(device), Some(seq)) = (app.fleet.device(hardware_id), seq) else {
        return Err(Refusal::Unknown);
    };
    let record = device.record();
    let envelope = Envelope {
        method: "POST",
        path: request.path,
        hardware_id,
        seq,
    };
    // A body that does not open is left as it was, for the next key.
    let opened = by_likelihood(&record).find_map(|key| {
        let opened = envelope.open(&key.secret, Direction::ToServer, body);
        Some((key.clone(), opened.ok()?.len()))
    });
    let (key, len) = opened.ok_or(Refusal::Unknown)?;
    Ok(Some(Opened {
        device,
        record,
        key,
        seq,
        len,
    }))
}

impl Opened {
    /// The device, where the report is its own and it may take part.
    pub(super) fn caller(self, report: &Report<'_>) -> Result<Caller, Refusal> {
        let named = report.who.hardware_id.as_deref();
        if named.is_some_and(|named| *named != *self.record.hardware_id) {
            return Err(Refusal::Unknown);
        }
        permit(&self.record, Some(&self.key))?;
        Ok(Caller {
            device: self.device,
            record: self.record,
            key: Some(self.key),
            seq: Some(self.seq),
            sealed: Some(self.seq),
            created: false,
        })
    }
}

/// The device of a heartbeat that is not sealed.
pub(super) async fn plain(
    app: &Arc<App>,
    request: &Request,
    report: &Report<'_>,
) -> Result<Caller, Refusal> {
    let id = report.id()?;
    let Some(token) = bearer(&request.headers) else {
        if app.options.allow_legacy_devices && report.who.hardware_id.is_none() {
            return without_key(app, id).await;
        }
        return Err(Refusal::Unknown);
    };
    if !request.is_private(app) {
        return Err(Refusal::InClear);
    }
    let device = app.fleet.device_by_id(id).ok_or(Refusal::Unknown)?;
    let record = device.record();
    let shown = DeviceKey::parse(token).ok_or(Refusal::Unknown)?;
    let key = by_likelihood(&record).find(|key| key.secret == shown);
    let key = key.ok_or(Refusal::Unknown)?.clone();
    permit(&record, Some(&key))?;
    Ok(Caller {
        device,
        record,
        key: Some(key),
        seq: report.who.seq,
        sealed: None,
        created: false,
    })
}

/// The device without a key that has that id, or had it: or a new one.
async fn without_key(app: &Arc<App>, device_id: &str) -> Result<Caller, Refusal> {
    let known = app.fleet.device_by_id(device_id);
    let (device, created) = match known {
        Some(device) => (device, false),
        // Ids of that form are the server's to give.
        None if HardwareId::parse(device_id).is_ok() || device_id.starts_with("legacy-") => {
            return Err(Refusal::Unknown);
        }
        None => {
            let (id, now) = (device_id.to_owned(), app.clock().now_ms());
            let job = async move |mut tx| legacy::enter(&mut tx, &id, now).await;
            let entered = app.database.write(job).await?;
            let (hardware_id, created) = match entered {
                Entered::Created(hardware_id) => (hardware_id, true),
                Entered::There(hardware_id) => (hardware_id, false),
                Entered::TooMany => return Err(Refusal::TooMany),
            };
            let device = app.fleet.device(&hardware_id).ok_or(Refusal::Busy)?;
            (device, created)
        }
    };
    let record = device.record();
    if !record.legacy {
        return Err(Refusal::Unknown);
    }
    permit(&record, None)?;
    Ok(Caller {
        device,
        record,
        key: None,
        seq: None,
        sealed: None,
        created,
    })
}

/// Whether a device that is known may take part.
fn permit(record: &Record, key: Option<&Key>) -> Result<(), Refusal> {
    if key.is_some_and(|key| key.revoked_at.is_some()) {
        return Err(Refusal::Revoked);
    }
    match record.enrolment {
        Enrolment::Pending => Err(Refusal::Pending),
        Enrolment::Retired => Err(Refusal::Retired),
        Enrolment::Accepted if record.may_beat() => Ok(()),
        Enrolment::Accepted => Err(Refusal::Disabled),
    }
}

/// The device's keys: those that are valid first.
fn by_likelihood(record: &Record) -> impl Iterator<Item = &Key> {
    let revoked = record.keys.iter().filter(|key| key.revoked_at.is_some());
    record.valid_keys().chain(revoked)
}

/// Whether the body is sealed, by its content type.
fn is_sealed(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case(SEALED_TYPE))
}

/// What stands behind `Authorization: Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}
