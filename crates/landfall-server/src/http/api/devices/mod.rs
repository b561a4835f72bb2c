//! Devices as people see them: the list with its summary, one, its events, and who is free.

mod edit;
mod view;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::app::App;
use crate::fleet::device::Enrolment;
use crate::fleet::events;
use crate::fleet::summary::Snapshot;
use crate::http::auth::Staff;
use crate::http::page::{List, Page, PageParams};
use crate::http::params::Params;
use crate::http::routes::Routes;
use crate::http::time::Time;
use crate::problem::Problem;
pub(crate) use edit::{check_labels, check_room};
use view::{Device, Summary};

/// The routes of this file and of those below it.
pub(crate) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list))
        .routes(routes!(availability))
        .routes(routes!(one, edit::patch))
        .routes(routes!(events_of))
        .merge(edit::routes())
}

/// A part of the list, with how many devices there are.
#[derive(Serialize, ToSchema)]
struct Devices {
    items: Vec<Device>,
    #[schema(required)]
    next: Option<String>,
    summary: Summary,
}

/// Which devices are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// `online`, `offline` or `retired`.
    #[param(inline)]
    presence: Option<Presence>,
    /// `pending`, `accepted` or `retired`.
    #[param(inline)]
    enrolment: Option<Standing>,
    /// One of their labels.
    label: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Presence {
    Online,
    Offline,
    Retired,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Standing {
    Pending,
    Accepted,
    Retired,
}

impl Filter {
    fn lets(&self, device: &Snapshot) -> bool {
        let record = &device.record;
        let retired = record.enrolment == Enrolment::Retired;
        let presence = self.presence.is_none_or(|wanted| match wanted {
            Presence::Online => !retired && device.online,
            Presence::Offline => !retired && !device.online,
            Presence::Retired => retired,
        });
        let enrolment = self.enrolment.is_none_or(|wanted| {
            let wanted = match wanted {
                Standing::Pending => Enrolment::Pending,
                Standing::Accepted => Enrolment::Accepted,
                Standing::Retired => Enrolment::Retired,
            };
            record.enrolment == wanted
        });
        let label = self.label.as_ref();
        presence && enrolment && label.is_none_or(|label| record.labels.contains(label))
    }
}

/// The devices, in the order of their hardware ids, and how many there are of all.
#[utoipa::path(get, path = "/api/v1/devices", tag = "devices",
    params(PageParams, Filter), responses((status = 200, body = Devices)))]
async fn list(
    State(app): State<Arc<App>>,
    _: Staff,
    Params(filter): Params<Filter>,
    page: Page,
) -> Result<Json<Devices>, Problem> {
    let (timeout, now) = (app.presence_timeout(), app.clock().monotonic_ms());
    let after: Option<String> = page.after()?;
    let mut found = app.fleet.snapshot(timeout, now);
    found.retain(|device| {
        let behind = after.as_deref();
        behind.is_none_or(|after| &*device.record.hardware_id > after) && filter.lets(device)
    });
    found.truncate(usize::try_from(page.rows()).unwrap_or(usize::MAX));
    let layer = app.fleet.layer();
    let key = |device: &Snapshot| device.record.hardware_id.to_string();
    let List { items, next } = page.list(found, key, |device| Device::of(&device, &layer));
    let summary = app.fleet.summary(timeout, now).into();
    Ok(Json(Devices {
        items,
        next,
        summary,
    }))
}

/// How many devices there are, and those that a session could have now.
#[utoipa::path(get, path = "/api/v1/availability", tag = "devices",
    params(PageParams), responses((status = 200, body = Devices)))]
async fn availability(
    State(app): State<Arc<App>>,
    _: Staff,
    page: Page,
) -> Result<Json<Devices>, Problem> {
    let (timeout, now) = (app.presence_timeout(), app.clock().monotonic_ms());
    let after: Option<String> = page.after()?;
    let mut found = app.fleet.snapshot(timeout, now);
    found.retain(|device| {
        let behind = after.as_deref();
        behind.is_none_or(|after| &*device.record.hardware_id > after) && device.is_available()
    });
    found.truncate(usize::try_from(page.rows()).unwrap_or(usize::MAX));
    let layer = app.fleet.layer();
    let key = |device: &Snapshot| device.record.hardware_id.to_string();
    let List { items, next } = page.list(found, key, |device| Device::of(&device, &layer));
    let summary = app.fleet.summary(timeout, now).into();
    Ok(Json(Devices {
        items,
        next,
        summary,
    }))
}

/// One device.
#[utoipa::path(get, path = "/api/v1/devices/{hardware_id}", tag = "devices",
    params(("hardware_id" = String, Path)),
    responses((status = 200, body = Device), (status = 404)))]
async fn one(
    State(app): State<Arc<App>>,
    _: Staff,
    Path(hardware_id): Path<String>,
) -> Result<Json<Device>, Problem> {
    shown(&app, &hardware_id)
}

/// A device as it is now.
fn shown(app: &App, hardware_id: &str) -> Result<Json<Device>, Problem> {
    let device = app.fleet.device(hardware_id);
    let device = device.ok_or_else(|| Problem::not_found("device"))?;
    let now = app.clock().monotonic_ms();
    let snapshot = Snapshot::of(&device, app.presence_timeout(), now);
    Ok(Json(Device::of(&snapshot, &app.fleet.layer())))
}

/// Something that happened to a device.
#[derive(Serialize, ToSchema)]
struct Event {
    id: i64,
    /// When the server heard of it.
    at: Time,
    /// As the device told it.
    #[schema(value_type = Object)]
    event: Box<RawValue>,
}

/// What happened to a device, the newest first: the last 64.
#[utoipa::path(get, path = "/api/v1/devices/{hardware_id}/events", tag = "devices",
    params(("hardware_id" = String, Path), PageParams),
    responses((status = 200, body = List<Event>), (status = 404)))]
async fn events_of(
    State(app): State<Arc<App>>,
    _: Staff,
    Path(hardware_id): Path<String>,
    page: Page,
) -> Result<Json<List<Event>>, Problem> {
    if app.fleet.device(&hardware_id).is_none() {
        return Err(Problem::not_found("device"));
    }
    let before = page.after()?.unwrap_or(i64::MAX);
    let mut connection = app.database.read().await?;
    let rows = events::list(&mut connection, &hardware_id, before, page.rows()).await?;
    let item = |(id, at, text): (i64, i64, String)| Event {
        id,
        at: Time(at),
        // It was an object when it came.
        event: RawValue::from_string(text).unwrap_or_default(),
    };
    Ok(Json(page.list(rows, |row| row.0, item)))
}
