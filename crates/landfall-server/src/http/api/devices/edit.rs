//! What an admin does to a device.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use landfall_protocol::key::{DeviceKey, Fingerprint};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::shown;
use super::view::Device;
use crate::app::App;
use crate::database::Tx;
use crate::fleet::device::{Enrolment, Record};
use crate::fleet::keys::{self, Arrival};
use crate::fleet::{enrol, legacy, load, refresh};
use crate::http::auth::{Admin, Identity};
use crate::http::body::{Body, some};
use crate::http::routes::Routes;
use crate::people::{audit, secret};
use crate::problem::Problem;

/// Longest name, label and room, in characters.
const TEXT_MAX: usize = 64;
/// Most labels of a device.
const LABELS_MAX: usize = 32;

/// The routes of this file that have paths of their own.
pub(super) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(accept))
        .routes(routes!(retire))
        .routes(routes!(merge))
        .routes(routes!(rotate))
        .routes(routes!(revoke))
}

/// What is to change of a device. What is absent stays; null takes a name or room away.
#[derive(Deserialize, ToSchema)]
pub(super) struct Patch {
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<String>)]
    name: Option<Option<String>>,
    labels: Option<Vec<String>>,
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<String>)]
    room: Option<Option<String>>,
}

/// Labels, trimmed, each once.
///
/// # Errors
///
/// 422 where there are too many, or one is empty or too long.
pub(crate) fn check_labels(labels: Vec<String>) -> Result<Vec<String>, Problem> {
    if labels.len() > LABELS_MAX {
        return Err(Problem::wrong("labels", "at most 32"));
    }
    let mut checked: Vec<String> = Vec::new();
    for (at, label) in labels.into_iter().enumerate() {
        let label = check_text(&format!("labels[{at}]"), label)?;
        if !checked.contains(&label) {
            checked.push(label);
        }
    }
    Ok(checked)
}

/// A room; an empty one is none.
///
/// # Errors
///
/// 422 where it is too long.
pub(crate) fn check_room(room: Option<String>) -> Result<Option<String>, Problem> {
    let room = room.filter(|room| !room.trim().is_empty());
    room.map(|room| check_text("room", room)).transpose()
}

fn check_text(path: &str, text: String) -> Result<String, Problem> {
    let trimmed = text.trim();
    let fits = (1..=TEXT_MAX).contains(&trimmed.chars().count());
    if fits && !trimmed.chars().any(char::is_control) {
        Ok(trimmed.to_owned())
    } else {
        Err(Problem::wrong(
            path,
            "it has to be 1..=64 characters on one line",
        ))
    }
}

/// Change a device. Disabling one changes no running session.
#[utoipa::path(patch, path = "/api/v1/devices/{hardware_id}", tag = "devices",
    params(("hardware_id" = String, Path)), request_body = Patch,
    responses((status = 200, body = Device), (status = 404)))]
pub(super) async fn patch(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Path(hardware_id): Path<String>,
    Body(patch): Body<Patch>,
) -> Result<Json<Device>, Problem> {
    let name = patch.name.map(|name| match name {
        Some(name) if !name.trim().is_empty() => check_text("name", name).map(Some),
        Some(_) | None => Ok(None),
    });
    let (name, room) = (name.transpose()?, patch.room.map(check_room).transpose()?);
    let labels = patch.labels.map(check_labels).transpose()?;
    let deed = Deed::Change(Change {
        enabled: patch.enabled,
        name,
        labels,
        room,
    });
    perform(&app, &who, hardware_id, deed).await
}

/// The fingerprint that an admin compared.
#[derive(Deserialize, ToSchema)]
struct Accept {
    /// 16 hex digits.
    fingerprint: String,
}

/// Accept a device that waits: its fingerprint is bound to its id.
#[utoipa::path(post, path = "/api/v1/devices/{hardware_id}/accept", tag = "devices",
    params(("hardware_id" = String, Path)), request_body = Accept,
    responses((status = 200, body = Device), (status = 404), (status = 409)))]
async fn accept(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Path(hardware_id): Path<String>,
    Body(accept): Body<Accept>,
) -> Result<Json<Device>, Problem> {
    perform(&app, &who, hardware_id, Deed::Accept(accept.fingerprint)).await
}

/// Retire a device: it counts nowhere, and its heartbeats are refused.
#[utoipa::path(post, path = "/api/v1/devices/{hardware_id}/retire", tag = "devices",
    params(("hardware_id" = String, Path)),
    responses((status = 200, body = Device), (status = 404), (status = 409)))]
async fn retire(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Path(hardware_id): Path<String>,
) -> Result<Json<Device>, Problem> {
    perform(&app, &who, hardware_id, Deed::Retire).await
}

/// Give a device a new key: it is told in its next answer, and the old one is good until the new one
/// was used.
#[utoipa::path(post, path = "/api/v1/devices/{hardware_id}/keys/rotate", tag = "devices",
    params(("hardware_id" = String, Path)),
    responses((status = 200, body = Device), (status = 404), (status = 409)))]
async fn rotate(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Path(hardware_id): Path<String>,
) -> Result<Json<Device>, Problem> {
    perform(&app, &who, hardware_id, Deed::Rotate).await
}

/// Revoke a key: nobody is let in by it any more.
#[utoipa::path(post, path = "/api/v1/devices/{hardware_id}/keys/{id}/revoke", tag = "devices",
    params(("hardware_id" = String, Path), ("id" = i64, Path)),
    responses((status = 200, body = Device), (status = 404)))]
async fn revoke(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Path((hardware_id, id)): Path<(String, i64)>,
) -> Result<Json<Device>, Problem> {
    perform(&app, &who, hardware_id, Deed::Revoke(id)).await
}

/// The device that a legacy one became.
#[derive(Deserialize, ToSchema)]
struct Merge {
    /// Its hardware id.
    into: String,
}

/// Merge a legacy device into the one that it became when it got a key: its ids lead there from now
/// on, and it is gone.
#[utoipa::path(post, path = "/api/v1/devices/{hardware_id}/merge", tag = "devices",
    params(("hardware_id" = String, Path)), request_body = Merge,
    responses((status = 200, body = Device), (status = 404), (status = 409)))]
async fn merge(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Path(hardware_id): Path<String>,
    Body(merge): Body<Merge>,
) -> Result<Json<Device>, Problem> {
    let into = merge.into.clone();
    let (now, actor) = (app.clock().now_ms(), who.user.username);
    app.database
        .write(async move |mut tx: Tx| {
            let from = find(&mut tx, &hardware_id).await?;
            let target = load::one(&mut tx, &merge.into).await?;
            let target = target.ok_or_else(|| Problem::wrong("into", "there is no such device"))?;
            legacy::merge(&mut tx, &from, &target).await?;
            let deed = ("device.merged", hardware_id.as_str(), merge.into.as_str());
            audit::note(&mut tx, now, &actor, deed).await?;
            Ok::<_, Problem>(())
        })
        .await?;
    shown(&app, &into)
}

async fn find(tx: &mut Tx, hardware_id: &str) -> Result<Record, Problem> {
    let record = load::one(tx, hardware_id).await?;
    record.ok_or_else(|| Problem::not_found("device"))
}

/// What an admin does to one device.
enum Deed {
    Change(Change),
    /// Under that fingerprint.
    Accept(String),
    Retire,
    Rotate,
    /// The key of that id.
    Revoke(i64),
}

/// What is to change; none stays.
struct Change {
    enabled: Option<bool>,
    name: Option<Option<String>>,
    labels: Option<Vec<String>>,
    room: Option<Option<String>>,
}

impl Deed {
    /// What the audit log says.
    fn words(&self) -> (&'static str, String) {
        match self {
            Self::Change(_) => ("device.changed", String::new()),
            Self::Accept(fingerprint) => ("device.accepted", fingerprint.clone()),
            Self::Retire => ("device.retired", String::new()),
            Self::Rotate => ("device.key_rotated", String::new()),
            Self::Revoke(id) => ("device.key_revoked", id.to_string()),
        }
    }

    async fn run(self, tx: &mut Tx, record: &Record, now: i64) -> Result<(), Problem> {
        match self {
            Self::Change(change) => change.run(tx, record).await,
            Self::Accept(fingerprint) => accept_one(tx, record, &fingerprint).await,
            Self::Retire if record.desired.session.is_some() => {
                let detail = "the device is in a session; end that first";
                Err(Problem::conflict(detail))
            }
            Self::Retire => {
                let id = &record.hardware_id;
                Ok(enrol::set_enrolment(tx, id, Enrolment::Retired).await?)
            }
            Self::Rotate => rotate_one(tx, record, now).await,
            Self::Revoke(id) => {
                let found = keys::revoke(tx, &record.hardware_id, id, now).await?;
                found.then_some(()).ok_or_else(|| Problem::not_found("key"))
            }
        }
    }
}

impl Change {
    async fn run(self, tx: &mut Tx, before: &Record) -> Result<(), Problem> {
        let sql = "UPDATE devices SET enabled = $1, name = $2, labels = $3, room = $4 \
                   WHERE hardware_id = $5";
        let labels = self.labels.unwrap_or_else(|| before.labels.clone());
        let update = sqlx::query(sql)
            .bind(i64::from(self.enabled.unwrap_or(before.enabled)))
            .bind(self.name.unwrap_or_else(|| before.name.clone()))
            .bind(serde_json::Value::from(labels).to_string())
            .bind(self.room.unwrap_or_else(|| before.room.clone()))
            .bind(&*before.hardware_id);
        update.execute(&mut **tx).await?;
        Ok(())
    }
}

async fn accept_one(tx: &mut Tx, record: &Record, fingerprint: &str) -> Result<(), Problem> {
    if record.enrolment != Enrolment::Pending {
        return Err(Problem::conflict("the device does not wait to be accepted"));
    }
    let shown = Fingerprint::parse(fingerprint);
    if shown.is_none() || shown != record.fingerprint() {
        let detail = "the device has another fingerprint; compare it with what its console shows";
        return Err(Problem::conflict(detail));
    }
    Ok(enrol::set_enrolment(tx, &record.hardware_id, Enrolment::Accepted).await?)
}

async fn rotate_one(tx: &mut Tx, record: &Record, now: i64) -> Result<(), Problem> {
    if record.enrolment != Enrolment::Accepted || record.valid_keys().next().is_none() {
        let detail = "the device has no key in use; enrol it by a claim";
        return Err(Problem::conflict(detail));
    }
    let key = DeviceKey::new(secret::random());
    keys::add(tx, &record.hardware_id, (&key, Arrival::InAnswer), now).await?;
    Ok(())
}

/// Does something to a device, notes who did, and shows the device.
async fn perform(
    app: &Arc<App>,
    who: &Identity,
    hardware_id: String,
    deed: Deed,
) -> Result<Json<Device>, Problem> {
    let (now, actor) = (app.clock().now_ms(), who.user.username.clone());
    let id = hardware_id.clone();
    app.database
        .write(async move |mut tx: Tx| {
            let record = find(&mut tx, &id).await?;
            let (action, detail) = deed.words();
            deed.run(&mut tx, &record, now).await?;
            audit::note(&mut tx, now, &actor, (action, &id, &detail)).await?;
            refresh(&mut tx, &id).await?;
            Ok::<_, Problem>(())
        })
        .await?;
    shown(app, &hardware_id)
}
