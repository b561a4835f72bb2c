//! Sessions: what one would be, starting it, looking at it, ending it.

mod marks;
mod request;
mod view;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use sqlx::AnyConnection;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::app::App;
use crate::database::Tx;
use crate::fleet::batch;
use crate::http::auth::{Identity, Staff};
use crate::http::body::Body;
use crate::http::once::{Create, Created};
use crate::http::page::{List, Page, PageParams};
use crate::http::params::Params;
use crate::http::routes::Routes;
use crate::people::audit;
use crate::people::user::Role;
use crate::problem::Problem;
use crate::sessions::start::Refusal;
use crate::sessions::store::{self, Filter, Session};
use crate::sessions::{end, fleet, start};

/// The routes of this folder.
pub(crate) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list, create))
        .routes(routes!(preview))
        .routes(routes!(read))
        .routes(routes!(finish))
        .merge(marks::routes())
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let told = refusal.to_string();
        match refusal {
            Refusal::UnknownCourse => Self::wrong("course", told),
            Refusal::UnknownLecturer => Self::wrong("lecturer", told),
            Refusal::EndsInThePast => Self::wrong("ends_at", told),
            Refusal::NotAssigned => Self::forbidden(told),
            Refusal::Nobody(_) => Self::conflict(told),
            Refusal::Random(_) => {
                let status = axum::http::StatusCode::SERVICE_UNAVAILABLE;
                Self::later(status, told, 1)
            }
            Refusal::Database(error) => error.into(),
        }
    }
}

/// The session of that id, where it is for that person's eyes: a lecturer's own.
async fn own(connection: &mut AnyConnection, who: &Identity, id: i64) -> Result<Session, Problem> {
    let session = store::find(connection, id).await?;
    let session = session.ok_or_else(|| Problem::not_found("session"))?;
    if who.user.role == Role::Admin || session.lecturer == who.user.username {
        Ok(session)
    } else {
        Err(Problem::forbidden("the session is another lecturer's"))
    }
}

/// What a session would be, and which devices it would take. Nothing is changed.
#[utoipa::path(post, path = "/api/v1/sessions/preview", tag = "sessions",
    request_body = request::NewSession,
    responses((status = 200, body = view::Preview), (status = 409)))]
async fn preview(
    State(app): State<Arc<App>>,
    Staff(who): Staff,
    Body(body): Body<request::NewSession>,
) -> Result<Json<view::Preview>, Problem> {
    let wanted = body.parse(&who.user, app.settings().late_after_s)?;
    let mut connection = app.database.read().await?;
    let preview = start::preview(&mut connection, &wanted, &fleet::now(&app)).await?;
    Ok(Json(preview.into()))
}

/// Start a session: devices are picked, leased and configured.
#[utoipa::path(post, path = "/api/v1/sessions", tag = "sessions",
    request_body = request::NewSession,
    responses((status = 201, body = view::Session), (status = 409)))]
async fn create(
    State(app): State<Arc<App>>,
    Staff(who): Staff,
    Create { body, once }: Create<request::NewSession>,
) -> Result<Created, Problem> {
    let wanted = body.parse(&who.user, app.settings().late_after_s)?;
    // A server that is killed in the next second must not take the device it picked for gone.
    batch::flush(&app).await?;
    let (inside, now) = (app.clone(), app.clock().now_ms());
    let job = async move |mut tx: Tx| {
        if let Some(first) = once.first_answer(&mut tx, now).await? {
            return Ok(first);
        }
        let id = start::start(&mut tx, &wanted, &fleet::now(&inside)).await?;
        let deed = (
            "session.started",
            &*id.to_string(),
            wanted.offering.course.as_str(),
        );
        audit::note(&mut tx, now, &who.user.username, deed).await?;
        let session = store::find(&mut tx, id).await?;
        let session = session.ok_or_else(|| Problem::not_found("session"))?;
        let body = view::Session::read(&mut tx, &inside, session).await?;
        once.created(&mut tx, now, &body).await
    };
    app.database.write(job).await
}

/// Which sessions are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// Running ones or ended ones; absent or empty: all.
    #[param(value_type = Option<Running>, inline)]
    state: Option<String>,
}

impl ListParams {
    /// Whether they run; nothing for all.
    fn active(&self) -> Result<Option<bool>, Problem> {
        match self.state.as_deref() {
            None | Some("") => Ok(None),
            Some("active") => Ok(Some(true)),
            Some("ended") => Ok(Some(false)),
            Some(_) => Err(Problem::wrong("state", "it has to be active or ended")),
        }
    }
}

/// Whether a session runs.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "it names the two words in the document")]
enum Running {
    Active,
    Ended,
}

/// Sessions, the newest first; a lecturer sees the own ones.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "sessions",
    params(ListParams, PageParams), responses((status = 200, body = List<view::Session>)))]
async fn list(
    State(app): State<Arc<App>>,
    Staff(who): Staff,
    Params(params): Params<ListParams>,
    page: Page,
) -> Result<Json<List<view::Session>>, Problem> {
    let filter = Filter {
        active: params.active()?,
        lecturer: (who.user.role == Role::Lecturer).then_some(who.user.username),
    };
    let before = page.after()?.unwrap_or(i64::MAX);
    let mut connection = app.database.read().await?;
    let rows = store::list(&mut connection, &filter, before, page.rows()).await?;
    let List { items, next } = page.list(rows, |session| session.id, |session| session);
    let mut sessions = Vec::with_capacity(items.len());
    for session in items {
        sessions.push(view::Session::read(&mut connection, &app, session).await?);
    }
    Ok(Json(List {
        items: sessions,
        next,
    }))
}

/// A session, its counts live.
#[utoipa::path(get, path = "/api/v1/sessions/{id}", tag = "sessions",
    params(("id" = i64, Path)),
    responses((status = 200, body = view::Session), (status = 404)))]
async fn read(
    State(app): State<Arc<App>>,
    Staff(who): Staff,
    Path(id): Path<i64>,
) -> Result<Json<view::Session>, Problem> {
    let mut connection = app.database.read().await?;
    let session = own(&mut connection, &who, id).await?;
    Ok(Json(
        view::Session::read(&mut connection, &app, session).await?,
    ))
}

/// End a session; its devices go to standby. Ending it again changes nothing.
#[utoipa::path(post, path = "/api/v1/sessions/{id}/end", tag = "sessions",
    params(("id" = i64, Path)),
    responses((status = 200, body = view::Session), (status = 404)))]
async fn finish(
    State(app): State<Arc<App>>,
    Staff(who): Staff,
    Path(id): Path<i64>,
) -> Result<Json<view::Session>, Problem> {
    let (inside, now) = (app.clone(), app.clock().now_ms());
    let job = async move |mut tx: Tx| {
        let session = own(&mut tx, &who, id).await?;
        if end::end(&mut tx, id, now).await? {
            let course = session.offering.course.as_str();
            let deed = ("session.ended", &*id.to_string(), course);
            audit::note(&mut tx, now, &who.user.username, deed).await?;
        }
        let ended = own(&mut tx, &who, id).await?;
        Ok::<_, Problem>(Json(view::Session::read(&mut tx, &inside, ended).await?))
    };
    app.database.write(job).await
}
