//! What presence leaves on disk: once a second the devices that were heard in it, never a row for a
//! heartbeat. Beside it who came and who went is told, and what other processes heard is taken in.

use std::sync::{Arc, LazyLock, PoisonError};
use std::time::Duration;

use sqlx::{AnyConnection, AssertSqlSafe, SqlSafeStr, SqlStr};

use super::device::Device;
use super::events;
use super::kept::{self, StoredSaid};
use crate::app::App;
use crate::change::Change;
use crate::database::{self, DatabaseError};

/// How often what was heard is written.
pub(crate) const BATCH: Duration = Duration::from_secs(1);
/// Rows of a statement: what was heard is cut into as few of these as there can be. The last is 1.
const ROWS: [usize; 4] = [256, 32, 4, 1];
/// Columns of a row.
const COLUMNS: usize = 8;
/// Heard devices of which watchers are told in one batch; those of a larger fleet hear of who comes
/// and goes.
const TOLD_MAX: usize = 64;
/// How far back what other processes wrote is read again, for clocks and commits that lag.
const LOOK_BACK_MS: i64 = 2_000;

/// What is written of a device that was heard.
#[derive(Debug)]
struct Line {
    device: Arc<Device>,
    hardware_id: Arc<str>,
    last_seen: i64,
    seq: Option<i64>,
    seq_key: i64,
    next_ms: i64,
    report: String,
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

/// Writes rows, by as few statements as there are sizes of them. A device that was removed meanwhile
/// fails it with all others: those are written again with the next batch, without it.
async fn upsert(
    connection: &mut AnyConnection,
    mut lines: &[Line],
    (now, by): (i64, i64),
) -> Result<(), DatabaseError> {
    for (rows, sql) in UPSERTS.iter() {
        while let Some((chunk, rest)) = lines.split_at_checked(*rows) {
            let mut query = sqlx::query(sql.clone());
            for line in chunk {
                query = query
                    .bind(&*line.hardware_id)
                    .bind(line.last_seen)
                    .bind(line.seq)
                    .bind(line.seq_key)
                    .bind(line.next_ms)
                    .bind(&line.report)
                    .bind(now)
                    .bind(by);
            }
            query.execute(&mut *connection).await?;
            lines = rest;
        }
    }
    Ok(())
}

/// The statements, the longest first: few of them, so that each is prepared once for a connection.
static UPSERTS: LazyLock<[(usize, SqlStr); ROWS.len()]> = LazyLock::new(|| {
    // Made of the constants in this file alone; shared, for every statement takes one of its own.
    ROWS.map(|rows| {
        let sql: Arc<str> = upsert_sql(rows).into();
        (rows, AssertSqlSafe(sql).into_sql_str())
    })
});

fn upsert_sql(rows: usize) -> String {
    let row = |row: usize| {
        let places = (1..=COLUMNS).map(|column| format!("${}", row * COLUMNS + column));
        format!("({})", places.collect::<Vec<_>>().join(","))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!(
        "INSERT INTO presence \
         (hardware_id, last_seen, seq, seq_key, next_ms, report, written_at, written_by) \
         VALUES {} ON CONFLICT (hardware_id) DO UPDATE SET last_seen = excluded.last_seen, \
         seq = excluded.seq, seq_key = excluded.seq_key, next_ms = excluded.next_ms, \
         report = excluded.report, written_at = excluded.written_at, \
         written_by = excluded.written_by",
        rows.join(",")
    )
}

/// Takes what other processes wrote since the last look.
async fn read_others(app: &App, read_to: &mut i64) -> Result<(), DatabaseError> {
    let mut connection = app.database.read().await?;
    let by = app.bus().id().cast_signed();
    let now = app.clock().now_ms();
    for row in kept::rows(&mut connection, (*read_to, by)).await? {
        *read_to = (row.written_at - LOOK_BACK_MS).max(*read_to);
        row.put_back(app, now);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, upsert_sql};

    #[test]
    fn rows_have_places_of_their_own() {
        let sql = upsert_sql(3);
        assert!(sql.contains("($1,$2,$3,$4,$5,$6,$7,$8),($9,"));
        assert!(sql.contains(&format!("${})", 3 * COLUMNS)));
    }
}
