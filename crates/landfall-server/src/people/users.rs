//! Users: the people who can log in.

use sqlx::AnyConnection;

use crate::database::DatabaseError;

/// What a user may do. A device is none of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Sessions of the courses assigned.
    Lecturer,
    /// The own attendance.
    Student,
}

impl Role {
    /// The word it is kept and shown by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Lecturer => "lecturer",
            Self::Student => "student",
        }
    }

    /// The role of that word.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Admin, Self::Lecturer, Self::Student]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// A user, without the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) username: String,
    pub(crate) role: Role,
    pub(crate) name: String,
    pub(crate) matric: Option<String>,
    pub(crate) enabled: bool,
    pub(crate) created_at: i64,
}

/// A row of the columns that [`COLUMNS`] names.
type Row = (i64, String, String, String, Option<String>, i64, i64);

/// What becomes a [`User`].
macro_rules! select_user {
    ($rest:literal) => {
        concat!(
            "SELECT u.id, u.username, u.role, u.name, u.matric, u.enabled, u.created_at \
             FROM users u ",
            $rest
        )
    };
}
pub(crate) use select_user;

impl User {
    /// The user of a row of [`select_user!`].
    pub(crate) fn from_row((id, username, role, name, matric, enabled, created_at): Row) -> Self {
        // A role that no program of ours wrote may do the least.
        let role = Role::of(&role).unwrap_or(Role::Student);
        Self {
            id,
            username,
            role,
            name,
            matric,
            enabled: enabled != 0,
            created_at,
        }
    }
}

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
