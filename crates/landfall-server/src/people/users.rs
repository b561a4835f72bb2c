//! Users: the people who can log in.

use sqlx::AnyConnection;

use super::logins;
use super::user::{Role, User, select_user};
use crate::database::DatabaseError;

/// A user to be.
#[derive(Clone, Debug)]
pub(crate) struct NewUser {
    pub(crate) username: String,
    pub(crate) role: Role,
    pub(crate) password_hash: String,
    pub(crate) name: String,
    pub(crate) matric: Option<String>,
    pub(crate) enabled: bool,
}

/// Makes a user. A username that is taken: [`DatabaseError::Taken`].
pub(crate) async fn create(
    connection: &mut AnyConnection,
    user: &NewUser,
    now_ms: i64,
) -> Result<User, DatabaseError> {
    let sql = "INSERT INTO users (username, role, password_hash, name, matric, enabled, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
    let insert = sqlx::query_scalar(sql)
        .bind(&user.username)
        .bind(user.role.name())
        .bind(&user.password_hash)
        .bind(&user.name)
        .bind(&user.matric)
        .bind(i64::from(user.enabled))
        .bind(now_ms);
    let id = insert.fetch_one(connection).await?;
    Ok(User {
        id,
        username: user.username.clone(),
        role: user.role,
        name: user.name.clone(),
        matric: user.matric.clone(),
        enabled: user.enabled,
        created_at: now_ms,
    })
}

/// The user of that name.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    username: &str,
) -> Result<Option<User>, DatabaseError> {
    let query = sqlx::query_as(select_user!("WHERE u.username = $1")).bind(username);
    Ok(query.fetch_optional(connection).await?.map(User::from_row))
}

/// The user of that name who may log in, and what is kept of the password.
pub(crate) async fn find_with_password(
    connection: &mut AnyConnection,
    username: &str,
) -> Result<Option<(User, String)>, DatabaseError> {
    let Some(user) = find(&mut *connection, username)
        .await?
        .filter(|user| user.enabled)
    else {
        return Ok(None);
    };
    let query = sqlx::query_scalar("SELECT password_hash FROM users WHERE id = $1").bind(user.id);
    let hash = query.fetch_optional(connection).await?;
    Ok(hash.map(|hash| (user, hash)))
}

/// Whether there is nobody yet.
pub(crate) async fn is_empty(connection: &mut AnyConnection) -> Result<bool, DatabaseError> {
    let query = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM users");
    Ok(query.fetch_one(connection).await? == 0)
}

/// What is to change of a user; none stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct UserChange {
    pub(crate) role: Option<Role>,
    pub(crate) password_hash: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) matric: Option<Option<String>>,
    pub(crate) enabled: Option<bool>,
}

impl UserChange {
    /// What is changed, in words for the record.
    pub(crate) fn what(&self) -> String {
        let role = self.role.map(|role| format!("role {}", role.name()));
        let enabled = self
            .enabled
            .map(|enabled| if enabled { "enabled" } else { "disabled" });
        let parts = [
            role.as_deref(),
            self.password_hash.as_ref().map(|_| "password"),
            self.name.as_ref().map(|_| "name"),
            self.matric.as_ref().map(|_| "matric"),
            enabled,
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// Why a user was not changed.
#[derive(Debug)]
pub(crate) enum ChangeError {
    /// There is no such user.
    Unknown,
    /// Nobody could undo it: it is the last admin who may log in.
    LastAdmin,
    /// The database.
    Database(DatabaseError),
}

impl<E: Into<DatabaseError>> From<E> for ChangeError {
    fn from(error: E) -> Self {
        Self::Database(error.into())
    }
}

/// Users by name, from behind `after` on.
pub(crate) async fn list(
    connection: &mut AnyConnection,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<User>, DatabaseError> {
    let sql = select_user!("WHERE u.username > $1 ORDER BY u.username LIMIT $2");
    let query = sqlx::query_as(sql)
        .bind(after.unwrap_or_default())
        .bind(limit);
    Ok(query
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(User::from_row)
        .collect())
}

/// Changes a user. A new password, and being disabled, end the user's logins.
pub(crate) async fn change(
    connection: &mut AnyConnection,
    username: &str,
    change: &UserChange,
) -> Result<User, ChangeError> {
    lock_admins(&mut *connection).await?;
    let before = find(&mut *connection, username)
        .await?
        .ok_or(ChangeError::Unknown)?;
    let after = User {
        role: change.role.unwrap_or(before.role),
        name: change.name.clone().unwrap_or_else(|| before.name.clone()),
        matric: change
            .matric
            .clone()
            .unwrap_or_else(|| before.matric.clone()),
        enabled: change.enabled.unwrap_or(before.enabled),
        ..before
    };
    let sql = "UPDATE users SET role = $1, name = $2, matric = $3, enabled = $4 WHERE id = $5";
    let update = sqlx::query(sql)
        .bind(after.role.name())
        .bind(&after.name)
        .bind(&after.matric)
        .bind(i64::from(after.enabled))
        .bind(after.id);
    update.execute(&mut *connection).await?;
    if let Some(hash) = &change.password_hash {
        let sql = "UPDATE users SET password_hash = $1 WHERE id = $2";
        sqlx::query(sql)
            .bind(hash)
            .bind(after.id)
            .execute(&mut *connection)
            .await?;
    }
    if change.password_hash.is_some() || !after.enabled {
        logins::end_all(&mut *connection, after.id).await?;
    }
    refuse_no_admin(connection).await?;
    Ok(after)
}

/// Removes a user, with logins and tokens.
pub(crate) async fn remove(
    connection: &mut AnyConnection,
    username: &str,
) -> Result<(), ChangeError> {
    lock_admins(&mut *connection).await?;
    let delete = sqlx::query("DELETE FROM users WHERE username = $1").bind(username);
    if delete.execute(&mut *connection).await?.rows_affected() == 0 {
        return Err(ChangeError::Unknown);
    }
    refuse_no_admin(connection).await
}

/// Lets two processes that each remove one of the last two admins do so one after the other.
async fn lock_admins(connection: &mut AnyConnection) -> Result<(), DatabaseError> {
    let lock = sqlx::query("UPDATE users SET enabled = enabled WHERE role = 'admin'");
    lock.execute(connection).await?;
    Ok(())
}

/// Refuses what was done where no admin can log in after it.
async fn refuse_no_admin(connection: &mut AnyConnection) -> Result<(), ChangeError> {
    let sql = "SELECT COUNT(*) FROM users WHERE role = 'admin' AND enabled = 1";
    let left: i64 = sqlx::query_scalar(sql).fetch_one(connection).await?;
    if left == 0 {
        Err(ChangeError::LastAdmin)
    } else {
        Ok(())
    }
}
