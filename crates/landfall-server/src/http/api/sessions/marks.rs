//! The marks of a session: its sheet, marks by hand, and files for spreadsheets.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::own;
use crate::app::App;
use crate::database::Tx;
use crate::http::api::fields;
use crate::http::auth::{Identity, Staff};
use crate::http::once::{Create, Created};
use crate::http::page::{List, Page, PageParams};
use crate::http::params::Params;
use crate::http::routes::Routes;
use crate::http::time::Time;
use crate::marks::entries::{Entry, Source, Status};
use crate::marks::export::{self, ExportError, ExportRow};
use crate::marks::manual::{self, ManualMark};
use crate::marks::matric::Matric;
use crate::marks::sheet::{self, Line, Said};
use crate::people::audit;
use crate::problem::{FieldError, Problem};

/// Most characters of a reason.
const REASON_MAX: usize = 500;

/// The routes of this file.
pub(super) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list, create))
        .routes(routes!(csv))
        .routes(routes!(xlsx))
}

/// What is said about a student.
#[derive(Serialize, ToSchema)]
struct Mark {
    matric: String,
    /// As in the roster.
    name: String,
    #[schema(value_type = String, pattern = "^(present|late|excused|absent)$")]
    status: &'static str,
    /// `device`, `manual`, or `derived` for an absence that nobody entered.
    #[schema(value_type = String, pattern = "^(device|manual|derived)$")]
    source: &'static str,
    /// Of a mark by hand.
    #[schema(required)]
    reason: Option<String>,
    #[schema(required)]
    marked_at: Option<Time>,
    /// The device that took it.
    #[schema(required)]
    hardware_id: Option<String>,
    /// The username of who entered it by hand.
    #[schema(required)]
    by: Option<String>,
    /// `shared_phone`, `clock`, `after_close`.
    #[schema(value_type = Vec<String>)]
    flags: Vec<&'static str>,
}

impl From<Line> for Mark {
    fn from(line: Line) -> Self {
        let mut mark = Self {
            status: line.status().name(),
            matric: line.matric,
            name: line.name,
            source: "derived",
            reason: None,
            marked_at: None,
            hardware_id: None,
            by: None,
            flags: Vec::new(),
        };
        if let Said::Entry(Entry {
            marked_at, source, ..
        }) = line.said
        {
            mark.marked_at = Some(Time(marked_at));
            match source {
                Source::Manual { by, reason } => {
                    (mark.source, mark.by, mark.reason) = ("manual", Some(by), Some(reason));
                }
                Source::Device {
                    hardware_id, flags, ..
                } => {
                    (mark.source, mark.hardware_id) = ("device", Some(hardware_id));
                    mark.flags = flags.into_iter().map(|flag| flag.name()).collect();
                }
            }
        }
        mark
    }
}

/// What of a sheet is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MarksParams {
    /// All entries, the newest first, instead of one a student.
    #[serde(default)]
    #[param(default = false)]
    history: bool,
}

/// The marks of a session, by matric number, one a student: the newest entry.
#[utoipa::path(get, path = "/api/v1/sessions/{id}/marks", tag = "sessions",
    params(("id" = i64, Path), MarksParams, PageParams),
    responses((status = 200, body = List<Mark>), (status = 404)))]
async fn list(
    State(app): State<Arc<App>>,
    Staff(who): Staff,
    Path(id): Path<i64>,
    Params(params): Params<MarksParams>,
    page: Page,
) -> Result<Json<List<Mark>>, Problem> {
    let mut connection = app.database.read().await?;
    let session = own(&mut connection, &who, id).await?;
    if params.history {
        let before = page.after()?.unwrap_or(i64::MAX);
        let rows = sheet::history(&mut connection, &session, (before, page.rows())).await?;
        return Ok(Json(page.list(rows, entry_id, Mark::from)));
    }
    let after: Option<String> = page.after()?;
    let rows = sheet::read(&mut connection, &session).await?.into_iter();
    let behind = |line: &Line| after.as_ref().is_none_or(|after| line.matric_key > *after);
    let rows = rows.filter(behind).collect();
    Ok(Json(page.list(
        rows,
        |line| line.matric_key.clone(),
        Mark::from,
    )))
}

fn entry_id(line: &Line) -> i64 {
    match &line.said {
        Said::Entry(entry) => entry.id,
        Said::Absent => 0,
    }
}

/// A mark by hand.
#[derive(Deserialize, ToSchema)]
struct NewMark {
    /// Of a student of the roster.
    #[schema(min_length = 5, max_length = 20, pattern = "^[A-Za-z0-9/._-]{5,20}$")]
    matric: String,
    #[schema(pattern = "^(present|late|excused|absent)$")]
    status: String,
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

impl NewMark {
    fn parse(&self, by: &str, at: i64) -> Result<ManualMark, Problem> {
        let mut wrong = Vec::new();
        let mut refuse = |path: &str, message: String| {
            wrong.push(FieldError {
                path: path.to_owned(),
                message,
            });
        };
        let matric = Matric::new(&self.matric);
        if let Err(error) = &matric {
            refuse("matric", error.to_string());
        }
        let status = Status::of(&self.status);
        if status.is_none() {
            refuse(
                "status",
                "it has to be present, late, excused or absent".to_owned(),
            );
        }
        let reason = fields::text(&mut wrong, "reason", &self.reason, REASON_MAX);
        match (matric, status) {
            (Ok(matric), Some(status)) if wrong.is_empty() => Ok(ManualMark {
                matric,
                status,
                reason,
                by: by.to_owned(),
                at,
            }),
            (Ok(_) | Err(_), Some(_) | None) => Err(Problem::all_wrong(wrong)),
        }
    }
}

/// Mark a student by hand. Older entries stay in the history.
#[utoipa::path(post, path = "/api/v1/sessions/{id}/marks", tag = "sessions",
    params(("id" = i64, Path)), request_body = NewMark,
    responses((status = 201, body = Mark), (status = 404)))]
async fn create(
    State(app): State<Arc<App>>,
    Staff(who): Staff,
    Path(id): Path<i64>,
    Create { body, once }: Create<NewMark>,
) -> Result<Created, Problem> {
    let now = app.clock().now_ms();
    let mark = body.parse(&who.user.username, now);
    let job = async move |mut tx: Tx| {
        let session = own(&mut tx, &who, id).await?;
        let mark = mark?;
        if let Some(first) = once.first_answer(&mut tx, now).await? {
            return Ok(first);
        }
        let entry = manual::enter(&mut tx, &session, mark).await?;
        let entry = entry.map_err(|manual::NotEnrolled| {
            Problem::wrong(
                "matric",
                "the student is not enrolled in the session's course",
            )
        })?;
        let name = manual::name_of(&mut tx, &session, &entry.matric_key).await?;
        // Of the student nothing: an erased person is in no log.
        let deed = ("mark.entered", &*id.to_string(), entry.status.name());
        audit::note(&mut tx, now, &who.user.username, deed).await?;
        let line = Line {
            matric: entry.matric.clone(),
            matric_key: entry.matric_key.clone(),
            name,
            said: Said::Entry(entry),
        };
        once.created(&mut tx, now, &Mark::from(line)).await
    };
    app.database.write(job).await
}

/// The marks as a CSV file.
#[utoipa::path(get, path = "/api/v1/sessions/{id}/marks.csv", tag = "sessions",
    params(("id" = i64, Path)),
    responses((status = 200, body = String, content_type = "text/csv"), (status = 404)))]
async fn csv(
    State(app): State<Arc<App>>,
    Staff(who): Staff,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    file(
        &app,
        &who,
        id,
        (export::csv, "text/csv; charset=utf-8", "csv"),
    )
    .await
}

/// The marks as an XLSX file.
#[utoipa::path(get, path = "/api/v1/sessions/{id}/marks.xlsx", tag = "sessions",
    params(("id" = i64, Path)),
    responses((status = 200, body = Vec<u8>, content_type = XLSX), (status = 404)))]
async fn xlsx(
    State(app): State<Arc<App>>,
    Staff(who): Staff,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    file(&app, &who, id, (export::xlsx, XLSX, "xlsx")).await
}

/// The registered type of XLSX.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Writes a file of marks.
type Write = fn(&[ExportRow], &TimeZone) -> Result<Vec<u8>, ExportError>;

async fn file(
    app: &App,
    who: &Identity,
    id: i64,
    (write, content_type, extension): (Write, &'static str, &str),
) -> Result<Response, Problem> {
    let mut connection = app.database.read().await?;
    let session = own(&mut connection, who, id).await?;
    let lines = sheet::read(&mut connection, &session).await?;
    drop(connection);
    let zone = TimeZone::get(&session.times.zone).unwrap_or(TimeZone::UTC);
    let rows: Vec<_> = lines.into_iter().map(Line::export).collect();
    // A sheet of thousands takes its time: not on a thread that answers others.
    let written = tokio::task::spawn_blocking(move || write(&rows, &zone)).await;
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "a file of marks was not written");
        let detail = "this is a defect of the server; its log says more";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    };
    let written = written.map_err(|error| failed(&error))?;
    let bytes = written.map_err(|error| failed(&error))?;
    let name = format!("attachment; filename=\"marks-{id}.{extension}\"");
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, bytes).into_response())
}
