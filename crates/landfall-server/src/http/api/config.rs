//! The layers of configuration: read, previewed, replaced, gone back to.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::app::App;
use crate::change::Change;
use crate::config::scopes::{self, Next, NotStored, Scope};
use crate::config::values::{self, Values};
use crate::database::Tx;

use crate::fleet::refresh::{affected, refresh, refresh_all};
use crate::http::auth::{Admin, Identity};
use crate::http::body::Body;
use crate::http::page::{List, Page, PageParams};
use crate::http::routes::Routes;
use crate::http::time::Time;
use crate::people::audit;
use crate::problem::{FieldError, Problem};

/// The routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(read, replace))
        .routes(routes!(preview))
        .routes(routes!(history))
        .routes(routes!(revert))
}

/// The values in force.
#[derive(Serialize, ToSchema)]
struct InForce {
    /// 0 before the first.
    revision: i64,
    /// Secrets as `********`.
    #[schema(value_type = Object)]
    values: Values,
}

/// Values that are proposed.
#[derive(Deserialize, ToSchema)]
struct Proposed {
    /// `********` stands for the secret that is stored.
    #[schema(value_type = Object)]
    values: Value,
}

/// Values that are to be in force.
#[derive(Deserialize, ToSchema)]
struct Replacement {
    /// They replace the scope's whole; `********` keeps the stored secret.
    #[schema(value_type = Object)]
    values: Value,
    /// The revision that they were made from.
    base_revision: i64,
}

/// What proposed values would do.
#[derive(Serialize, ToSchema)]
#[schema(as = ConfigPreview)]
struct Preview {
    changes: Vec<Difference>,
    /// The devices whose rendered configuration changes.
    devices: Vec<String>,
}

/// A value that would change; null where there is none.
#[derive(Serialize, ToSchema)]
struct Difference {
    path: String,
    from: Value,
    to: Value,
}

/// A revision that was made.
#[derive(Serialize, ToSchema)]
struct Made {
    revision: i64,
}

/// A revision.
#[derive(Serialize, ToSchema)]
struct Revision {
    revision: i64,
    #[schema(value_type = Object)]
    values: Values,
    by: String,
    at: Time,
}

/// To which revision to go back.
#[derive(Deserialize, ToSchema)]
struct Revert {
    revision: i64,
}

/// The scope that a path names, where it is there.
fn scope(app: &App, text: &str) -> Result<Scope, Problem> {
    let scope = Scope::parse(text).filter(|scope| match scope {
        Scope::Fleet => true,
        Scope::Device(hardware_id) => app.fleet.device(hardware_id).is_some(),
    });
    scope.ok_or_else(|| Problem::not_found("scope"))
}

fn all_wrong(wrong: Vec<values::Wrong>) -> Problem {
    let field = |one: values::Wrong| FieldError {
        path: one.path,
        message: one.message,
    };
    Problem::all_wrong(wrong.into_iter().map(field).collect())
}

impl From<NotStored> for Problem {
    fn from(why: NotStored) -> Self {
        match why {
            NotStored::Revision(now) => Self::conflict(format!(
                "revision {now} is in force by now; look at it first"
            )),
            NotStored::Wrong(wrong) => all_wrong(wrong),
            NotStored::Unknown => Self::wrong("revision", "there is no such revision"),
            NotStored::Database(error) => error.into(),
        }
    }
}

/// The values in force of `fleet` or of `device:<hardware_id>`.
#[utoipa::path(get, path = "/api/v1/config/{scope}", tag = "configuration",
    params(("scope" = String, Path)), responses((status = 200, body = InForce), (status = 404)))]
async fn read(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(name): Path<String>,
) -> Result<Json<InForce>, Problem> {
    let scope = scope(&app, &name)?;
    let mut connection = app.database.read().await?;
    let (revision, stored) = scopes::current(&mut connection, &scope.to_string()).await?;
    Ok(Json(InForce {
        revision,
        values: values::masked(&stored),
    }))
}

/// What values would change, and of which devices. Nothing is changed.
#[utoipa::path(post, path = "/api/v1/config/{scope}/preview", tag = "configuration",
    params(("scope" = String, Path)), request_body = Proposed,
    responses((status = 200, body = Preview), (status = 404)))]
async fn preview(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(name): Path<String>,
    Body(proposed): Body<Proposed>,
) -> Result<Json<Preview>, Problem> {
    let scope = scope(&app, &name)?;
    let mut connection = app.database.read().await?;
    let (_, stored) = scopes::current(&mut connection, &scope.to_string()).await?;
    drop(connection);
    let next = values::judge(scope.layer(), &proposed.values, &stored).map_err(all_wrong)?;
    let changes = scopes::differences(&stored, &next).into_iter();
    let devices = affected(&app.database, &scope, &next).await?;
    Ok(Json(Preview {
        changes: changes
            .map(|one| Difference {
                path: one.path,
                from: one.from,
                to: one.to,
            })
            .collect(),
        devices,
    }))
}

/// Replace the values of a scope whole.
#[utoipa::path(put, path = "/api/v1/config/{scope}", tag = "configuration",
    params(("scope" = String, Path)), request_body = Replacement,
    responses((status = 200, body = Made), (status = 404), (status = 409)))]
async fn replace(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Path(name): Path<String>,
    Body(replacement): Body<Replacement>,
) -> Result<Json<Made>, Problem> {
    let next = Next::Values {
        sent: replacement.values,
        base_revision: replacement.base_revision,
    };
    store(&app, &who, &name, next).await
}

/// The revisions of a scope, the newest first.
#[utoipa::path(get, path = "/api/v1/config/{scope}/history", tag = "configuration",
    params(("scope" = String, Path), PageParams),
    responses((status = 200, body = List<Revision>), (status = 404)))]
async fn history(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(name): Path<String>,
    page: Page,
) -> Result<Json<List<Revision>>, Problem> {
    let scope = scope(&app, &name)?;
    let before = page.after()?.unwrap_or(i64::MAX);
    let mut connection = app.database.read().await?;
    let rows = scopes::history(&mut connection, &scope, before, page.rows()).await?;
    let item = |row: scopes::Revision| Revision {
        revision: row.revision,
        values: row.values,
        by: row.by,
        at: Time(row.at),
    };
    Ok(Json(page.list(rows, |row| row.revision, item)))
}

/// Go back to the values of an older revision, as a new one.
#[utoipa::path(post, path = "/api/v1/config/{scope}/revert", tag = "configuration",
    params(("scope" = String, Path)), request_body = Revert,
    responses((status = 200, body = Made), (status = 404)))]
async fn revert(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Path(name): Path<String>,
    Body(revert): Body<Revert>,
) -> Result<Json<Made>, Problem> {
    store(&app, &who, &name, Next::Revision(revert.revision)).await
}

/// Stores a new revision, and renders the devices that it is for.
async fn store(
    app: &Arc<App>,
    who: &Identity,
    name: &str,
    next: Next,
) -> Result<Json<Made>, Problem> {
    let scope = scope(app, name)?;
    let (now, actor, of_fleet) = (
        app.clock().now_ms(),
        who.user.username.clone(),
        scope == Scope::Fleet,
    );
    let revision = app
        .database
        .write(async move |mut tx: Tx| {
            let revision = scopes::store(&mut tx, &scope, &next, (&actor, now)).await?;
            let deed = ("config.changed", scope.to_string(), revision.to_string());
            audit::note(&mut tx, now, &actor, (deed.0, &deed.1, &deed.2)).await?;
            match &scope {
                Scope::Fleet => tx.changed(Change::Config),
                Scope::Device(hardware_id) => refresh(&mut tx, hardware_id).await?,
            }
            Ok::<_, Problem>(revision)
        })
        .await?;
    if of_fleet {
        refresh_all(&app.database).await?;
    }
    Ok(Json(Made { revision }))
}
