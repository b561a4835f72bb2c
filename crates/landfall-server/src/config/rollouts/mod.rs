//! Roll-outs: a network given to devices in stages, which stops by itself where too many fail.
//!
//! A device is told the network while its stage runs; it proves it or goes back by itself, and says
//! which in a heartbeat. Every step is in the transaction of what caused it, and ends in [`refresh`]
//! for each device whose configuration it changes.

mod stages;

use std::sync::Arc;
use std::time::Duration;

use sqlx::AnyConnection;

use stages::{Course, NO_VERDICT, OFFLINE};
pub(crate) use stages::{DeviceState, Member, check};

use crate::app::App;
use crate::database::{DatabaseError, Tx};
use crate::fleet::refresh;
use crate::fleet::report::RolloutResult;

/// How often devices that do not answer are looked for.
const LOOK: Duration = Duration::from_secs(1);
/// Devices whose time is over that are taken in one job.
const CHUNK: i64 = 500;

/// A roll-out that somebody wants.
#[derive(Clone)]
pub(crate) struct New {
    pub(crate) label: Option<String>,
    pub(crate) ssid: String,
    pub(crate) password: String,
    /// Percents that rise to 100.
    pub(crate) stages: Vec<i64>,
    pub(crate) stop_at_failed_percent: i64,
    /// The devices, in the order in which they come.
    pub(crate) devices: Vec<String>,
}

impl std::fmt::Debug for New {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "New({:?}, ***, {:?})", self.ssid, self.stages)
    }
}

/// A roll-out.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Rollout {
    pub(crate) id: i64,
    /// running, stopped or done
    pub(crate) state: String,
    /// The stage that runs, from 0; −1 before the first.
    pub(crate) stage: i64,
    pub(crate) reason: Option<String>,
    pub(crate) ssid: String,
    pub(crate) stop_at_failed_percent: i64,
}

const COLUMNS: &str = "id, state, stage, reason, ssid, stop_at_failed_percent";

/// Begins a roll-out; its id.
pub(crate) async fn create(tx: &mut Tx, new: &New, now: i64) -> Result<i64, DatabaseError> {
    let stages = serde_json::Value::from(new.stages.clone()).to_string();
    let sql = "INSERT INTO rollouts (label, ssid, password, stages, stop_at_failed_percent, state, \
               stage, stage_since, created_at) \
               VALUES ($1, $2, $3, $4, $5, 'running', -1, $6, $6) RETURNING id";
    let insert = sqlx::query_scalar(sql)
        .bind(&new.label)
        .bind(&new.ssid)
        .bind(&new.password)
        .bind(stages)
        .bind(new.stop_at_failed_percent)
        .bind(now);
    let id: i64 = insert.fetch_one(&mut **tx).await?;
    for (place, hardware_id) in new.devices.iter().enumerate() {
        let stage = stages::stage_of(place, new.devices.len(), &new.stages);
        let sql = "INSERT INTO rollout_devices (rollout_id, hardware_id, stage, state, since) \
                   SELECT $1, hardware_id, $3, 'waiting', $4 FROM devices WHERE hardware_id = $2";
        let insert = sqlx::query(sql)
            .bind(id)
            .bind(hardware_id)
            .bind(stage)
            .bind(now);
        insert.execute(&mut **tx).await?;
    }
    advance(tx, id, now).await?;
    Ok(id)
}

/// The roll-out of that id.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    id: i64,
) -> Result<Option<Rollout>, DatabaseError> {
    let sql = format!("SELECT {COLUMNS} FROM rollouts WHERE id = $1");
    let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id);
    Ok(query.fetch_optional(connection).await?)
}

/// Roll-outs before that id, the newest first.
pub(crate) async fn list(
    connection: &mut AnyConnection,
    before: i64,
    limit: i64,
) -> Result<Vec<Rollout>, DatabaseError> {
    let sql = format!("SELECT {COLUMNS} FROM rollouts WHERE id < $1 ORDER BY id DESC LIMIT $2");
    let query = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(before)
        .bind(limit);
    Ok(query.fetch_all(connection).await?)
}

/// The devices of a roll-out, in the order in which they come.
pub(crate) async fn members(
    connection: &mut AnyConnection,
    id: i64,
) -> Result<Vec<Member>, DatabaseError> {
    let sql = "SELECT hardware_id, stage, state, reason FROM rollout_devices \
               WHERE rollout_id = $1 ORDER BY stage, hardware_id";
    let query = sqlx::query_as(sql).bind(id);
    let rows: Vec<(String, i64, String, Option<String>)> = query.fetch_all(connection).await?;
    Ok(rows
        .into_iter()
        .map(|(hardware_id, stage, state, reason)| Member {
            hardware_id,
            stage,
            state: DeviceState::parse(&state).unwrap_or(DeviceState::Waiting),
            reason,
        })
        .collect())
}

/// Takes a device's verdict.
pub(crate) async fn heard(
    tx: &mut Tx,
    hardware_id: &str,
    verdict: &RolloutResult,
    now: i64,
) -> Result<(), DatabaseError> {
    let (state, reason) = if verdict.proven {
        (DeviceState::Proven, None)
    } else {
        let class = verdict.class.clone();
        (DeviceState::RolledBack, class.or(Some("unknown".into())))
    };
    if settle(tx, (verdict.id, hardware_id), (state, reason), now).await? {
        advance(tx, verdict.id, now).await?;
    }
    Ok(())
}

/// Notes how a device stands now that did not stand so for good; whether it is news.
async fn settle(
    tx: &mut Tx,
    (rollout, hardware_id): (i64, &str),
    (state, reason): (DeviceState, Option<String>),
    now: i64,
) -> Result<bool, DatabaseError> {
    let open = match state {
        DeviceState::TimedOut => "('sent')",
        DeviceState::Waiting
        | DeviceState::Sent
        | DeviceState::Proven
        | DeviceState::RolledBack => "('waiting', 'sent', 'timed_out')",
    };
    let sql = format!(
        "UPDATE rollout_devices SET state = $1, reason = $2, since = $3 \
         WHERE rollout_id = $4 AND hardware_id = $5 AND state IN {open}"
    );
    // Made of the constants in this function alone.
    let update = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(state.name())
        .bind(reason)
        .bind(now)
        .bind(rollout)
        .bind(hardware_id);
    let news = update.execute(&mut **tx).await?.rows_affected() > 0;
    if news {
        refresh(tx, hardware_id).await?;
    }
    Ok(news)
}

/// Goes on as far as what devices answered allows.
async fn advance(tx: &mut Tx, id: i64, now: i64) -> Result<(), DatabaseError> {
    loop {
        let Some(rollout) = find(tx, id).await? else {
            return Ok(());
        };
        if rollout.state != "running" {
            return Ok(());
        }
        let members = members(tx, id).await?;
        let stop_at = rollout.stop_at_failed_percent;
        match stages::course(&members, rollout.stage, stop_at) {
            Course::Goes => return Ok(()),
            Course::Done => return end(tx, id, "done", None).await,
            Course::Stops(percent) => {
                let reason = format!("{percent} % of the devices failed");
                return stop(tx, id, &reason, now).await;
            }
            Course::NextStage => {
                let stage = rollout.stage + 1;
                let sql = "UPDATE rollouts SET stage = $1, stage_since = $2 WHERE id = $3";
                let update = sqlx::query(sql).bind(stage).bind(now).bind(id);
                update.execute(&mut **tx).await?;
                let next = members.iter().filter(|one| one.stage == stage);
                for member in next {
                    set(tx, (id, &member.hardware_id), DeviceState::Sent, now).await?;
                }
            }
        }
    }
}

async fn end(tx: &mut Tx, id: i64, state: &str, reason: Option<&str>) -> Result<(), DatabaseError> {
    let sql = "UPDATE rollouts SET state = $1, reason = $2 WHERE id = $3 AND state = 'running'";
    let update = sqlx::query(sql).bind(state).bind(reason).bind(id);
    update.execute(&mut **tx).await?;
    Ok(())
}

/// Stops a roll-out that runs: who has not answered is told the network no more.
pub(crate) async fn stop(
    tx: &mut Tx,
    id: i64,
    reason: &str,
    now: i64,
) -> Result<(), DatabaseError> {
    end(tx, id, "stopped", Some(reason)).await?;
    for member in members(tx, id).await? {
        if member.state == DeviceState::Sent {
            set(tx, (id, &member.hardware_id), DeviceState::Waiting, now).await?;
        }
    }
    Ok(())
}

async fn set(
    tx: &mut Tx,
    (rollout, hardware_id): (i64, &str),
    state: DeviceState,
    now: i64,
) -> Result<(), DatabaseError> {
    let sql = "UPDATE rollout_devices SET state = $1, since = $2 \
               WHERE rollout_id = $3 AND hardware_id = $4";
    let update = sqlx::query(sql)
        .bind(state.name())
        .bind(now)
        .bind(rollout)
        .bind(hardware_id);
    update.execute(&mut **tx).await?;
    refresh(tx, hardware_id).await
}

/// Looks for ever for devices that do not answer.
pub(crate) async fn watch(app: Arc<App>) {
    let mut stopping = app.stopping();
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
        if let Err(error) = time_out(&app).await {
            tracing::warn!(%error, "roll-outs are not looked at; it is tried again");
        }
    }
}

async fn time_out(app: &App) -> Result<(), DatabaseError> {
    let heartbeat_ms = app.settings().heartbeat_ms;
    let now = app.clock().now_ms();
    let told_before = now - stages::deadline(0, heartbeat_ms);
    let sql = "SELECT rollout_id, hardware_id, since FROM rollout_devices \
               WHERE state = 'sent' AND since < $1 LIMIT $2";
    let query = sqlx::query_as(sql).bind(told_before).bind(CHUNK);
    let mut connection = app.database.read().await?;
    let late: Vec<(i64, String, i64)> = query.fetch_all(&mut *connection).await?;
    drop(connection);
    if late.is_empty() {
        return Ok(());
    }
    let late: Vec<(i64, String, &str)> = late
        .into_iter()
        .map(|(id, hardware_id, since)| {
            let device = app.fleet.device(&hardware_id);
            let heard = device.is_some_and(|device| device.presence().last_seen >= since);
            (id, hardware_id, if heard { NO_VERDICT } else { OFFLINE })
        })
        .collect();
    let job = async move |mut tx: Tx| {
        for (id, hardware_id, reason) in &late {
            let verdict = (DeviceState::TimedOut, Some((*reason).to_owned()));
            settle(&mut tx, (*id, hardware_id), verdict, now).await?;
        }
        for (id, ..) in &late {
            advance(&mut tx, *id, now).await?;
        }
        Ok(())
    };
    app.database.write(job).await
}
