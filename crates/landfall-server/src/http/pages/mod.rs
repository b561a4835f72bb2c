//! Pages for browsers: who looks at them, and forms that only our own pages can send.
//!
//! A page's handler takes a [`Viewer`], which leads strangers to `/login`; a form's takes a
//! [`Form`] as its last parameter, and its page holds the field `csrf_token` of
//! [`Viewer::csrf_token`]. An error of a page is a [`Refusal`], which `?` makes of a `Problem`.

mod form;
mod login;
mod viewer;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};

pub(crate) use form::Form;
#[expect(unused_imports, reason = "for the dashboard's pages")]
pub(crate) use viewer::Viewer;

use crate::app::App;
use crate::problem::Problem;

/// A page with styles of its own and nothing else: no script, no request.
pub(crate) const STYLE_ONLY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'";

/// The routes of the pages.
pub(crate) fn routes() -> Router<Arc<App>> {
    login::routes().layer(middleware::map_response(guarded))
}

/// What holds for every page: no other site frames it, learns its address or guesses its type, and
/// no cache keeps it.
async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, STYLE_ONLY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Why a page is not shown: as a page.
#[derive(Debug)]
pub(crate) struct Refusal(Problem);

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'a> {
    title: &'a str,
    detail: &'a str,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let status = problem.status();
        let title = status.canonical_reason().unwrap_or("Refused");
        let page = show(&RefusalPage {
            title,
            detail: problem.detail(),
        });
        // The rest of its head is the problem's: `Retry-After`.
        let mut response = problem.into_response();
        *response.body_mut() = page.into_body();
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, html);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response
    }
}

/// Answers with a page.
pub(crate) fn show(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
