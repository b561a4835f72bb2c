//! Courses.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::fields::{self, CODE_MAX, TITLE_MAX};
use crate::app::App;
use crate::database::{DatabaseError, Tx};
use crate::http::auth::{Admin, Staff};
use crate::http::body::Body;
use crate::http::once::{Create, Created};
use crate::http::page::{List, Page, PageParams};
use crate::http::routes::Routes;
use crate::people::audit;
use crate::problem::Problem;
use crate::sessions::courses;

/// The routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list, create))
        .routes(routes!(change, remove))
}

/// A course.
#[derive(Serialize, Deserialize, ToSchema)]
struct Course {
    /// 1..=64 characters; no other course has it.
    #[schema(min_length = 1, max_length = 64)]
    code: String,
    /// 1..=128 characters.
    #[schema(min_length = 1, max_length = 128)]
    title: String,
}

/// What of a course changes.
#[derive(Deserialize, ToSchema)]
struct CourseChange {
    #[schema(min_length = 1, max_length = 64)]
    code: Option<String>,
    #[schema(min_length = 1, max_length = 128)]
    title: Option<String>,
}

impl From<courses::Course> for Course {
    fn from(course: courses::Course) -> Self {
        Self {
            code: course.code,
            title: course.title,
        }
    }
}

/// All courses.
#[utoipa::path(get, path = "/api/v1/courses", tag = "courses",
    params(PageParams), responses((status = 200, body = List<Course>)))]
async fn list(
    State(app): State<Arc<App>>,
    Staff(_who): Staff,
    page: Page,
) -> Result<Json<List<Course>>, Problem> {
    let after = page.after()?.unwrap_or(0);
    let rows = courses::list(&mut *app.database.read().await?, after, page.rows()).await?;
    Ok(Json(page.list(rows, |course| course.id, Course::from)))
}

/// Make a course.
#[utoipa::path(post, path = "/api/v1/courses", tag = "courses",
    request_body = Course, responses((status = 201, body = Course), (status = 409)))]
async fn create(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Create { body, once }: Create<Course>,
) -> Result<Created, Problem> {
    let mut wrong = Vec::new();
    let code = fields::text(&mut wrong, "code", &body.code, CODE_MAX);
    let title = fields::text(&mut wrong, "title", &body.title, TITLE_MAX);
    fields::refuse(wrong)?;
    let now = app.clock().now_ms();
    let job = async move |mut tx: Tx| {
        if let Some(first) = once.first_answer(&mut tx, now).await? {
            return Ok(first);
        }
        let course = courses::create(&mut tx, &code, &title)
            .await
            .map_err(taken)?;
        let deed = ("course.created", course.code.as_str(), "");
        audit::note(&mut tx, now, &who.user.username, deed).await?;
        once.created(&mut tx, now, &Course::from(course)).await
    };
    app.database.write(job).await
}

/// Give a course another code or title.
#[utoipa::path(patch, path = "/api/v1/courses/{code}", tag = "courses",
    params(("code" = String, Path)), request_body = CourseChange,
    responses((status = 200, body = Course), (status = 404), (status = 409)))]
async fn change(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Path(code): Path<String>,
    Body(body): Body<CourseChange>,
) -> Result<Json<Course>, Problem> {
    let mut wrong = Vec::new();
    let new_code = fields::optional(&mut wrong, "code", body.code.as_deref(), CODE_MAX);
    let title = fields::optional(&mut wrong, "title", body.title.as_deref(), TITLE_MAX);
    fields::refuse(wrong)?;
    let now = app.clock().now_ms();
    let job = async move |mut tx: Tx| {
        let found = courses::find(&mut tx, &code).await?;
        let mut course = found.ok_or_else(|| Problem::not_found("course"))?;
        course.code = new_code.unwrap_or(course.code);
        course.title = title.unwrap_or(course.title);
        courses::change(&mut tx, &course).await.map_err(taken)?;
        let deed = ("course.changed", code.as_str(), course.code.as_str());
        audit::note(&mut tx, now, &who.user.username, deed).await?;
        Ok::<_, Problem>(Json(Course::from(course)))
    };
    app.database.write(job).await
}

/// Remove a course that nothing holds on to: no assignment, enrolment or session.
#[utoipa::path(delete, path = "/api/v1/courses/{code}", tag = "courses",
    params(("code" = String, Path)),
    responses((status = 204), (status = 404), (status = 409)))]
async fn remove(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Path(code): Path<String>,
) -> Result<StatusCode, Problem> {
    let now = app.clock().now_ms();
    let job = async move |mut tx: Tx| {
        let found = courses::find(&mut tx, &code).await?;
        let course = found.ok_or_else(|| Problem::not_found("course"))?;
        courses::delete(&mut tx, course.id).await.map_err(held)?;
        let deed = ("course.removed", code.as_str(), "");
        audit::note(&mut tx, now, &who.user.username, deed).await?;
        Ok::<_, Problem>(StatusCode::NO_CONTENT)
    };
    app.database.write(job).await
}

fn taken(error: DatabaseError) -> Problem {
    if matches!(error, DatabaseError::Taken) {
        Problem::conflict("a course with this code is there already")
    } else {
        error.into()
    }
}

fn held(error: DatabaseError) -> Problem {
    if matches!(error, DatabaseError::Reference) {
        Problem::conflict("the course has assignments, enrolments or sessions")
    } else {
        error.into()
    }
}
