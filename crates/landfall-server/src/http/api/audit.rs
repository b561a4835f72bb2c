//! The record of who did what.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::auth::Admin;
use crate::http::page::{List, Page, PageParams};
use crate::http::routes::Routes;
use crate::http::time::Time;
use crate::people::audit;
use crate::problem::Problem;

/// The routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::default().routes(routes!(list))
}

/// A deed.
#[derive(Serialize, ToSchema)]
struct Entry {
    /// Counts up.
    seq: i64,
    at: Time,
    /// The username; `landfall` for the server itself, empty for a stranger.
    actor: String,
    /// What was done: `user.created`, `login.refused`.
    action: String,
    /// To what.
    target: String,
    /// What else is worth knowing.
    detail: String,
}

/// What was done, the newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "people",
    params(PageParams), responses((status = 200, body = List<Entry>)))]
async fn list(
    State(app): State<Arc<App>>,
    _: Admin,
    page: Page,
) -> Result<Json<List<Entry>>, Problem> {
    let mut connection = app.database.read().await?;
    let rows = audit::list(&mut connection, page.after()?, page.rows()).await?;
    let item = |entry: audit::Entry| Entry {
        seq: entry.seq,
        at: Time(entry.at),
        actor: entry.actor,
        action: entry.action,
        target: entry.target,
        detail: entry.detail,
    };
    Ok(Json(page.list(rows, |entry| entry.seq, item)))
}
