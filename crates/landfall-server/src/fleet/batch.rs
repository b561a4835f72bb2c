//! What presence leaves on disk: once a second the devices that were heard in it, never a row for a
//! heartbeat. Beside it who came and who went is told, and what other processes heard is taken in.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde::{Serialize, Serializer};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::device::Device;
use super::events;
use super::kept::{self, StoredSaid};
use crate::app::App;
use crate::change::Change;
use crate::database::{self, DatabaseError, rows};

/// How often what was heard is written.
pub(crate) const BATCH: Duration = Duration::from_secs(1);
/// Heard devices of which watchers are told in one batch; those of a larger fleet hear of who comes
/// and goes.
const TOLD_MAX: usize = 64;
/// How far back what other processes wrote is read again, for clocks and commits that lag.
const LOOK_BACK_MS: i64 = 2_000;

/// What is written of a device that was heard: a row.
#[derive(Debug, Serialize)]
struct Line {
    #[serde(skip)]
    device: Arc<Device>,
    #[serde(serialize_with = "as_text")]
    hardware_id: Arc<str>,
    last_seen: i64,
    seq: Option<i64>,
    seq_key: i64,
    next_ms: i64,
    report: String,
}

fn as_text<S: Serializer>(text: &Arc<str>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(text)
}

/// Writes once a second for ever, until the server stops: then once more.
pub(crate) async fn run(app: Arc<App>) {
    let mut stopping = app.stopping();
    let mut read_to = 0;
    let mut watched = false;
    loop {
        let stop = tokio::select! {
            () = tokio::time::sleep(BATCH) => false,
            _ = stopping.wait_for(|stop| *stop) => true,
        };
        let heard = app.fleet.take_heard();
        let lines = lines(&heard);
        let online = edges(&app, heard);
        if let Err(error) = write(&app, lines, online || watched).await {
            tracing::warn!(%error, "presence is not written; it is tried again");
        }
        watched = online;
        if app.database.kind() == database::Kind::Postgres
            && let Err(error) = read_others(&app, &mut read_to).await
        {
            tracing::warn!(%error, "what other processes heard is not read");
        }
        if stop {
            return;
        }
    }
}

/// Tells watchers who came and who went since the last look, `heard` among them; whether anybody is
/// online.
fn edges(app: &App, heard: Vec<Arc<Device>>) -> bool {
    let (timeout, now) = (app.presence_timeout(), app.clock().monotonic_ms());
    let watch = app.fleet.watch.lock();
    let mut watch = watch.unwrap_or_else(PoisonError::into_inner);
    let changed = watch.look(heard, || app.fleet.devices(), timeout, now);
    let any = watch.is_anybody_online();
    drop(watch);
    for device in changed {
        let hardware_id = device.record().hardware_id.to_string();
        app.bus().tell(Change::Device { hardware_id });
    }
    any
}

/// Writes what was heard, now: before something is decided by it that outlives this process.
///
/// # Errors
///
/// The database does not take it; the next batch tries again.
pub(crate) async fn flush(app: &App) -> Result<(), DatabaseError> {
    let heard = app.fleet.take_heard();
    let lines = lines(&heard);
    edges(app, heard);
    write(app, lines, false).await
}

/// Writes these lines, and, where somebody is online, that a server listens.
async fn write(app: &App, lines: Vec<Line>, watched: bool) -> Result<(), DatabaseError> {
    let events = app.fleet.events.take();
    if lines.is_empty() && events.is_empty() && !watched {
        return Ok(());
    }
    let (now, by) = (app.clock().now_ms(), app.bus().id().cast_signed());
    let lines = Arc::new(lines);
    let written = lines.clone();
    let job = async move |mut tx: database::Tx| {
        upsert(&mut tx, &written, (now, by)).await?;
        events::write(&mut tx, &events).await?;
        let sql = "INSERT INTO presence_watch (one, at) VALUES (1, $1) \
                   ON CONFLICT (one) DO UPDATE SET at = excluded.at";
        sqlx::query(sql).bind(now).execute(&mut *tx).await?;
        Ok::<_, DatabaseError>(())
    };
    let result = app.database.write(job).await;
    for line in lines.iter() {
        if result.is_err() {
            if !std::mem::replace(&mut line.device.presence().unwritten, true) {
                app.fleet.was_heard(line.device.clone());
            }
        } else if lines.len() <= TOLD_MAX {
            let hardware_id = line.hardware_id.to_string();
            app.bus().tell(Change::Device { hardware_id });
        }
    }
    result
}

/// What is to be written of these devices.
fn lines(heard: &[Arc<Device>]) -> Vec<Line> {
    let mut lines = Vec::with_capacity(heard.len());
    for device in heard {
        let mut presence = device.presence();
        if !std::mem::take(&mut presence.unwritten) {
            continue;
        }
        let stored = StoredSaid::from(&presence.said);
        let line = Line {
            hardware_id: device.record().hardware_id.clone(),
            last_seen: presence.last_seen,
            seq: presence.seq.map(u64::cast_signed),
            seq_key: presence.seq_key,
            next_ms: presence.next_ms.into(),
            report: serde_json::to_string(&stored).unwrap_or_default(),
            device: device.clone(),
        };
        drop(presence);
        lines.push(line);
    }
    // In one order: two processes that heard the same devices would else wait for each other's rows.
    lines.sort_unstable_by(|a, b| a.hardware_id.cmp(&b.hardware_id));
    lines
}

/// Writes rows, all by one statement. A device that was removed meanwhile is left out: it would fail
/// the batch with all others, and every batch after it.
async fn upsert(
    connection: &mut AnyConnection,
    lines: &[Line],
    (now, by): (i64, i64),
) -> Result<(), DatabaseError> {
    if lines.is_empty() {
        return Ok(());
    }
    let each = rows::each(connection);
    let sql = format!(
        "INSERT INTO presence \
         (hardware_id, last_seen, seq, seq_key, next_ms, report, written_at, written_by) \
         SELECT value ->> 'hardware_id', CAST(value ->> 'last_seen' AS BIGINT), \
         CAST(value ->> 'seq' AS BIGINT), CAST(value ->> 'seq_key' AS BIGINT), \
         CAST(value ->> 'next_ms' AS BIGINT), value ->> 'report', $2, $3 FROM {each} \
         WHERE EXISTS (SELECT 1 FROM devices WHERE hardware_id = value ->> 'hardware_id') \
         ON CONFLICT (hardware_id) DO UPDATE SET last_seen = excluded.last_seen, \
         seq = excluded.seq, seq_key = excluded.seq_key, next_ms = excluded.next_ms, \
         report = excluded.report, written_at = excluded.written_at, \
         written_by = excluded.written_by"
    );
    // Made of constants alone.
    let query = sqlx::query(AssertSqlSafe(sql))
        // It is made of text and numbers.
        .bind(serde_json::to_string(lines).unwrap_or_default())
        .bind(now)
        .bind(by);
    query.execute(connection).await?;
    Ok(())
}

/// Takes what other processes wrote since the last look.
async fn read_others(app: &App, read_to: &mut i64) -> Result<(), DatabaseError> {
    let mut connection = app.database.read().await?;
    let by = app.bus().id().cast_signed();
    let now = app.clock().now_ms();
    for row in kept::since(&mut connection, (*read_to, by)).await? {
        *read_to = (row.written_at - LOOK_BACK_MS).max(*read_to);
        row.put_back(app, now);
    }
    Ok(())
}
