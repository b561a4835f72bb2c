//! Whether the server lives, and whether it can do its work.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::router::Routes;
use crate::problem::Problem;

/// The routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(alive))
        .routes(routes!(ready))
}

/// The process lives.
#[utoipa::path(get, path = "/healthz", tag = "server",
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn alive() -> &'static str {
    "alive\n"
}

/// The server does its work: its database answers.
#[utoipa::path(get, path = "/readyz", tag = "server",
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn ready(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    if app.database.is_ready().await {
        return Ok("ready\n");
    }
    Err(Problem::later(
        StatusCode::SERVICE_UNAVAILABLE,
        "the database is lost",
        1,
    ))
}
