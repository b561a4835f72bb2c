//! Who takes what, one by one and by whole files.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::app::App;
use crate::database::{DatabaseError, Tx};
use crate::http::auth::{Admin, Staff};
use crate::http::body;
use crate::http::once::{Create, Created};
use crate::http::page::{List, Page, PageParams};
use crate::http::params::Params;
use crate::http::routes::Routes;
use crate::people::audit;
use crate::people::user::Role;
use crate::problem::{self, FieldError, Problem, ProblemBody};
use crate::sessions::courses::{self, Offering};
use crate::sessions::enrolments::{self, Filter};
use crate::sessions::import::{self, Plan, Report};

/// The largest file of enrolments, in bytes.
const FILE_MAX: usize = 4 * 1024 * 1024;

/// The routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list, create))
        .routes(routes!(remove))
        .routes(routes!(import))
}

/// An enrolment to be.
#[derive(Deserialize, ToSchema)]
struct NewEnrolment {
    /// 5..=20 letters, digits, `/`, `.`, `_` or `-`; compared without case.
    #[schema(min_length = 5, max_length = 20, pattern = "^[A-Za-z0-9/._-]{5,20}$")]
    matric: String,
    #[schema(min_length = 1, max_length = 128)]
    name: String,
    /// The code of a course.
    #[schema(min_length = 1, max_length = 64)]
    course: String,
    #[schema(min_length = 1, max_length = 64)]
    session: String,
    #[schema(min_length = 1, max_length = 64)]
    semester: String,
}

/// A student in a course.
#[derive(Serialize, ToSchema)]
pub(super) struct Enrolment {
    id: i64,
    matric: String,
    name: String,
    course: String,
    session: String,
    semester: String,
}

impl From<enrolments::Enrolled> for Enrolment {
    fn from(one: enrolments::Enrolled) -> Self {
        let Offering {
            course,
            session,
            semester,
        } = one.offering;
        Self {
            id: one.id,
            matric: one.matric,
            name: one.name,
            course,
            session,
            semester,
        }
    }
}

/// Which enrolments are asked for; all that are given and not empty have to hold.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FilterParams {
    course: Option<String>,
    session: Option<String>,
    semester: Option<String>,
}

/// Enrolments; a lecturer sees those of assigned courses.
#[utoipa::path(get, path = "/api/v1/enrolments", tag = "courses",
    params(FilterParams, PageParams), responses((status = 200, body = List<Enrolment>)))]
async fn list(
    State(app): State<Arc<App>>,
    Staff(who): Staff,
    Params(params): Params<FilterParams>,
    page: Page,
) -> Result<Json<List<Enrolment>>, Problem> {
    let filter = Filter {
        course: params.course.filter(|course| !course.is_empty()),
        session: params.session.filter(|session| !session.is_empty()),
        semester: params.semester.filter(|semester| !semester.is_empty()),
        lecturer: (who.user.role == Role::Lecturer).then_some(who.user.username),
    };
    let after = page.after()?.unwrap_or(0);
    let mut connection = app.database.read().await?;
    let rows = enrolments::list(&mut connection, &filter, after, page.rows()).await?;
    Ok(Json(page.list(rows, |one| one.id, Enrolment::from)))
}

/// Enrol a student.
#[utoipa::path(post, path = "/api/v1/enrolments", tag = "courses",
    request_body = NewEnrolment, responses((status = 201, body = Enrolment), (status = 409)))]
async fn create(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Create { body, once }: Create<NewEnrolment>,
) -> Result<Created, Problem> {
    let fields = [
        &body.matric,
        &body.name,
        &body.course,
        &body.session,
        &body.semester,
    ];
    let parsed = import::parse_fields(fields.map(String::as_str));
    let enrolment = parsed.map_err(|errors| {
        let wrong = errors.into_iter();
        Problem::all_wrong(
            wrong
                .map(|(path, message)| FieldError {
                    path: path.to_owned(),
                    message,
                })
                .collect(),
        )
    })?;
    let now = app.clock().now_ms();
    let job = async move |mut tx: Tx| {
        if let Some(first) = once.first_answer(&mut tx, now).await? {
            return Ok(first);
        }
        let course = courses::find(&mut tx, &enrolment.offering.course).await?;
        let course = course.ok_or_else(|| Problem::wrong("course", "it is not a known course"))?;
        let made = enrolments::create(&mut tx, course.id, &enrolment).await;
        let made = made.map_err(taken)?;
        // Of the student nothing: an erased person is in no log.
        let deed = (
            "enrolment.created",
            &*made.id.to_string(),
            course.code.as_str(),
        );
        audit::note(&mut tx, now, &who.user.username, deed).await?;
        once.created(&mut tx, now, &Enrolment::from(made)).await
    };
    app.database.write(job).await
}

fn taken(error: DatabaseError) -> Problem {
    if matches!(error, DatabaseError::Taken) {
        Problem::conflict("the student is enrolled in it already")
    } else {
        error.into()
    }
}

/// Take an enrolment away. Marks stay.
#[utoipa::path(delete, path = "/api/v1/enrolments/{id}", tag = "courses",
    params(("id" = i64, Path)), responses((status = 204), (status = 404)))]
async fn remove(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Path(id): Path<i64>,
) -> Result<StatusCode, Problem> {
    let now = app.clock().now_ms();
    let job = async move |mut tx: Tx| {
        if !enrolments::delete(&mut tx, id).await? {
            return Err(Problem::not_found("enrolment"));
        }
        let deed = ("enrolment.removed", &*id.to_string(), "");
        audit::note(&mut tx, now, &who.user.username, deed).await?;
        Ok(StatusCode::NO_CONTENT)
    };
    app.database.write(job).await
}

/// How a file is taken.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportParams {
    /// Only look: nothing is added.
    #[serde(default)]
    #[param(default = false)]
    dry_run: bool,
}

/// What a file of enrolments came to.
#[derive(Serialize, ToSchema)]
struct Import {
    dry_run: bool,
    /// Rows below the header.
    rows: u64,
    /// Rows without a mistake.
    valid: u64,
    /// Rows that were added.
    imported: u64,
    /// Rows of students who are enrolled already.
    unchanged: u64,
    /// The first thousand mistakes.
    errors: Vec<ImportError>,
}

/// A mistake in a file of enrolments.
#[derive(Serialize, ToSchema)]
struct ImportError {
    /// From 1; the header is line 1.
    line: u64,
    /// The column's name; null where the mistake is about the line as a whole.
    #[schema(required)]
    column: Option<&'static str>,
    message: String,
}

/// A file with mistakes, refused: a problem that also is the report.
#[derive(Serialize, ToSchema)]
struct RefusedImport {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(flatten)]
    import: Import,
}

/// Why nothing of a file was taken.
#[derive(ToSchema)]
#[schema(as = ImportRefusal)]
#[serde(untagged)]
#[expect(dead_code, reason = "it names the two forms in the document")]
enum Refusal {
    /// A parameter is wrong.
    Problem(ProblemBody),
    /// The file has mistakes.
    Import(RefusedImport),
}

impl Import {
    fn new(report: Report, (dry_run, imported): (bool, u64)) -> Self {
        let error = |one: import::RowError| ImportError {
            line: one.line,
            column: one.column,
            message: one.message,
        };
        Self {
            dry_run,
            rows: report.rows,
            valid: report.valid,
            imported,
            unchanged: report.unchanged,
            errors: report.errors.into_iter().map(error).collect(),
        }
    }
}

/// Enrol a whole file of students, all or none: CSV with the header
/// `matric,name,course,session,semester`.
#[utoipa::path(post, path = "/api/v1/enrolments/import", tag = "courses",
    params(ImportParams), request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = Import),
        (status = 422, body = Refusal, content_type = "application/problem+json")))]
async fn import(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Params(params): Params<ImportParams>,
    request: Request,
) -> Result<Response, Problem> {
    let file = body::read(request, FILE_MAX).await?;
    let plan = import::plan(&app.database, file).await?;
    if params.dry_run || plan.report.error_count > 0 {
        return Ok(answer(plan.report, params.dry_run, 0));
    }
    // Apart from the request: its sender may go, the import goes on to its end.
    let taken = tokio::spawn(async move { take(&app, plan, &who.user.username).await });
    taken.await.map_err(|_| DatabaseError::Defect)?
}

/// Takes a file that has no mistake.
async fn take(app: &App, plan: Plan, by: &str) -> Result<Response, Problem> {
    let imported = import::take(&app.database, &plan).await?;
    if imported > 0 {
        let (now, by) = (app.clock().now_ms(), by.to_owned());
        let note = async move |mut tx: Tx| {
            let deed = ("enrolments.imported", "", &*format!("{imported} students"));
            audit::note(&mut tx, now, &by, deed).await
        };
        app.database.write(note).await?;
    }
    let imported = u64::try_from(imported).unwrap_or(u64::MAX);
    let mut report = plan.report;
    report.unchanged = report.valid.saturating_sub(imported);
    Ok(answer(report, false, imported))
}

/// The report; a refusal where the file was to be taken and has mistakes.
fn answer(report: Report, dry_run: bool, imported: u64) -> Response {
    let mistakes = report.error_count;
    let import = Import::new(report, (dry_run, imported));
    if mistakes == 0 || dry_run {
        return Json(import).into_response();
    }
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let refused = RefusedImport {
        kind: "about:blank",
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        detail: format!("nothing of the file was taken; mistakes in it: {mistakes}"),
        import,
    };
    let content_type = [(header::CONTENT_TYPE, problem::CONTENT_TYPE)];
    (status, content_type, Json(refused)).into_response()
}
