//! Tokens: what programs of a user send instead of a login.

use sqlx::AnyConnection;
use zeroize::Zeroizing;

use super::secret;
use super::user::{User, select_user};
use crate::database::DatabaseError;

/// A token, as far as it is shown after it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) created_at: i64,
}

/// Makes a token. Its text is shown once.
pub(crate) async fn create(
    connection: &mut AnyConnection,
    user_id: i64,
    name: &str,
    now_ms: i64,
) -> Result<(Token, Zeroizing<String>), DatabaseError> {
    let text = secret::make();
    let sql = "INSERT INTO tokens (user_id, name, token_hash, created_at) VALUES ($1, $2, $3, $4) \
               RETURNING id";
    let insert = sqlx::query_scalar(sql)
        .bind(user_id)
        .bind(name)
        .bind(secret::hash(&text))
        .bind(now_ms);
    let id = insert.fetch_one(connection).await?;
    Ok((
        Token {
            id,
            name: name.to_owned(),
            created_at: now_ms,
        },
        text,
    ))
}

/// Whose token that is: an enabled user's.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    text: &str,
) -> Result<Option<User>, DatabaseError> {
    let sql =
        select_user!("JOIN tokens t ON t.user_id = u.id WHERE t.token_hash = $1 AND u.enabled = 1");
    let query = sqlx::query_as(sql).bind(secret::hash(text));
    Ok(query.fetch_optional(connection).await?.map(User::from_row))
}

/// A user's tokens after `after`, the oldest first.
pub(crate) async fn list(
    connection: &mut AnyConnection,
    user_id: i64,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<Token>, DatabaseError> {
    let sql = "SELECT id, name, created_at FROM tokens WHERE user_id = $1 AND id > $2 \
               ORDER BY id LIMIT $3";
    let query = sqlx::query_as(sql)
        .bind(user_id)
        .bind(after.unwrap_or(0))
        .bind(limit);
    let rows: Vec<(i64, String, i64)> = query.fetch_all(connection).await?;
    Ok(rows
        .into_iter()
        .map(|(id, name, created_at)| Token {
            id,
            name,
            created_at,
        })
        .collect())
}

/// Removes a user's token; whether it was there.
pub(crate) async fn remove(
    connection: &mut AnyConnection,
    user_id: i64,
    id: i64,
) -> Result<bool, DatabaseError> {
    let sql = "DELETE FROM tokens WHERE user_id = $1 AND id = $2";
    let delete = sqlx::query(sql).bind(user_id).bind(id);
    Ok(delete.execute(connection).await?.rows_affected() > 0)
}
