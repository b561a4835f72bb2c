//! The dashboard: pages made on the server, which keep themselves fresh by a small script.
//!
//! A page is a client of the API in the same process ([`api::Api`]): it asks as the person whose
//! cookie came with the request, so that who may see and do what is judged in one place, and a page
//! can show nothing that a program could not read. Forms work without the script; each carries the
//! token that its write needs.

mod api;
mod audit;
mod config;
mod courses;
mod devices;
mod forms;
mod login;
mod people;
mod rollouts;
mod sessions;
mod wire;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use self::api::Refused;
use crate::app::App;

/// What the pages stand on.
#[derive(Clone)]
pub(crate) struct Pages {
    /// The server.
    app: Arc<App>,
    /// The API's routes, to be asked in this process.
    api: Router,
}

/// Lets pages load what is ours, and nothing run that stands in them.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
    img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page with styles of its own and nothing else: no script, no request.
pub(crate) const STYLE_ONLY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'";

/// Every page. `api` answers below `/api`.
pub(crate) fn router(app: Arc<App>, api: Router) -> Router {
    let asset = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind)], text) })
    };
    Router::new()
        .merge(devices::routes())
        .merge(sessions::routes())
        .merge(courses::routes())
        .merge(people::routes())
        .merge(config::routes())
        .merge(rollouts::routes())
        .merge(audit::routes())
        .merge(login::routes())
        .route("/assets/style.css", asset("text/css; charset=utf-8", STYLE))
        .route(
            "/assets/script.js",
            asset("text/javascript; charset=utf-8", SCRIPT),
        )
        .with_state(Pages { app, api })
        .layer(axum::middleware::map_response(secure))
}

const STYLE: &str = include_str!("../../../assets/style.css");
const SCRIPT: &str = include_str!("../../../assets/script.js");

async fn secure(mut response: Response) -> Response {
    let fields = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fields {
        let value = HeaderValue::from_static(value);
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

/// Who looks at a page, and which.
#[derive(Clone, Debug)]
struct Who {
    username: String,
    role: String,
    /// What the forms carry.
    csrf: String,
    /// The path of the page.
    at: String,
}

impl Who {
    fn is_admin(&self) -> bool {
        self.role == "admin"
    }

    fn is_student(&self) -> bool {
        self.role == "student"
    }

    /// The pages of that role, with their names.
    fn pages(&self) -> &'static [(&'static str, &'static str)] {
        const ADMIN: &[(&str, &str)] = &[
            ("/", "Devices"),
            ("/sessions", "Sessions"),
            ("/courses", "Courses"),
            ("/people", "People"),
            ("/config/fleet", "Configuration"),
            ("/rollouts", "Roll-outs"),
            ("/audit", "Audit"),
        ];
        match self.role.as_str() {
            "admin" => ADMIN,
            "lecturer" => &ADMIN[..4],
            _ => &[("/", "Attendance")],
        }
    }

    /// Whether that page, or one below it, is looked at.
    fn is_at(&self, path: &&str) -> bool {
        match *path {
            "/" => self.at == "/" || self.at.starts_with("/devices"),
            path => self.at.starts_with(path),
        }
    }
}

/// Whether an admin looks: for the templates.
fn is_admin(who: &Option<Who>) -> bool {
    who.as_ref().is_some_and(Who::is_admin)
}

/// What a page says above everything else.
#[derive(Clone, Debug)]
enum Note {
    Done(String),
    Failed(String),
}

impl Note {
    fn of(refused: &Refused) -> Self {
        Self::Failed(refused.to_string())
    }

    fn text(&self) -> &str {
        let (Self::Done(text) | Self::Failed(text)) = self;
        text
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Done(_) => "good",
            Self::Failed(_) => "bad",
        }
    }

    fn role(&self) -> &'static str {
        match self {
            Self::Done(_) => "status",
            Self::Failed(_) => "alert",
        }
    }
}

/// A page that could not be shown.
#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    who: Option<Who>,
    note: Option<Note>,
    title: String,
    detail: String,
}

/// Why there is another answer than the page.
enum Elsewhere {
    /// Log in first, and come back.
    Login(String),
    /// The API refused.
    Refused(Box<(Option<Who>, Refused)>),
}

impl IntoResponse for Elsewhere {
    fn into_response(self) -> Response {
        match self {
            Self::Login(next) => {
                Redirect::to(&format!("/login?next={}", escape(&next))).into_response()
            }
            Self::Refused(told) => {
                let (who, refused) = *told;
                let page = ProblemPage {
                    who,
                    note: None,
                    title: refused
                        .status
                        .canonical_reason()
                        .unwrap_or("Refused")
                        .to_owned(),
                    detail: refused.to_string(),
                };
                (refused.status, show(&page)).into_response()
            }
        }
    }
}

impl Elsewhere {
    /// The API refused somebody who is known.
    fn refused(who: &Who, refused: Refused) -> Self {
        Self::Refused(Box::new((Some(who.clone()), refused)))
    }
}

/// The page, or what is shown in its place.
type Shown = Result<Response, Elsewhere>;

/// Renders a page.
fn show(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!("a page was not rendered: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// What stands for itself in a part of a path or query: RFC 3986's unreserved characters, and the slash
/// between parts.
const STANDS_FOR_ITSELF: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// A part of a path or query.
fn escape(text: &str) -> String {
    utf8_percent_encode(text, STANDS_FOR_ITSELF).to_string()
}
