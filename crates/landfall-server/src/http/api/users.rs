//! Users, for admins.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::auth::Admin;
use crate::http::body::{self, Body};
use crate::http::once::{Create, Created};
use crate::http::page::{List, Page, PageParams};
use crate::http::routes::Routes;
use crate::http::time::Time;
use crate::marks::matric::Matric;
use crate::people::audit;
use crate::people::passwords::{self, Password};
use crate::people::user::{self, Role};
use crate::people::users::{self, NewUser, UserChange};
use crate::problem::{FieldError, Problem};

/// The longest username and name, in characters.
const NAME_MAX: usize = 64;

/// The routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list, create))
        .routes(routes!(change, remove))
}

/// What a user may do.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RoleBody {
    /// Everything.
    Admin,
    /// Sessions of the courses assigned.
    Lecturer,
    /// The own attendance.
    Student,
}

impl From<RoleBody> for Role {
    fn from(role: RoleBody) -> Self {
        match role {
            RoleBody::Admin => Self::Admin,
            RoleBody::Lecturer => Self::Lecturer,
            RoleBody::Student => Self::Student,
        }
    }
}

impl From<Role> for RoleBody {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Lecturer => Self::Lecturer,
            Role::Student => Self::Student,
        }
    }
}

/// A user to be.
#[derive(Deserialize, ToSchema)]
struct UserToBe {
    /// 1..=64 characters, none of them a control character, no space at either end.
    #[schema(min_length = 1, max_length = 64)]
    username: String,
    role: RoleBody,
    /// 8..=256 bytes. Left out, one is made and stands in this answer alone.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Password>,
    #[schema(max_length = 64)]
    name: Option<String>,
    /// Ties the login to the roster.
    matric: Option<String>,
    /// Whether the user may log in; true where it is left out.
    enabled: Option<bool>,
}

/// What is to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
struct UserToChange {
    role: Option<RoleBody>,
    /// 8..=256 bytes. A new one ends the user's logins.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Password>,
    #[schema(max_length = 64)]
    name: Option<String>,
    /// Null unties the login from the roster.
    #[serde(default, deserialize_with = "body::some")]
    #[schema(value_type = Option<String>)]
    matric: Option<Option<String>>,
    enabled: Option<bool>,
}

/// A user.
#[derive(Serialize, ToSchema)]
struct User {
    username: String,
    role: RoleBody,
    name: String,
    #[schema(required)]
    matric: Option<String>,
    enabled: bool,
    created_at: Time,
}

/// A user that was made.
#[derive(Serialize, ToSchema)]
struct MadeUser {
    #[serde(flatten)]
    user: User,
    /// The password that was made, where none was sent. It is shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    password: Option<String>,
}

impl From<user::User> for User {
    fn from(user: user::User) -> Self {
        Self {
            username: user.username,
            role: user.role.into(),
            name: user.name,
            matric: user.matric,
            enabled: user.enabled,
            created_at: Time(user.created_at),
        }
    }
}

/// Users by name.
#[utoipa::path(get, path = "/api/v1/users", tag = "people",
    params(PageParams), responses((status = 200, body = List<User>)))]
async fn list(
    State(app): State<Arc<App>>,
    _: Admin,
    page: Page,
) -> Result<Json<List<User>>, Problem> {
    let mut connection = app.database.read().await?;
    let after: Option<String> = page.after()?;
    let rows = users::list(&mut connection, after.as_deref(), page.rows()).await?;
    Ok(Json(page.list(
        rows,
        |user| user.username.clone(),
        User::from,
    )))
}

/// Make a user.
#[utoipa::path(post, path = "/api/v1/users", tag = "people",
    request_body = UserToBe, responses((status = 201, body = MadeUser), (status = 409)))]
async fn create(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Create { body, once }: Create<UserToBe>,
) -> Result<Created, Problem> {
    let mut errors = Vec::new();
    check_username(&body.username, &mut errors);
    let matric = check_rest(
        &body.name,
        &body.password,
        body.matric.as_deref(),
        &mut errors,
    );
    if !errors.is_empty() {
        return Err(Problem::all_wrong(errors));
    }
    let made = body.password.is_none().then(passwords::make);
    let password = body
        .password
        .as_deref()
        .or(made.as_deref().map(String::as_str));
    let user = NewUser {
        password_hash: passwords::hash(password.unwrap_or_default()).await,
        username: body.username,
        role: body.role.into(),
        name: body.name.unwrap_or_default(),
        matric,
        enabled: body.enabled.unwrap_or(true),
    };
    let now = app.clock().now_ms();
    app.database
        .write(async move |mut tx| {
            if let Some(first) = once.first_answer(&mut tx, now).await? {
                return Ok(first);
            }
            let user = users::create(&mut tx, &user, now).await?;
            let deed = ("user.created", user.username.as_str(), user.role.name());
            audit::note(&mut tx, now, &who.user.username, deed).await?;
            let password = made.map(|made| made.to_string());
            let body = MadeUser {
                user: user.into(),
                password,
            };
            once.created_secret(&mut tx, now, &body).await
        })
        .await
}

/// Change a user.
#[utoipa::path(patch, path = "/api/v1/users/{username}", tag = "people",
    params(("username" = String, Path)), request_body = UserToChange,
    responses((status = 200, body = User), (status = 404), (status = 409)))]
async fn change(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Path(username): Path<String>,
    Body(body): Body<UserToChange>,
) -> Result<Json<User>, Problem> {
    let mut errors = Vec::new();
    let matric = body.matric.as_ref().and_then(Option::as_deref);
    let new_matric = check_rest(&body.name, &body.password, matric, &mut errors);
    if !errors.is_empty() {
        return Err(Problem::all_wrong(errors));
    }
    let password_hash = match &body.password {
        Some(password) => Some(passwords::hash(password).await),
        None => None,
    };
    let change = UserChange {
        role: body.role.map(Role::from),
        password_hash,
        name: body.name,
        matric: body.matric.map(|_| new_matric),
        enabled: body.enabled,
    };
    let now = app.clock().now_ms();
    let changed = app.database.write(async move |mut tx| {
        let user = users::change(&mut tx, &username, &change).await?;
        let deed = ("user.changed", user.username.as_str(), change.what());
        audit::note(&mut tx, now, &who.user.username, (deed.0, deed.1, &deed.2)).await?;
        Ok::<_, Problem>(user)
    });
    Ok(Json(changed.await?.into()))
}

/// Remove a user: logins and tokens end at once.
#[utoipa::path(delete, path = "/api/v1/users/{username}", tag = "people",
    params(("username" = String, Path)),
    responses((status = 204), (status = 404), (status = 409)))]
async fn remove(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Path(username): Path<String>,
) -> Result<StatusCode, Problem> {
    let now = app.clock().now_ms();
    app.database
        .write(async move |mut tx| {
            users::remove(&mut tx, &username).await?;
            let deed = ("user.removed", username.as_str(), "");
            audit::note(&mut tx, now, &who.user.username, deed).await?;
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}

fn check_username(username: &str, errors: &mut Vec<FieldError>) {
    let len = username.chars().count();
    let plain = username.trim() == username && !username.chars().any(char::is_control);
    if !(1..=NAME_MAX).contains(&len) || !plain {
        let message =
            format!("it has to be 1..={NAME_MAX} characters, without a space at either end");
        errors.push(FieldError {
            path: "username".to_owned(),
            message,
        });
    }
}

/// Checks what a new and a changed user have in common; the matric number, in its one form.
fn check_rest(
    name: &Option<String>,
    password: &Option<Password>,
    matric: Option<&str>,
    errors: &mut Vec<FieldError>,
) -> Option<String> {
    let mut wrong = |path: &str, message: String| {
        errors.push(FieldError {
            path: path.to_owned(),
            message,
        });
    };
    if name
        .as_deref()
        .is_some_and(|name| name.chars().count() > NAME_MAX)
    {
        wrong(
            "name",
            format!("it has to be at most {NAME_MAX} characters"),
        );
    }
    if let Some(password) = password
        && !passwords::LEN.contains(&password.len())
    {
        let (least, most) = (passwords::LEN.start(), passwords::LEN.end());
        wrong("password", format!("it has to be {least}..={most} bytes"));
    }
    match matric.map(Matric::new) {
        None => None,
        Some(Ok(matric)) => Some(matric.as_str().to_owned()),
        Some(Err(error)) => {
            wrong("matric", error.to_string());
            None
        }
    }
}

impl From<users::ChangeError> for Problem {
    fn from(error: users::ChangeError) -> Self {
        match error {
            users::ChangeError::Unknown => Self::not_found("user"),
            users::ChangeError::LastAdmin => {
                Self::conflict("this is the last enabled admin; make another one first")
            }
            users::ChangeError::Database(error) => error.into(),
        }
    }
}
