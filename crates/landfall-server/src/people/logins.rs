//! Logins: browsers that are known by a cookie, until it ends, whatever is restarted meanwhile.

use sqlx::AnyConnection;
use zeroize::Zeroizing;

use super::secret;
use super::user::{User, select_user};
use crate::database::DatabaseError;

/// How long a login lasts, in milliseconds: a week.
pub(crate) const LASTS_MS: i64 = 7 * 24 * 3_600_000;

/// Makes a login; what is returned goes into the cookie. Old ones of anybody are cleared away.
pub(crate) async fn create(
    connection: &mut AnyConnection,
    user_id: i64,
    now_ms: i64,
) -> Result<Zeroizing<String>, DatabaseError> {
    let clear = sqlx::query("DELETE FROM logins WHERE expires_at <= $1").bind(now_ms);
    clear.execute(&mut *connection).await?;
    let cookie = secret::make();
    let sql = "INSERT INTO logins (token_hash, user_id, expires_at) VALUES ($1, $2, $3)";
    let insert = sqlx::query(sql)
        .bind(secret::hash(&cookie))
        .bind(user_id)
        .bind(now_ms + LASTS_MS);
    insert.execute(connection).await?;
    Ok(cookie)
}

/// Who is logged in by that cookie: an enabled user.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    cookie: &str,
    now_ms: i64,
) -> Result<Option<User>, DatabaseError> {
    let sql = select_user!(
        "JOIN logins l ON l.user_id = u.id \
         WHERE l.token_hash = $1 AND l.expires_at > $2 AND u.enabled = 1"
    );
    let query = sqlx::query_as(sql).bind(secret::hash(cookie)).bind(now_ms);
    Ok(query.fetch_optional(connection).await?.map(User::from_row))
}

/// Ends a login.
pub(crate) async fn end(connection: &mut AnyConnection, cookie: &str) -> Result<(), DatabaseError> {
    let delete = sqlx::query("DELETE FROM logins WHERE token_hash = $1").bind(secret::hash(cookie));
    delete.execute(connection).await?;
    Ok(())
}

/// Ends every login of a user, after a new password for instance.
pub(crate) async fn end_all(
    connection: &mut AnyConnection,
    user_id: i64,
) -> Result<(), DatabaseError> {
    let delete = sqlx::query("DELETE FROM logins WHERE user_id = $1").bind(user_id);
    delete.execute(connection).await?;
    Ok(())
}

/// The token that a page sends beside the cookie, so that another site's form, which can send the
/// cookie but not read it, is told apart. It follows from the cookie and says nothing about it.
pub(crate) fn csrf_token(cookie: &str) -> String {
    secret::hex(&secret::hash(&format!("landfall csrf token|{cookie}")))
}
