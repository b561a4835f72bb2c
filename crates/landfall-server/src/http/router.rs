//! Every route, and what stands before them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use landfall_protocol::path::HEARTBEAT;
use tower::ServiceExt;

use super::routes::Routes;
use super::{api, auth, openapi, pages, sse};
use crate::app::App;
use crate::problem::Problem;

/// What people ask for, who have to be known: each handler's first parameter says in which role.
fn people() -> Routes {
    Routes::default()
        .merge(api::login::routes_of_known())
        .merge(api::tokens::routes())
        .merge(api::users::routes())
        .merge(api::settings::routes())
        .merge(api::courses::routes())
        .merge(api::assignments::routes())
        .merge(api::enrolments::routes())
        .merge(api::sessions::routes())
        .merge(api::attendance::routes())
        .merge(api::audit::routes())
        .merge(api::devices::routes())
        .merge(api::claims::routes())
        .merge(api::config::routes())
        .merge(api::rollouts::routes())
        .merge(sse::routes())
}

/// What devices ask for. Cookies are not looked at.
fn devices() -> Routes {
    Routes::default()
        .merge(api::heartbeat::routes())
        .merge(api::enroll::routes())
}

/// What anyone may ask for.
fn open() -> Routes {
    Routes::default()
        .merge(api::health::routes())
        .merge(api::login::routes())
}

/// The whole server, as connections ask it.
#[derive(Debug)]
pub(crate) struct Face {
    app: Arc<App>,
    router: Router,
}

impl Face {
    /// The routes of that server.
    pub(crate) fn new(app: Arc<App>) -> Self {
        let router = router(app.clone());
        Self { app, router }
    }

    /// Answers a request.
    pub(crate) async fn answer(&self, from: SocketAddr, mut request: Request) -> Response {
        // Nearly all that is asked, and none of the layers has anything to say to it: it goes ahead
        // of them, and of the search for its route.
        if request.method() == Method::POST && request.uri().path() == HEARTBEAT {
            // On the heap: an idle connection keeps room for what stands here.
            return Box::pin(api::heartbeat::take(HEARTBEAT, &self.app, from, request)).await;
        }
        request.extensions_mut().insert(ConnectInfo(from));
        match self.router.clone().oneshot(request).await {
            Ok(response) => response,
        }
    }
}

fn router(app: Arc<App>) -> Router {
    let people = people().layer(middleware::from_fn_with_state(app.clone(), auth::require));
    let (watched, document) = open().merge(people).split_for_parts();
    let (devices, of_devices) = devices().split_for_parts();
    let document = document.merge_from(of_devices);
    let watch = middleware::from_fn_with_state(app.clone(), watch);
    let api = watched
        .merge(openapi::routes(&document))
        .layer(watch.clone())
        .merge(devices)
        .fallback(nothing)
        .layer(middleware::map_response(as_problem))
        .with_state(app.clone());
    pages::router(app.clone(), api.clone())
        .layer(watch)
        .layer(middleware::map_response(as_problem))
        .fallback_service(api)
        .layer(middleware::from_fn_with_state(app, refuse_nul))
}

/// Counts and logs what people ask. Heartbeats are too many for that; they are counted elsewhere.
async fn watch(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let (took, status) = (started.elapsed(), response.status().as_u16());
    let route = route.as_ref().map_or("", MatchedPath::as_str);
    let method = match method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE => method.as_str(),
        // What a stranger makes up is no label.
        _ => "other",
    };
    app.requests.count(method, route, status, took);
    tracing::info!(method, route, status, ms = took.as_millis(), "request");
    response
}

/// A path that is no route. Below `/api/v1` it is not told so to strangers.
async fn nothing(State(app): State<Arc<App>>, request: Request) -> Response {
    if is_api(request.uri().path()) {
        match auth::identify(&app, request.headers()).await {
            Ok(Some(_)) => {}
            Ok(None) => return Problem::unknown().into_response(),
            Err(problem) => return problem.into_response(),
        }
    }
    Problem::not_found("path").into_response()
}

fn is_api(path: &str) -> bool {
    path.strip_prefix("/api/v1")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Refuses U+0000 in a path: nothing is called that, and PostgreSQL would stumble.
async fn refuse_nul(app: State<Arc<App>>, request: Request, next: Next) -> Response {
    if request.uri().path().contains("%00") {
        return nothing(app, request).await;
    }
    next.run(request).await
}

/// Makes refusals of the framework itself (a wrong method, a path that cannot be read) problems too;
/// their headers, `Allow` above all, stay.
async fn as_problem(response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let has_form = kind.is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain"));
    if !(status.is_client_error() || status.is_server_error()) || has_form {
        return response;
    }
    let mut problem = match status {
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(
            status,
            "the path does not take this method; `Allow` says which",
        ),
        // A part of the path that is no number, or no UTF-8: nothing is called that.
        StatusCode::BAD_REQUEST => Problem::not_found("path"),
        _ => Problem::new(status, "the request cannot be answered"),
    }
    .into_response();
    for (name, value) in response.headers() {
        if !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH) {
            problem.headers_mut().append(name, value.clone());
        }
    }
    problem
}
