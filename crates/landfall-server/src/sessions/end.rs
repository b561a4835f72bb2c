//! Ending sessions, by hand and by their end time, and replacing devices that are gone.
//!
//! The end time stands in the database, so a restart forgets no session: what was due meanwhile ends
//! at once, at the time it was due. Ending twice is ending once.

use sqlx::AnyConnection;

use super::leases::{self, LeaseEnd};
use super::selection::{self, Candidate};
use super::store;
use crate::change::Change;
use crate::database::{DatabaseError, Tx};

/// Sessions that one look at the timers ends; the next look ends more.
const DUE_MAX: i64 = 100;

/// Ends a session at that time (ms since 1970), where it still runs. One that a clock set back
/// would end before its start ends at its start. Returns whether it ran.
pub(crate) async fn end(tx: &mut Tx, session_id: i64, at: i64) -> Result<bool, DatabaseError> {
    let sql = "UPDATE sessions \
               SET ended_at = CASE WHEN started_at > $1 THEN started_at ELSE $1 END \
               WHERE id = $2 AND ended_at IS NULL RETURNING ended_at";
    let update = sqlx::query_scalar::<_, i64>(sql).bind(at).bind(session_id);
    let Some(ended_at) = update.fetch_optional(&mut **tx).await? else {
        return Ok(false);
    };
    leases::let_go(tx, session_id, None, (LeaseEnd::Released, ended_at)).await?;
    tx.changed(Change::Session { session_id });
    Ok(true)
}

/// Sessions that run and should have ended, with the time they should have.
pub(crate) async fn due(
    connection: &mut AnyConnection,
    now: i64,
) -> Result<Vec<(i64, i64)>, DatabaseError> {
    let sql = "SELECT id, ends_at FROM sessions WHERE ended_at IS NULL AND ends_at <= $1 \
               ORDER BY ends_at LIMIT $2";
    Ok(sqlx::query_as(sql)
        .bind(now)
        .bind(DUE_MAX)
        .fetch_all(connection)
        .await?)
}

/// When the next session ends by itself.
pub(crate) async fn next_due(connection: &mut AnyConnection) -> Result<Option<i64>, DatabaseError> {
    let sql = "SELECT MIN(ends_at) FROM sessions WHERE ended_at IS NULL";
    Ok(sqlx::query_scalar(sql).fetch_one(connection).await?)
}

/// Why a device was not replaced.
#[derive(Debug)]
pub(crate) enum NotReplaced {
    /// It is in the session no more, or the session ended.
    Over,
    /// No other device is free; it may come back, or another one become free.
    NoneFree,
    Database(DatabaseError),
}

impl From<DatabaseError> for NotReplaced {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl From<sqlx::Error> for NotReplaced {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// Puts a free device in the place of one that is gone.
pub(crate) async fn replace(
    tx: &mut Tx,
    (session_id, gone): (i64, String),
    candidates: &[Candidate],
    now: i64,
) -> Result<(), NotReplaced> {
    leases::take_turns(tx).await?;
    // Held until the commit, so that no other process ends the session meanwhile.
    let lock = "UPDATE sessions SET wanted = wanted WHERE id = $1 AND ended_at IS NULL";
    let locked = sqlx::query(lock)
        .bind(session_id)
        .execute(&mut **tx)
        .await?;
    let session = store::find(tx, session_id)
        .await?
        .filter(|_| locked.rows_affected() > 0);
    let session = session.ok_or(NotReplaced::Over)?;
    let let_go = leases::let_go(tx, session_id, Some(&gone), (LeaseEnd::Replaced, now)).await?;
    if let_go == 0 {
        return Err(NotReplaced::Over);
    }
    let base = base_id(tx, &session.names.device_id).await?;
    for device in selection::rank(candidates, session.wish.room.as_deref()) {
        if leases::take(tx, session_id, device, (&base, now))
            .await?
            .is_some()
        {
            tx.changed(Change::Session { session_id });
            return Ok(());
        }
    }
    Err(NotReplaced::NoneFree)
}

/// What the template gave before devices were told apart by a number.
async fn base_id(connection: &mut AnyConnection, device_id: &str) -> Result<String, DatabaseError> {
    let query = sqlx::query_scalar("SELECT base FROM dynamic_ids WHERE device_id = $1");
    let base = query.bind(device_id).fetch_optional(connection).await?;
    Ok(base.unwrap_or_else(|| device_id.to_owned()))
}
