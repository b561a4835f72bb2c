//! The heartbeat of devices, under its own path and under that of the server before.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::MethodRouter;
use landfall_protocol::path::{HEARTBEAT, HEARTBEAT_MAX, LEGACY_HEARTBEAT};
use utoipa_axum::routes;

use crate::app::App;
use crate::fleet::heartbeat::{self, Refusal};
use crate::http::body;
use crate::http::routes::Routes;

/// The routes of this file.
pub(crate) fn routes() -> Routes {
    let other = || MethodRouter::new().fallback(not_allowed);
    Routes::default()
        .routes(routes!(beat))
        .route(HEARTBEAT, other())
        .routes(routes!(legacy_beat))
        .route(LEGACY_HEARTBEAT, other())
}

/// A device says that it is there, and is told what to do. Its own key lets it in, as `Bearer` over
/// TLS or by sealing the body; answers and errors have a form of their own, which old firmware reads.
#[utoipa::path(post, path = "/api/v1/heartbeat", tag = "device",
    request_body(content = Object, content_type = "application/json"),
    responses((status = 200, body = Object), (status = 400, body = Object),
        (status = 401, body = Object), (status = 403, body = Object),
        (status = 413, body = Object), (status = 429, body = Object),
        (status = 503, body = Object)))]
async fn beat(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    take(HEARTBEAT, &app, from, request).await
}

/// The same for firmware of the server before.
#[utoipa::path(post, path = "/admin-panel/api/esp32/heartbeat/", tag = "device",
    request_body(content = Object, content_type = "application/json"),
    responses((status = 200, body = Object), (status = 400, body = Object),
        (status = 401, body = Object), (status = 403, body = Object),
        (status = 413, body = Object), (status = 429, body = Object),
        (status = 503, body = Object)))]
async fn legacy_beat(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    take(LEGACY_HEARTBEAT, &app, from, request).await
}

/// A heartbeat that was sent to that path.
pub(crate) async fn take(
    path: &'static str,
    app: &Arc<App>,
    from: SocketAddr,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = match body::read(Request::new(body), HEARTBEAT_MAX).await {
        Ok(body) => body,
        Err(problem) if problem.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return Refusal::TooLarge.into();
        }
        Err(_) => return Refusal::Json.into(),
    };
    let request = heartbeat::Request {
        path,
        headers: parts.headers,
        from,
        body,
    };
    heartbeat::answer(app, request).await
}

async fn not_allowed() -> Response {
    let mut response = heartbeat::error(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed");
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}
