//! Every route, and what stands before them.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;

use super::{api, auth, openapi};
use crate::app::App;
use crate::problem::Problem;

/// Routes of an area, with their documentation.
pub(crate) type Routes = OpenApiRouter<Arc<App>>;

/// What people ask for, who have to be known: each handler's first parameter says in which role.
fn people() -> Routes {
    Routes::default()
        .merge(api::login::routes_of_known())
        .merge(api::tokens::routes())
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

/// The whole server.
pub(crate) fn router(app: Arc<App>) -> Router {
    let people = people().layer(middleware::from_fn_with_state(app.clone(), auth::require));
    let (router, document) = open().merge(devices()).merge(people).split_for_parts();
    router
        .merge(openapi::routes(document))
        .fallback(nothing)
        .layer(middleware::from_fn(refuse_nul))
        .layer(middleware::map_response(as_problem))
        .with_state(app)
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

/// Refuses U+0000 in path and query: nothing is called that, and PostgreSQL would stumble.
async fn refuse_nul(request: Request, next: Next) -> Response {
    if request.uri().path().contains("%00") {
        return Problem::not_found("path").into_response();
    }
    if request
        .uri()
        .query()
        .is_some_and(|query| query.contains("%00"))
    {
        return Problem::wrong("", "the query may not contain U+0000").into_response();
    }
    next.run(request).await
}

/// Makes refusals of the framework itself (a wrong method, a path that is not UTF-8) problems too;
/// their headers, `Allow` above all, stay.
async fn as_problem(response: Response) -> Response {
    let status = response.status();
    let has_form = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain"));
    if !(status.is_client_error() || status.is_server_error()) || has_form {
        return response;
    }
    let detail = match status {
        StatusCode::METHOD_NOT_ALLOWED => "the path does not take this method; `Allow` says which",
        StatusCode::BAD_REQUEST => "the path or its parameters cannot be read",
        _ => "the request cannot be answered",
    };
    let mut problem = Problem::new(status, detail).into_response();
    for (name, value) in response.headers() {
        if !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH) {
            problem.headers_mut().append(name, value.clone());
        }
    }
    problem
}
