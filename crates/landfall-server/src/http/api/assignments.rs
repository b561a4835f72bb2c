//! Who teaches what.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::fields::{self, CODE_MAX, TERM_MAX, TITLE_MAX};
use crate::app::App;
use crate::database::{DatabaseError, Tx};
use crate::http::auth::{Admin, Staff};
use crate::http::once::{Create, Created};
use crate::http::page::{List, Page, PageParams};
use crate::http::routes::Routes;
use crate::people::audit;
use crate::people::user::Role;
use crate::problem::Problem;
use crate::sessions::assignments::{self, Unknown};
use crate::sessions::courses::Offering;

/// The routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list, create))
        .routes(routes!(remove))
}

/// An assignment to be.
#[derive(Deserialize, ToSchema)]
struct NewAssignment {
    /// The username of a lecturer.
    lecturer: String,
    /// The code of a course.
    course: String,
    /// The academic session, `2024/2025`.
    #[schema(min_length = 1, max_length = 64)]
    session: String,
    #[schema(min_length = 1, max_length = 64)]
    semester: String,
}

/// A lecturer's course in a session and semester.
#[derive(Serialize, ToSchema)]
struct Assignment {
    id: i64,
    lecturer: String,
    course: String,
    session: String,
    semester: String,
}

impl From<assignments::Assignment> for Assignment {
    fn from(one: assignments::Assignment) -> Self {
        let Offering {
            course,
            session,
            semester,
        } = one.offering;
        Self {
            id: one.id,
            lecturer: one.lecturer,
            course,
            session,
            semester,
        }
    }
}

/// All assignments; a lecturer sees the own ones.
#[utoipa::path(get, path = "/api/v1/assignments", tag = "courses",
    params(PageParams), responses((status = 200, body = List<Assignment>)))]
async fn list(
    State(app): State<Arc<App>>,
    Staff(who): Staff,
    page: Page,
) -> Result<Json<List<Assignment>>, Problem> {
    let own = (who.user.role == Role::Lecturer).then_some(who.user.username.as_str());
    let after = page.after()?.unwrap_or(0);
    let mut connection = app.database.read().await?;
    let rows = assignments::list(&mut connection, own, after, page.rows()).await?;
    Ok(Json(page.list(rows, |one| one.id, Assignment::from)))
}

/// Assign a lecturer to a course.
#[utoipa::path(post, path = "/api/v1/assignments", tag = "courses",
    request_body = NewAssignment, responses((status = 201, body = Assignment), (status = 409)))]
async fn create(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Create { body, once }: Create<NewAssignment>,
) -> Result<Created, Problem> {
    let mut wrong = Vec::new();
    let lecturer = fields::text(&mut wrong, "lecturer", &body.lecturer, TITLE_MAX);
    let offering = Offering {
        course: fields::text(&mut wrong, "course", &body.course, CODE_MAX),
        session: fields::text(&mut wrong, "session", &body.session, TERM_MAX),
        semester: fields::text(&mut wrong, "semester", &body.semester, TERM_MAX),
    };
    fields::refuse(wrong)?;
    let now = app.clock().now_ms();
    let job = async move |mut tx: Tx| {
        if let Some(first) = once.first_answer(&mut tx, now).await? {
            return Ok(first);
        }
        let made = assignments::create(&mut tx, &lecturer, &offering).await;
        let made = made.map_err(taken)?;
        let made = made.map_err(|unknown| match unknown {
            Unknown::Lecturer => Problem::wrong("lecturer", "it is not a known lecturer"),
            Unknown::Course => Problem::wrong("course", "it is not a known course"),
        })?;
        let deed = (
            "assignment.created",
            made.lecturer.as_str(),
            &*told(&made.offering),
        );
        audit::note(&mut tx, now, &who.user.username, deed).await?;
        once.created(&mut tx, now, &Assignment::from(made)).await
    };
    app.database.write(job).await
}

/// Take an assignment away.
#[utoipa::path(delete, path = "/api/v1/assignments/{id}", tag = "courses",
    params(("id" = i64, Path)), responses((status = 204), (status = 404)))]
async fn remove(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Path(id): Path<i64>,
) -> Result<StatusCode, Problem> {
    let now = app.clock().now_ms();
    let job = async move |mut tx: Tx| {
        let removed = assignments::delete(&mut tx, id).await?;
        let removed = removed.ok_or_else(|| Problem::not_found("assignment"))?;
        let deed = (
            "assignment.removed",
            removed.lecturer.as_str(),
            &*told(&removed.offering),
        );
        audit::note(&mut tx, now, &who.user.username, deed).await?;
        Ok::<_, Problem>(StatusCode::NO_CONTENT)
    };
    app.database.write(job).await
}

fn taken(error: DatabaseError) -> Problem {
    if matches!(error, DatabaseError::Taken) {
        Problem::conflict("the lecturer is assigned to it already")
    } else {
        error.into()
    }
}

fn told(offering: &Offering) -> String {
    format!(
        "{}, {}, {}",
        offering.course, offering.session, offering.semester
    )
}
