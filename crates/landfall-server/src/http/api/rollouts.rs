//! Roll-outs of a network: begun, looked at, stopped.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use landfall_core::config::{Config, parse_network};
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use utoipa::ToSchema;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use crate::app::App;
use crate::config::rollouts::{self, New};
use crate::fleet::device::Enrolment;
use crate::fleet::summary::Snapshot;
use crate::http::auth::Admin;
use crate::http::once::{Create, Created};
use crate::http::page::{List, Page, PageParams};
use crate::http::routes::Routes;
use crate::people::audit;
use crate::people::passwords::Password;
use crate::problem::Problem;

/// The routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list, create))
        .routes(routes!(one))
        .routes(routes!(stop))
}

/// A roll-out to be.
#[derive(Deserialize, ToSchema)]
struct NewRollout {
    /// The devices with this label; absent: all.
    label: Option<String>,
    network: NewNetwork,
    /// Percents that rise, the last of them 100.
    #[serde(default = "canaries_first")]
    #[schema(default = json!([10, 50, 100]))]
    stages: Vec<i64>,
    /// It stops where so many percent of the devices that were told the network fail.
    #[serde(default = "a_fifth")]
    #[schema(minimum = 1, maximum = 100, default = 20)]
    stop_at_failed_percent: i64,
}

/// The network that devices are to join.
#[derive(Deserialize, ToSchema)]
struct NewNetwork {
    ssid: String,
    /// `""`: open.
    #[serde(default = "open")]
    #[schema(value_type = String, default = "")]
    password: Password,
}

fn open() -> Password {
    Password::from(String::new())
}

/// A wrong password that reaches everybody at once is what stages are for: who names none gets some.
fn canaries_first() -> Vec<i64> {
    vec![10, 50, 100]
}

fn a_fifth() -> i64 {
    20
}

/// A roll-out.
#[derive(Serialize, ToSchema)]
struct Rollout {
    id: i64,
    /// `running`, `stopped` or `done`.
    state: String,
    /// The stage that runs or ran last, from 1; 0 before the first.
    stage: i64,
    #[schema(required)]
    reason: Option<String>,
    network: Network,
    devices: Vec<Member>,
}

/// The network of a roll-out, without its password.
#[derive(Serialize, ToSchema)]
struct Network {
    ssid: String,
}

/// A device in a roll-out.
#[derive(Serialize, ToSchema)]
struct Member {
    hardware_id: String,
    /// From 1.
    stage: i64,
    /// `waiting`, `sent`, `proven`, `rolled_back` or `timed_out`.
    state: &'static str,
    /// Why it failed.
    #[schema(required)]
    reason: Option<String>,
}

/// Begin a roll-out.
#[utoipa::path(post, path = "/api/v1/rollouts", tag = "configuration",
    request_body = NewRollout, responses((status = 201, body = Rollout)))]
async fn create(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Create { body, once }: Create<NewRollout>,
) -> Result<Created, Problem> {
    let new = checked(&app, body)?;
    let (now, actor) = (app.clock().now_ms(), who.user.username);
    app.database
        .write(async move |mut tx| {
            if let Some(first) = once.first_answer(&mut tx, now).await? {
                return Ok(first);
            }
            let id = rollouts::create(&mut tx, &new, now).await?;
            let deed = ("rollout.created", id.to_string());
            audit::note(&mut tx, now, &actor, (deed.0, &deed.1, &new.ssid)).await?;
            let made = show(&mut tx, id).await?;
            once.created(&mut tx, now, &made).await
        })
        .await
}

fn checked(app: &App, body: NewRollout) -> Result<New, Problem> {
    rollouts::check(&body.stages).map_err(|message| Problem::wrong("stages", message))?;
    if !(1..=100).contains(&body.stop_at_failed_percent) {
        let message = "it has to be 1..=100";
        return Err(Problem::wrong("stop_at_failed_percent", message));
    }
    let NewNetwork { ssid, password } = body.network;
    let network =
        Zeroizing::new(serde_json::json!({"ssid": ssid, "password": *password}).to_string());
    parse_network(network.as_bytes(), Config::default().as_ref())
        .map_err(|error| wrong_network(&error.to_string()))?;
    Ok(New {
        devices: chosen(app, body.label.as_deref()),
        label: body.label,
        ssid,
        password: password.to_string(),
        stages: body.stages,
        stop_at_failed_percent: body.stop_at_failed_percent,
    })
}

/// What the devices' own reader says of a network, with the path in this body.
fn wrong_network(told: &str) -> Problem {
    let told = told.rsplit_once("config: ").map_or(told, |(_, told)| told);
    let (path, message) = told.split_once(": ").unwrap_or(("", told));
    let path = format!("network.{path}");
    Problem::wrong(path.trim_end_matches('.'), message)
}

/// The devices with a key of that label; those that are there first: a stage of devices that are off
/// tells nothing.
fn chosen(app: &App, label: Option<&str>) -> Vec<String> {
    let (timeout, now) = (app.presence_timeout(), app.clock().monotonic_ms());
    let mut devices = app.fleet.snapshot(timeout, now);
    devices.retain(|device: &Snapshot| {
        let record = &device.record;
        let labelled = label.is_none_or(|label| record.labels.iter().any(|one| one == label));
        record.enrolment == Enrolment::Accepted && !record.legacy && labelled
    });
    devices.sort_by_key(|device| !device.online);
    let ids = devices.iter();
    ids.map(|device| device.record.hardware_id.to_string())
        .collect()
}

/// The roll-outs, the newest first.
#[utoipa::path(get, path = "/api/v1/rollouts", tag = "configuration",
    params(PageParams), responses((status = 200, body = List<Rollout>)))]
async fn list(
    State(app): State<Arc<App>>,
    _: Admin,
    page: Page,
) -> Result<Json<List<Rollout>>, Problem> {
    let before = page.after()?.unwrap_or(i64::MAX);
    let mut connection = app.database.read().await?;
    let rows = rollouts::list(&mut connection, before, page.rows()).await?;
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        let members = rollouts::members(&mut connection, row.id).await?;
        shown.push(view(row, members));
    }
    Ok(Json(page.list(shown, |row| row.id, |row| row)))
}

/// One roll-out.
#[utoipa::path(get, path = "/api/v1/rollouts/{id}", tag = "configuration",
    params(("id" = i64, Path)), responses((status = 200, body = Rollout), (status = 404)))]
async fn one(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(id): Path<i64>,
) -> Result<Json<Rollout>, Problem> {
    let mut connection = app.database.read().await?;
    show(&mut connection, id).await.map(Json)
}

/// Stop a roll-out: who has not joined the network is told it no more. One that ended stays as it
/// is.
#[utoipa::path(post, path = "/api/v1/rollouts/{id}/stop", tag = "configuration",
    params(("id" = i64, Path)), responses((status = 200, body = Rollout), (status = 404)))]
async fn stop(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Path(id): Path<i64>,
) -> Result<Json<Rollout>, Problem> {
    let (now, actor) = (app.clock().now_ms(), who.user.username);
    app.database
        .write(async move |mut tx| {
            let found = rollouts::find(&mut tx, id).await?;
            let found = found.ok_or_else(|| Problem::not_found("roll-out"))?;
            if found.state == "running" {
                let reason = format!("stopped by {actor}");
                rollouts::stop(&mut tx, id, &reason, now).await?;
                let deed = ("rollout.stopped", id.to_string());
                audit::note(&mut tx, now, &actor, (deed.0, &deed.1, "")).await?;
            }
            show(&mut tx, id).await.map(Json)
        })
        .await
}

async fn show(connection: &mut AnyConnection, id: i64) -> Result<Rollout, Problem> {
    let found = rollouts::find(connection, id).await?;
    let found = found.ok_or_else(|| Problem::not_found("roll-out"))?;
    let members = rollouts::members(connection, id).await?;
    Ok(view(found, members))
}

fn view(found: rollouts::Rollout, members: Vec<rollouts::Member>) -> Rollout {
    let member = |one: rollouts::Member| Member {
        hardware_id: one.hardware_id,
        stage: one.stage + 1,
        state: one.state.name(),
        reason: one.reason,
    };
    Rollout {
        id: found.id,
        state: found.state,
        stage: found.stage + 1,
        reason: found.reason,
        network: Network { ssid: found.ssid },
        devices: members.into_iter().map(member).collect(),
    }
}
