//! The record of who did what: rows are added in the transaction of the deed, and never changed.

use sqlx::AnyConnection;

use crate::database::DatabaseError;

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) target: String,
    pub(crate) detail: String,
}

/// Notes a deed: who, what (`user.created`), to what, and what else is worth knowing. No secret,
/// and of a student no more than a username, which an erased person keeps out of here.
pub(crate) async fn note(
    connection: &mut AnyConnection,
    at: i64,
    actor: &str,
    (action, target, detail): (&str, &str, &str),
) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO audit (at, actor, action, target, detail) VALUES ($1, $2, $3, $4, $5)";
    let insert = sqlx::query(sql)
        .bind(at)
        .bind(actor)
        .bind(action)
        .bind(target)
        .bind(detail);
    insert.execute(connection).await?;
    Ok(())
}

/// Entries from the newest on, older than `before`.
pub(crate) async fn list(
    connection: &mut AnyConnection,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Entry>, DatabaseError> {
    let sql = "SELECT seq, at, actor, action, target, detail FROM audit WHERE seq < $1 \
               ORDER BY seq DESC LIMIT $2";
    let query = sqlx::query_as(sql)
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit);
    let rows: Vec<(i64, i64, String, String, String, String)> = query.fetch_all(connection).await?;
    Ok(rows
        .into_iter()
        .map(|(seq, at, actor, action, target, detail)| Entry {
            seq,
            at,
            actor,
            action,
            target,
            detail,
        })
        .collect())
}
