//! The API's own description, `/api/openapi.json`.

use std::sync::Arc;

use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::OpenApi;

use crate::app::App;

/// The routes that serve the document.
pub(crate) fn routes(document: OpenApi) -> Router<Arc<App>> {
    let document = Arc::new(document);
    let serve = move || {
        let document = document.clone();
        async move { Json(document.as_ref()).into_response() }
    };
    Router::new().route("/api/openapi.json", get(serve))
}
